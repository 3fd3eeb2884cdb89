"""Takes in what MiniMax sent for a long text: a tar archive or bare sound, in any of its formats.

Sources: https://platform.minimax.io/docs/api-reference/speech-t2a-async-query
"""

from __future__ import annotations

import contextlib
import json
import math
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

import av
import numpy as np
import numpy.typing as npt

from apps.books.sound.pieces import Cue, Piece, Received, SoundError
from apps.books.sound.reading import Reader, Samples, hashes_of
from apps.books.sound.whole import is_cut_off

MOST_MEMBERS = 100
LARGEST_TEXT = 200 << 20  # bytes of a subtitle file; a million characters with every word's times take 40 MB
LONGEST_S = 48 * 3600  # seconds of sound in one result; a million characters take 17 hours
# How each format begins, and FFmpeg's name for it. Nothing else is tried: its probing opens far more than sound.
MAGIC = {b"ID3": "mp3", b"RIFF": "wav", b"RF64": "wav", b"fLaC": "flac", b"OggS": "ogg"}
RAW = {"pcm": "s16le", "pcmu_raw": "mulaw", "ulaw": "mulaw"}  # formats without a head: MiniMax's names, and a suffix


def take_in(
    path: Path, folder: Path, *, sample_rate: int | None = None, channels: int | None = None, format: str = ""
) -> Received:
    """Write the sound in `path` to `folder` as FLAC and read what came with it; blocks. Raises SoundError.

    sample_rate (Hz) and channels: what the book has; None: as they come. format: what MiniMax was asked for; it only
    matters for `pcm` and `pcmu_raw`, which do not say themselves what they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "sound.flac"
    if not _is_tar(path):
        with path.open("rb") as file:
            rate, count, samples = _decode_to(target, file, format, sample_rate, channels)
        return Received(target, rate, count, samples)
    subtitles: list[Cue] = []
    extra: dict[str, Any] = {}
    try:
        with tarfile.open(path, "r:") as archive:  # not compressed, so it holds no more than its own size
            members = _members(archive)
            texts = [member for member in members if not _is_sound(archive, member, format)]
            sounds = [member for member in members if member not in texts]
            if not sounds:
                raise SoundError("There is no sound in the archive that MiniMax sent.")
            for member in texts:
                found = _read_json(archive, member)
                if isinstance(found, list) and not subtitles:
                    subtitles = _cues(found)
                elif isinstance(found, dict):
                    extra |= found
            chosen = max(sounds, key=lambda member: member.size)
            suffix = PurePosixPath(chosen.name).suffix.lstrip(".").lower()
            given = format if format in RAW else suffix
            with _opened(archive, chosen) as file:
                rate, count, samples = _decode_to(target, file, given, sample_rate, channels, extra)
    except (tarfile.TarError, EOFError) as exc:
        raise SoundError("The archive that MiniMax sent is damaged.") from exc
    _check_length(samples / rate, extra)
    return Received(target, rate, count, samples, subtitles, extra)


def sha256_of(piece: Piece) -> str:
    """Hexadecimal SHA-256 of the piece's samples, 16 bit, little endian, channels in turn."""
    return hashes_of([piece])[0]


# --- the archive ------------------------------------------------------------------------------------------------------


def _is_tar(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(265)
    return head[257:262] == b"ustar"


def _members(archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """Ordinary files only. Names are never used as paths."""
    members = []
    for number, member in enumerate(archive):
        if number == MOST_MEMBERS:
            raise SoundError("There are too many files in the archive that MiniMax sent.")
        if member.isreg() and not member.issparse() and member.size:
            members.append(member)
    return members


@contextlib.contextmanager
def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[IO[bytes]]:
    file = archive.extractfile(member)
    if file is None:
        raise SoundError("The archive that MiniMax sent is damaged.")
    with file:
        yield file


def _is_sound(archive: tarfile.TarFile, member: tarfile.TarInfo, format: str) -> bool:
    with _opened(archive, member) as file:
        head = file.read(16)
    suffix = PurePosixPath(member.name).suffix.lstrip(".").lower()
    is_text = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{"))
    return suffix in RAW or (not is_text and _demuxer(head, format) is not None)


def _read_json(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    if member.size > LARGEST_TEXT:
        raise SoundError("A text file in the archive that MiniMax sent is too large.")
    with _opened(archive, member) as file:
        try:
            return json.loads(file.read().decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return None  # subtitles are an aid: the sound is what was paid for


def _cues(entries: Sequence[Any]) -> list[Cue]:
    """In the order of time. Entries without times are left out."""
    cues = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        start, end = _number(entry.get("time_begin")), _number(entry.get("time_end"))
        if start is None or end is None:
            continue
        begin, finish = _number(entry.get("text_begin")), _number(entry.get("text_end"))
        text = str(entry.get("text") or "").removeprefix("\ufeff")
        cues.append(
            Cue(text, start, end, None if begin is None else int(begin), None if finish is None else int(finish))
        )
    return sorted(cues, key=lambda cue: cue.start_ms)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _check_length(seconds: float, extra: dict[str, Any]) -> None:
    """A download that broke off decodes quite well, and half a chapter is not noticed for a long time."""
    said = _number(extra.get("audio_length"))  # ms
    if said and seconds * 1000 < 0.95 * said - 500:
        raise SoundError(f"The sound was cut off: {seconds:.0f} of {said / 1000:.0f} s arrived.")


# --- the sound --------------------------------------------------------------------------------------------------------


def _demuxer(head: bytes, format: str) -> str | None:
    found = next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)
    if found or format in RAW:  # raw sound may begin with any two bytes
        return found or RAW[format]
    is_mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2  # layer III
    return "mp3" if is_mpeg else None


def _decode_to(
    target: Path,
    file: IO[bytes],
    format: str,
    sample_rate: int | None,
    channels: int | None,
    extra: dict[str, Any] | None = None,
) -> tuple[int, int, int]:
    """Return (sample rate, channels, samples)."""
    demuxer = _demuxer(file.read(16), format)
    file.seek(0)
    if demuxer is None:
        raise SoundError("What MiniMax sent is not sound in any format that it offers.")
    if is_cut_off(file, demuxer):
        raise SoundError("The sound was cut off: not all of its last stretch arrived.")
    options = {}
    if demuxer in RAW.values():
        says = extra or {}
        raw_rate = int(_number(says.get("audio_sample_rate")) or sample_rate or 32_000)
        raw_channels = int(_number(says.get("audio_channel")) or channels or 1)
        options = {"sample_rate": str(raw_rate), "ch_layout": "stereo" if raw_channels == 2 else "mono"}
    try:
        with (
            av.open(file, format=demuxer, options=options) as given,
            av.open(str(target), "w", format="flac") as made,
        ):
            if not given.streams.audio:
                raise SoundError("There is no sound in what MiniMax sent.")
            return _transcode(given, made, sample_rate, channels)
    except (av.error.FFmpegError, EOFError) as exc:
        raise SoundError("The sound that MiniMax sent cannot be decoded.") from exc


def _transcode(given: Any, made: Any, sample_rate: int | None, channels: int | None) -> tuple[int, int, int]:
    stream = given.streams.audio[0]
    rate = sample_rate or stream.codec_context.sample_rate
    count = channels or min(2, stream.codec_context.layout.nb_channels)
    layout = "stereo" if count == 2 else "mono"
    out = made.add_stream("flac", rate=rate, layout=layout, options={"frame_size": "4608"})
    out.codec_context.format = "s16"
    made.start_encoding()
    resampler = av.AudioResampler(format="s16", layout=layout, rate=rate, frame_size=out.codec_context.frame_size or 0)
    samples = heard = faults = 0

    def write(pieces: Sequence[Any]) -> None:
        nonlocal samples
        for piece in pieces:
            piece.pts = samples
            samples += piece.samples
            made.mux(out.encode(piece))

    for packet in given.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            faults += 1
            continue
        for frame in frames:
            heard += frame.samples
            if heard > LONGEST_S * frame.sample_rate:
                raise SoundError("The sound is longer than any text could be.")
            frame.pts = None
            write(resampler.resample(frame))
    write(resampler.resample(None))
    made.mux(out.encode(None))
    if not samples:
        raise SoundError("Nothing in the sound that MiniMax sent can be decoded.")
    if faults > 1:  # one: the last packet was cut off, or what follows the sound is not sound
        raise SoundError("The sound that MiniMax sent is damaged.")
    if given.format.name == "flac" and stream.duration:  # its head counts the samples
        said = float(stream.duration * stream.time_base)
        if heard < said * stream.codec_context.sample_rate - 1:
            raise SoundError(f"The sound was cut off: {heard / stream.codec_context.sample_rate:.0f} of {said:.0f} s.")
    return rate, count, samples


# --- where sentences end ----------------------------------------------------------------------------------------------

HOP_S = 0.005  # seconds between two measurements of level
REACH_S = 0.5  # how far from the rough end a pause is looked for
LONGEST_COUNTED_S = 0.3  # a pause longer than this is not better
AWAY = 1.5  # seconds of pause that a second's distance outweighs: a comma has a pause, too
QUIETER_DB = 12.0  # a pause is at least so much quieter than what is loud around it
SILENT_DB = -66.0  # full scale; below this everything is silence
ROOM_DB = 6.0  # above the quietest moment is still the pause


def find_cuts(audio: Path, rough_ends_ms: Sequence[float]) -> list[int]:
    """The samples at which sentences are cut apart: in the middle of the pause nearest to each rough end.

    One rough end for each sentence, and one cut for each; the last cut is the end of the sound, whatever was said
    about it. Cuts rise. No cut is looked for beyond half the way to its neighbours.
    """
    if not rough_ends_ms:
        return []
    levels, rate, samples = _levels(audio)
    hop = max(1, round(rate * HOP_S))
    ends: list[float] = []
    for end in rough_ends_ms:  # in samples, and rising
        ends.append(min(max(end * rate / 1000, ends[-1] if ends else 0.0), float(samples)))
    cuts: list[int] = []
    for number, end in enumerate(ends[:-1]):
        before = (ends[number - 1] + end) / 2 if number else end / 2
        after = (ends[number + 1] + end) / 2
        lowest = max(before, end - REACH_S * rate, cuts[-1] + 1 if cuts else 1)
        highest = max(lowest, min(after, end + REACH_S * rate))
        place = _quietest(levels, end / hop, lowest / hop, highest / hop)
        cut = round(min(max(place * hop, lowest), highest))
        cuts.append(max(cut, cuts[-1] + 1 if cuts else 1))
    cuts.append(samples)
    for number in range(len(cuts) - 2, -1, -1):  # more sentences than sound: as well as can be
        cuts[number] = max(0, min(cuts[number], cuts[number + 1] - 1))
    return cuts


def _levels(audio: Path) -> tuple[npt.NDArray[np.float32], int, int]:
    """(level of each hop in dB of full scale, sample rate, samples). 17 hours are 12 million hops, 49 MB."""
    with Reader() as reader:
        reader.open(audio)
        hop = max(1, round(reader.sample_rate * HOP_S))
        kept: list[npt.NDArray[np.float32]] = []
        rest: Samples = np.empty((0, reader.channels), np.int16)
        samples = 0
        for block in reader.read_all():
            samples += len(block)
            block = np.concatenate((rest, block))
            whole = len(block) // hop * hop
            power = np.square(block[:whole], dtype=np.float32).mean(axis=1)
            kept.append(power.reshape(-1, hop).mean(axis=1))
            rest = block[whole:]
        power = np.concatenate([*kept, np.zeros(1, np.float32)])
        kept.clear()
        # A breath of 15 ms, so that the moment between two swings of a low voice is no pause.
        power = np.convolve(power, np.full(3, 1 / 3, np.float32), "same")
        power /= 32768**2
        power += 1e-10
        np.log10(power, out=power)
        power *= 10
        return power, reader.sample_rate, samples


def _quietest(levels: npt.NDArray[np.float32], aim: float, lowest: float, highest: float) -> float:
    """The hop, with its fraction, in whose middle to cut."""
    first, last = math.ceil(lowest), math.floor(highest)
    if last <= first:
        return min(max(aim, lowest), highest)
    window = levels[first:last]
    floor = float(window.min())
    around = levels[max(0, first - 200) : last + 200]
    loud = float(np.percentile(around, 90))
    border = max(SILENT_DB, min(floor + ROOM_DB, loud - QUIETER_DB))
    is_quiet = window <= border
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_quiet, [False])).astype(np.int8)))
    best, score = aim, -math.inf
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        length = (end - start) * HOP_S
        middle = first + (start + end) / 2
        nearest = min(max(aim, first + start), first + end)
        worth = min(length, LONGEST_COUNTED_S) - AWAY * abs(nearest - aim) * HOP_S
        if worth > score:
            best, score = middle, worth
    if score > -AWAY * REACH_S / 2:
        return best
    away = np.abs(np.arange(first, last) + 0.5 - aim) * HOP_S
    return first + float((window + 60 * away).argmin()) + 0.5  # no pause: the softest moment close by

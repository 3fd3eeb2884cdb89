"""Takes in what MiniMax sent for a long text: a tar archive or bare sound, in any of its formats.

Sources: https://platform.minimax.io/docs/api-reference/speech-t2a-async-query
"""

from __future__ import annotations

import contextlib
import json
import math
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias

import av
import numpy as np

from apps.books.sound.pieces import Cue, Received, SoundError
from apps.books.sound.reading import Samples
from apps.books.sound.whole import is_cut_off

Hear: TypeAlias = Callable[[Samples, int], None]

MOST_MEMBERS = 100
LARGEST_TEXT = 200 << 20  # bytes of a subtitle file; a million characters with every word's times take 40 MB
LONGEST_S = 48 * 3600  # seconds of sound in one result; a million characters take 17 hours
# How each format begins, and FFmpeg's name for it. Nothing else is tried: its probing opens far more than sound.
MAGIC = {b"ID3": "mp3", b"RIFF": "wav", b"RF64": "wav", b"fLaC": "flac", b"OggS": "ogg"}
RAW = {"pcm": "s16le", "pcmu_raw": "mulaw", "ulaw": "mulaw"}  # formats without a head: MiniMax's names, and a suffix


def take_in(
    path: Path,
    folder: Path,
    *,
    sample_rate: int | None = None,
    channels: int | None = None,
    format: str = "",
    hear: Hear = lambda block, rate: None,
) -> Received:
    """Write the sound in `path` to `folder` as FLAC and read what came with it; blocks. Raises SoundError.

    sample_rate (Hz) and channels: what the book has; None: as they come. format: what MiniMax was asked for; it only
    matters for `pcm` and `pcmu_raw`, which do not say themselves what they are. hear: told every block of what is
    written, with its rate, so that nobody has to decode it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "sound.flac"
    if not _is_tar(path):
        with path.open("rb") as file:
            rate, count, samples = _decode_to(target, file, format, sample_rate, channels, hear)
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
                rate, count, samples = _decode_to(target, file, given, sample_rate, channels, hear, extra)
    except (tarfile.TarError, EOFError) as exc:
        raise SoundError("The archive that MiniMax sent is damaged.") from exc
    _check_length(samples / rate, extra)
    return Received(target, rate, count, samples, subtitles, extra)


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
    hear: Hear,
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
            return _transcode(given, made, sample_rate, channels, hear)
    except (av.error.FFmpegError, EOFError) as exc:
        raise SoundError("The sound that MiniMax sent cannot be decoded.") from exc


def _transcode(
    given: Any, made: Any, sample_rate: int | None, channels: int | None, hear: Hear
) -> tuple[int, int, int]:
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
            hear(np.frombuffer(piece.planes[0], np.int16, piece.samples * count).reshape(-1, count), rate)

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

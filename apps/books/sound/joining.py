"""Joins pieces into one file: every sample in its place, no click where two pieces meet, one loudness for all of it."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.stream import Disposition
from PIL import Image

from apps.books.sound.loudness import Limiter, Meter, in_blocks, loudness_of
from apps.books.sound.pieces import Joined, Mark, Piece, Silence, SoundError
from apps.books.sound.reading import Reader, Samples
from apps.library.audio import Waveform

FADE_S = 0.004  # seconds, at each side of a join; a join within a pause needs no more
BLOCK = 1 << 14  # samples
MEASURING = 0.1  # of the time that encoding takes
COVER_SIDE = 1400  # pixels
MOST_PIXELS = 40_000_000  # of a cover


@dataclass(frozen=True)
class Container:
    """How one format is written. Muxer, codec and sample format are FFmpeg's names."""

    muxer: str
    codec: str
    samples: str
    options: Mapping[str, str]
    has_cover: bool = True
    rates: tuple[int, ...] = ()  # Hz; empty: any


MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
FORMATS = {
    "mp3": Container("mp3", "libmp3lame", "fltp", {"id3v2_version": "3"}, rates=MPEG_RATES),
    "flac": Container("flac", "flac", "s16", {}),
    # Beyond 4 GB a WAV file becomes RF64, which keeps the same name.
    "wav": Container("wav", "pcm_s16le", "s16", {"rf64": "auto"}, has_cover=False),
    # The brand tells players to remember the place; the index in front lets a browser start at once.
    "m4b": Container("mp4", "aac", "fltp", {"movflags": "+faststart", "brand": "M4B "}, rates=MPEG_RATES),
}


def join(
    pieces: Sequence[Piece | Silence],
    target: Path,
    *,
    format: str,
    bitrate: int = 64_000,
    loudness_lufs: float | None = None,
    marks: Sequence[Mark] = (),
    cover: bytes | None = None,
    tags: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Joined:
    """Write `pieces`, one after the other, to `target`; blocks. Raises SoundError.

    All pieces have one sample rate and one count of channels; the file has the same. format: a name in FORMATS.
    bitrate: bit/s, for mp3 and m4b. loudness_lufs: None leaves every sample as it is. cover: any picture that Pillow
    opens; it becomes a JPEG. tags: FFmpeg's names (title, artist, album, date, language …). progress: called with the
    percent, rising.

    The file that is decoded again has exactly `samples` samples, because what an encoder adds before and after is
    written down in its head and taken away again. M4B says so too; a decoder that looks only at the sound may add up
    to 1,023 silent samples at its very end.
    """
    wanted = FORMATS[format]
    samples = sum(piece.samples for piece in pieces)
    if not samples:
        raise SoundError("There is nothing to join.")
    with Reader() as reader:
        first = next((piece for piece in pieces if isinstance(piece, Piece)), None)
        if first is None:
            raise SoundError("There is only silence to join.")
        reader.open(first.path)
        rate, channels = reader.sample_rate, reader.channels
        if wanted.rates and rate not in wanted.rates:
            raise SoundError(f"{format} cannot hold {rate} samples a second.")
        tell = _Teller(progress, samples * (1 + (MEASURING if loudness_lufs is not None else 0)))
        blocks: Iterator[Any] = _joined(pieces, reader, rate, channels)
        if loudness_lufs is not None:
            found = loudness_of(tell.pass_on(blocks, MEASURING), rate, channels)
            blocks = _joined(pieces, reader, rate, channels)
            if found is not None:
                blocks = Limiter(10 ** ((loudness_lufs - found) / 20), rate, channels).run(blocks)
        gauge = Gauge(rate, channels)
        blocks = gauge.pass_on(tell.pass_on(blocks))
        written = _write(blocks, target, wanted, rate, channels, samples, bitrate, marks, cover, tags or {})
    if written != samples:
        raise SoundError(f"{written} of {samples} samples were written.")
    tell.done()
    return gauge.joined(samples, target.stat().st_size)


class Gauge:
    """Measures what is being written, so that nobody has to decode hours of sound to know what was encoded."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate, self._channels = rate, channels
        self._meter, self._waveform, self._loudest = Meter(rate, channels), Waveform(), 0.0
        self._kept: list[Samples] = []

    def pass_on(self, blocks: Iterator[Any]) -> Iterator[Any]:
        for block in blocks:
            yield block
            as_written = block if block.dtype == np.int16 else _as_int16(block)
            self._kept.append(as_written)
            if sum(map(len, self._kept)) >= self._rate:
                self._measure()
        self._measure()

    def _measure(self) -> None:
        if not self._kept:
            return
        block = np.concatenate(self._kept) if len(self._kept) > 1 else self._kept[0]
        self._kept = []
        levels = np.abs(block.astype(np.int32)).max(axis=1)
        self._loudest = max(self._loudest, float(levels.max(initial=0)))
        self._waveform.add(levels)
        self._meter.add(block)

    def joined(self, samples: int, size: int) -> Joined:
        loudness, loudest = self._meter.found(), self._loudest / 32768
        return Joined(
            samples,
            self._rate,
            size,
            channels=self._channels,
            loudness_lufs=None if loudness is None else round(loudness, 1),
            peak_dbfs=round(20 * math.log10(loudest), 1) if loudest else None,
            peaks=self._waveform.peaks(),
        )


class _Teller:
    def __init__(self, progress: Callable[[int], None] | None, whole: float) -> None:
        self._progress, self._whole, self._seen, self._said = progress, whole, 0.0, -1

    def pass_on(self, blocks: Iterator[Any], weight: float = 1) -> Iterator[Any]:
        for block in blocks:
            yield block
            self._seen += len(block) * weight
            self._say(min(99, int(100 * self._seen / self._whole)))

    def done(self) -> None:
        self._say(100)

    def _say(self, percent: int) -> None:
        if self._progress and percent > self._said:
            self._said = percent
            self._progress(percent)


def _joined(pieces: Sequence[Piece | Silence], reader: Reader, rate: int, channels: int) -> Iterator[Samples]:
    """Pieces that followed each other in their file are passed on as they are; at other joins both sides fade."""
    silence = np.zeros((BLOCK, channels), np.int16)
    heard = [piece for piece in pieces if piece.samples]
    meets = [_follows(one, other) for one, other in pairwise(heard)]
    for piece, is_led_to, is_led_on in zip(heard, [True, *meets], [*meets, True], strict=True):
        if isinstance(piece, Silence):
            for start in range(0, piece.samples, BLOCK):
                yield silence[: min(BLOCK, piece.samples - start)]
            continue
        reader.open(piece.path)
        if (reader.sample_rate, reader.channels) != (rate, channels):
            raise SoundError("The pieces differ in sample rate or channels.")
        fade = min(round(FADE_S * rate), piece.samples // 2)
        place = 0
        for block in reader.read(piece):
            if not is_led_to and place < fade:
                block = _faded(block, np.arange(place, place + len(block)), fade)
            if not is_led_on and place + len(block) > piece.samples - fade:
                block = _faded(block, piece.samples - 1 - np.arange(place, place + len(block)), fade)
            place += len(block)
            yield block


def _follows(one: Piece | Silence, other: Piece | Silence) -> bool:
    return isinstance(one, Piece) and isinstance(other, Piece) and one.path == other.path and one.end == other.start


def _faded(block: Samples, distance: npt.NDArray[np.int64], fade: int) -> Samples:
    """`distance`: of each sample from the join."""
    ramp = np.clip((distance + 0.5) / fade, 0, 1)
    gain = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return np.rint(block * gain[:, None]).astype(np.int16)


def _write(
    blocks: Iterator[Any],
    target: Path,
    wanted: Container,
    rate: int,
    channels: int,
    samples: int,
    bitrate: int,
    marks: Sequence[Mark],
    cover: bytes | None,
    tags: Mapping[str, str],
) -> int:
    options = dict(wanted.options) | ({"movie_timescale": str(rate)} if wanted.muxer == "mp4" else {})
    with av.open(str(target), "w", format=wanted.muxer, options=options) as made:
        layout = "stereo" if channels == 2 else "mono"
        out: Any = made.add_stream(wanted.codec, rate=rate, layout=layout)
        if wanted.rates:
            out.bit_rate = bitrate
        out.codec_context.format = wanted.samples
        made.metadata.update(tags)
        if wanted.muxer == "mp4":
            made.metadata["media_type"] = "2"  # an audiobook
        if wanted.muxer == "flac":
            made.metadata.update(_chapter_comments(marks, rate))
        else:
            made.set_chapters(_chapters(marks, rate, samples))
        jpeg = _as_jpeg(cover) if cover and wanted.has_cover else None
        picture = _add_cover(made, jpeg) if jpeg else None
        made.start_encoding()
        if picture is not None:
            made.mux(picture)
        return _encode(blocks, made, out, rate, channels)


def _encode(blocks: Iterator[Any], made: Any, out: Any, rate: int, channels: int) -> int:
    sample_format, layout = out.codec_context.format.name, out.codec_context.layout.name
    size = out.codec_context.frame_size or BLOCK
    base = Fraction(1, rate)
    written = 0
    for block in in_blocks(blocks, size):
        if sample_format == "fltp":
            if block.dtype != np.float32:
                block = block.astype(np.float32) * np.float32(1 / 32768)
            data = np.ascontiguousarray(block.T)
        else:
            if block.dtype != np.int16:
                block = _as_int16(block)
            data = np.ascontiguousarray(block).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(data, format=sample_format, layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, written, base
        written += len(block)
        made.mux(out.encode(frame))
    for packet in out.encode(None):
        if packet.pts is not None and packet.duration:  # the last frame of AAC is filled up; that is not to be heard
            ends = round(packet.pts * packet.time_base * rate) + round(packet.duration * packet.time_base * rate)
            if ends > written and out.codec_context.name == "aac":
                packet.duration = max(1, packet.duration - round((ends - written) / packet.time_base / rate))
        made.mux(packet)
    return written


def _as_int16(block: Any) -> Samples:
    return np.clip(np.rint(block * 32768), -32768, 32767).astype(np.int16)


def _chapters(marks: Sequence[Mark], rate: int, samples: int) -> list[Any]:
    starts = [*(mark.start_sample for mark in marks), samples]
    return [
        {
            "id": number,
            "start": round(start * 1000 / rate),
            "end": round(end * 1000 / rate),
            "time_base": Fraction(1, 1000),  # ms; finer ones are not kept by mp3
            "metadata": {"title": mark.title},
        }
        for number, (mark, (start, end)) in enumerate(zip(marks, pairwise(starts), strict=True))
    ]


def _chapter_comments(marks: Sequence[Mark], rate: int) -> dict[str, str]:
    """https://wiki.xiph.org/Chapter_Extension"""
    comments = {}
    for number, mark in enumerate(marks):
        ms = round(mark.start_sample * 1000 / rate)
        clock = f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
        comments[f"CHAPTER{number:03}"] = clock
        comments[f"CHAPTER{number:03}NAME"] = mark.title
    return comments


def _as_jpeg(picture: bytes) -> bytes | None:
    """As players know it. None if it cannot be opened: a book is not held up by its cover."""
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            opened.thumbnail((COVER_SIDE, COVER_SIDE))
            written = io.BytesIO()
            opened.convert("RGB").save(written, "JPEG", quality=90)
            return written.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _add_cover(made: Any, cover: bytes) -> Any:
    """Return the packet that holds the picture; it is written before any sound."""
    with av.open(io.BytesIO(cover), "r", format="jpeg_pipe") as given:
        stream = made.add_stream_from_template(given.streams.video[0])
        stream.disposition = Disposition.attached_pic
        packet = next(given.demux(video=0))
    packet.stream = stream
    return packet

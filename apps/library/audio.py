"""Opens sound: measures it, and writes it in other formats.

A program of its own (`python audio.py measure|convert`, JSON in, JSON out): decoders are native code that reads what
came over the network and takes memory, and neither may trouble the process that has work to do. FFmpeg and numpy are
imported by the child alone, so the web process and the worker stay small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

PEAKS = 800


# Sample rates (Hz) that MPEG audio knows.
MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class Format:
    """What a person can download. Muxer, codec and sample format are FFmpeg's names."""

    label: str
    suffix: str
    content_type: str
    muxer: str
    codec: str
    samples: str
    rates: tuple[int, ...] = ()  # Hz; empty: any
    bit_rate: int = 0  # bit/s for each channel; 0: lossless


FORMATS = {
    "mp3": Format("MP3", "mp3", "audio/mpeg", "mp3", "libmp3lame", "s16p", MPEG_RATES, 96_000),
    "wav": Format("WAV", "wav", "audio/wav", "wav", "pcm_s16le", "s16"),
    "flac": Format("FLAC", "flac", "audio/flac", "flac", "flac", "s16"),
    "opus": Format("Opus", "opus", "audio/ogg", "ogg", "libopus", "s16", (8000, 12000, 16000, 24000, 48000), 64_000),
    "m4a": Format("M4A", "m4a", "audio/mp4", "ipod", "aac", "fltp", MPEG_RATES, 96_000),
}


# Suffixes of files without a container, and FFmpeg's name for what is in them.
RAW = {".pcm": "s16le", ".ulaw": "mulaw"}


def is_raw(name: str) -> bool:
    return PurePath(name).suffix in RAW


@dataclass(frozen=True)
class RawSound:
    """Sound without a container says nothing about itself."""

    demuxer: str  # s16le or mulaw
    sample_rate: int
    channels: int


@dataclass
class Measurements:
    """What decoding a file from start to end showed."""

    duration_s: float = 0.0
    sample_rate: int = 0  # Hz
    channels: int = 0
    codec: str = ""
    container: str = ""
    bit_rate: int = 0  # bit/s over the whole file
    loudness_lufs: float | None = None  # integrated, EBU R 128; None: silent, or shorter than 0.4 s
    peak_dbfs: float | None = None  # loudest sample; None: silent
    faults: int = 0  # packets that could not be decoded
    peaks: list[int] = field(default_factory=list)  # up to 800, 0 to 100 of the loudest moment


class DamagedError(Exception):
    """The file holds no sound that can be decoded; the text says what the decoder said."""


def measure(path: Path, raw: RawSound | None = None, *, timeout_s: float = 600) -> Measurements:
    """Decode all of `path`; blocks. Raises DamagedError."""
    return Measurements(**_run("measure", {"path": str(path), "raw": raw and asdict(raw)}, timeout_s))


def convert(
    source: Path,
    target: Path,
    format: str,
    tags: Mapping[str, str],
    raw: RawSound | None = None,
    *,
    timeout_s: float = 600,
) -> None:
    """Write `source` as one of FORMATS, with `tags` (title, artist …) inside; blocks. Raises DamagedError."""
    order = {
        "path": str(source),
        "target": str(target),
        "format": format,
        "tags": dict(tags),
        "raw": raw and asdict(raw),
    }
    _run("convert", order, timeout_s)


def _run(act: str, order: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    try:
        return run_child(Path(__file__), act, order=order, timeout_s=timeout_s)
    except ChildError as exc:
        raise DamagedError(str(exc)) from exc


# --- in the child process ---------------------------------------------------------------------------------------------


class Waveform:
    """Loudest sample of each stretch. Too many stretches are joined in pairs, so an hour takes no more memory."""

    def __init__(self) -> None:
        self.levels: list[float] = []
        self.stretch = 64  # samples
        self.rest: Any = None

    def add(self, samples: Any) -> None:
        import numpy as np

        if self.rest is not None:
            samples = np.concatenate((self.rest, samples))
        whole = len(samples) // self.stretch * self.stretch
        self.rest = samples[whole:]
        self.levels += samples[:whole].reshape(-1, self.stretch).max(axis=1).tolist()
        while len(self.levels) >= 2 * PEAKS:
            if len(self.levels) % 2:
                odd = np.full(self.stretch, self.levels.pop(), samples.dtype)
                self.rest = np.concatenate((odd, self.rest))
            self.levels = [max(pair) for pair in zip(self.levels[::2], self.levels[1::2], strict=True)]
            self.stretch *= 2

    def peaks(self) -> list[int]:
        levels = self.levels + ([float(self.rest.max())] if self.rest is not None and len(self.rest) else [])
        loudest = max(levels, default=0)
        if not loudest:
            return [0] * min(len(levels), PEAKS)
        count = min(len(levels), PEAKS)
        edges = [round(place * len(levels) / count) for place in range(count + 1)]
        return [round(100 * max(levels[start:end]) / loudest) for start, end in pairwise(edges)]


def _open(path: str, raw: dict[str, Any] | None) -> Any:
    import av

    if raw is None:
        return av.open(path)
    options = {"sample_rate": str(raw["sample_rate"]), "ch_layout": "stereo" if raw["channels"] == 2 else "mono"}
    return av.open(path, format=raw["demuxer"], options=options)


def _decode(container: Any, stream: Any, found: Measurements) -> Any:
    """Yield frames; count packets that cannot be decoded. A last packet that was cut off is no fault."""
    import av

    is_cut = False
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            found.faults += is_cut
            is_cut = True
            continue
        if frames and is_cut:
            found.faults += 1
            is_cut = False
        yield from frames


def _measure(path: str, raw: dict[str, Any] | None) -> dict[str, Any]:
    import math

    import av
    import numpy as np

    found, waveform, samples_read, loudest, loudness = Measurements(), Waveform(), 0, 0.0, None
    with _open(path, raw) as container:
        if not container.streams.audio:
            raise DamagedError("there is no sound in it")
        stream = container.streams.audio[0]
        graph: Any = None
        resampler: Any = None
        for frame in _decode(container, stream, found):
            if graph is None:
                found.sample_rate, found.channels = frame.sample_rate, frame.layout.nb_channels
                resampler = av.AudioResampler(format="fltp", layout=frame.layout, rate=frame.sample_rate)
                graph = av.filter.Graph()
                source = graph.add_abuffer(
                    format="fltp", sample_rate=frame.sample_rate, layout=frame.layout.name, time_base=stream.time_base
                )
                meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
                source.link_to(meter)
                meter.link_to(sink)
                graph.configure()
            frame.pts = None
            for piece in resampler.resample(frame):
                samples = np.abs(piece.to_ndarray()).max(axis=0)
                samples_read += len(samples)
                loudest = max(loudest, float(samples.max(initial=0)))
                waveform.add(samples)
                piece.pts = None
                source.push(piece)
                while True:
                    try:
                        loudness = float(sink.pull().metadata.get("lavfi.r128.I", "nan"))
                    except (av.error.BlockingIOError, av.error.EOFError):
                        break
        if not samples_read:
            raise DamagedError("nothing in it could be decoded")
        found.codec, found.container = stream.codec_context.codec.canonical_name, container.format.name
    found.duration_s = round(samples_read / found.sample_rate, 4)
    found.bit_rate = round(Path(path).stat().st_size * 8 / found.duration_s)
    found.peak_dbfs = round(20 * math.log10(loudest), 1) if loudest else None
    # The meter says -70 when nothing was above its gate.
    found.loudness_lufs = round(loudness, 1) if loudness is not None and loudness > -69.9 else None
    found.peaks = waveform.peaks()
    return asdict(found)


def _convert(path: str, raw: dict[str, Any] | None, target: str, format: str, tags: dict[str, str]) -> dict[str, Any]:
    import av

    wanted = FORMATS[format]
    with _open(path, raw) as given, av.open(target, "w", format=wanted.muxer) as made:
        stream = given.streams.audio[0]
        layout = "stereo" if stream.codec_context.layout.nb_channels >= 2 else "mono"
        rate = _nearest_rate(stream.codec_context.sample_rate, wanted.rates)
        made.metadata.update(tags)
        out: Any = made.add_stream(wanted.codec, rate=rate, layout=layout)
        if wanted.bit_rate:
            out.bit_rate = wanted.bit_rate * (2 if layout == "stereo" else 1)
        out.metadata.update(tags if wanted.muxer == "ogg" else {})  # Ogg keeps its tags with the stream
        made.start_encoding()
        resampler = av.AudioResampler(
            format=wanted.samples, layout=layout, rate=rate, frame_size=out.codec_context.frame_size or 0
        )
        frames_written = 0
        for frame in _decode(given, stream, Measurements()):
            frame.pts = None
            for piece in resampler.resample(frame):
                frames_written += 1
                made.mux(out.encode(piece))
        for piece in resampler.resample(None):
            made.mux(out.encode(piece))
        made.mux(out.encode(None))
    if not frames_written:
        raise DamagedError("nothing in it could be decoded")
    return {}


def _nearest_rate(rate: int, possible: tuple[int, ...]) -> int:
    """The smallest that loses nothing, else the greatest."""
    return min(possible, key=lambda known: (known < rate, abs(known - rate))) if possible else rate


def main() -> None:
    order = json.load(sys.stdin)
    acts: dict[str, Callable[..., dict[str, Any]]] = {"measure": _measure, "convert": _convert}
    act = acts[sys.argv[1]]
    try:
        answer = act(**order)
    except DamagedError as exc:
        sys.exit(str(exc))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

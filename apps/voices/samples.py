"""Opens what somebody recorded or brought as a sample of a voice, measures it, trims and converts it.

A program of its own (`samples.py examine|prepare`, JSON in, JSON out) like `apps.library.audio`: decoders are native
code that reads whatever somebody sent. Nothing here talks to MiniMax, so nothing here is charged.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# What MiniMax takes: https://platform.minimax.io/docs/api-reference/voice-cloning-uploadcloneaudio
MOST_BYTES = 20_000_000
MOST_UPLOAD_BYTES = 200 << 20  # more is not opened; what is larger than MOST_BYTES is made smaller here
MOST_RATE = 48_000  # Hz
MPEG_RATES = (32_000, 44_100, 48_000)
MOST_OPENED_S = 900  # what is longer is not opened to its end: cut it first

SILENT_DBFS = -55.0  # the loudest sample of a silent recording
WANTED_LUFS = -19.0


class NoSampleError(Exception):
    """The file is not taken; `reason` is "type", "damaged", "empty", "cut", "endless" or "large"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Found:
    """What opening a file from start to end showed."""

    duration_s: float = 0.0
    sample_rate: int = 0  # Hz
    channels: int = 0
    codec: str = ""
    demuxer: str = ""
    size: int = 0  # bytes
    loudness_lufs: float | None = None  # integrated, EBU R 128; None: silent
    peak_dbfs: float | None = None  # None: silent
    clipped_share: float = 0.0  # of all samples
    noise_dbfs: float = -120.0  # the quiet tenth
    speech_dbfs: float = -120.0  # the loud tenth
    speech_share: float = 0.0  # of all 30 ms frames
    pauses_per_s: float = 0.0  # how often the level falls between syllables and words
    steadiness: float = 0.0  # share of the time that holds one pitch or chord: speech glides, music holds
    peaks: list[int] = field(default_factory=list)  # up to 400, 0 to 100

    @property
    def is_silent(self) -> bool:
        return self.peak_dbfs is None or self.peak_dbfs < SILENT_DBFS

    @property
    def is_music(self) -> bool:
        """Tones that are held, with no pauses between words."""
        return not self.is_silent and (self.steadiness > 0.6 or (self.steadiness > 0.15 and self.pauses_per_s < 0.4))


def examine(path: Path, *, timeout_s: float = 120) -> Found:
    """Open all of `path`, whatever its name says. Blocks. Raises NoSampleError."""
    if path.stat().st_size > MOST_UPLOAD_BYTES:
        raise NoSampleError("large")
    return Found(**_run("examine", {"path": str(path)}, timeout_s))


def prepare(
    source: Path,
    target: Path,
    *,
    start_s: float = 0,
    end_s: float | None = None,
    normalise: bool = False,
    timeout_s: float = 120,
) -> tuple[Path, Found]:
    """Write the stretch of `source` as one channel that MiniMax takes: WAV where that fits into 20 MB, else MP3.

    The file is `target` with the suffix that says which. Blocks. Raises NoSampleError.
    """
    order = {
        "path": str(source),
        "target": str(target),
        "start_s": start_s,
        "end_s": end_s,
        "normalise": normalise,
    }
    made = target.with_suffix(f".{_run('prepare', order, timeout_s)['suffix']}")
    return made, examine(made, timeout_s=timeout_s)


def _run(act: str, order: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    try:
        answer = run_child(Path(__file__), act, order=order, timeout_s=timeout_s)
    except ChildError as exc:
        raise NoSampleError("damaged") from exc
    if answer.get("reason"):
        raise NoSampleError(answer["reason"])
    return answer


# --- in the child process ---------------------------------------------------------------------------------------------

FRAME_S = 0.03
RATE = 16_000  # Hz, what is looked at
MOST_PEAKS = 400
FULL = 0.998  # of full scale; encoders round


class RefusedError(Exception):
    """As NoSampleError, on this side."""


def _demuxer_of(path: str) -> str:
    """The one demuxer for what the file begins with. None is guessed: some of FFmpeg's open other files."""
    with Path(path).open("rb") as file:
        head = file.read(16)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        claimed = int.from_bytes(head[4:8], "little")
        if (
            head[:4] == b"RIFF" and Path(path).stat().st_size + 4096 < claimed < 0xFFFF0000
        ):  # more: not known beforehand
            raise RefusedError("cut")
        return "wav"
    if head[4:8] == b"ftyp":
        return "mov"
    known = {b"ID3": "mp3", b"\x1aE\xdf\xa3": "matroska", b"OggS": "ogg", b"fLaC": "flac", b"caff": "caf"}
    for magic, demuxer in known.items():
        if head.startswith(magic):
            return demuxer
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return "aiff"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "mp3"
    raise RefusedError("type")


def _read(path: str, rate: int | None) -> tuple[Found, Any]:
    """Return what the file says of itself and its samples as one channel at `rate` (None: its own, up to 48 kHz)."""
    import av
    import numpy as np

    demuxer = _demuxer_of(path)
    found = Found(demuxer=demuxer, size=Path(path).stat().st_size)
    pieces: list[Any] = []
    count, full, loudest, faults = 0, 0, 0.0, 0
    try:
        with av.open(path, format=demuxer) as container:
            if not container.streams.audio:
                raise RefusedError("empty")
            stream = container.streams.audio[0]
            claimed = container.duration / av.time_base if container.duration else 0.0
            plain: Any = None
            single: Any = None
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    faults += 1
                    continue
                for frame in frames:
                    if plain is None:
                        found.sample_rate, found.channels = frame.sample_rate, frame.layout.nb_channels
                        rate = rate or min(found.sample_rate, MOST_RATE)
                        plain = av.AudioResampler(format="fltp", layout=frame.layout, rate=frame.sample_rate)
                        single = av.AudioResampler(format="flt", layout="mono", rate=rate)
                    frame.pts = None
                    for piece in plain.resample(frame):
                        samples = np.abs(piece.to_ndarray())
                        count += samples.shape[1]
                        full += int((samples >= FULL).any(axis=0).sum())
                        loudest = max(loudest, float(samples.max(initial=0)))
                    pieces += [piece.to_ndarray()[0] for piece in single.resample(frame)]
                    if count > MOST_OPENED_S * found.sample_rate:
                        raise RefusedError("endless")
            if single is not None:
                pieces += [piece.to_ndarray()[0] for piece in single.resample(None)]
            found.codec = stream.codec_context.codec.canonical_name
    except av.error.FFmpegError:
        raise RefusedError("damaged") from None
    if not count:
        raise RefusedError("damaged" if faults else "empty")
    found.duration_s = round(count / found.sample_rate, 3)
    if demuxer == "mov" and claimed > found.duration_s + 0.5:
        raise RefusedError("cut")
    if faults > 2:
        raise RefusedError("damaged")
    found.clipped_share = full / count
    found.peak_dbfs = _decibels(loudest) if loudest > 0 else None
    return found, np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _examine(path: str) -> dict[str, Any]:
    found, samples = _read(path, RATE)
    found.loudness_lufs = _loudness(samples, RATE)
    _look_for_speech(found, samples)
    found.peaks = _peaks(samples)
    return asdict(found)


def _loudness(samples: Any, rate: int) -> float | None:
    """EBU R 128, integrated. FFmpeg's meter says -70 where nothing was above its gate."""
    import av
    import numpy as np

    graph: Any = av.filter.Graph()
    source = graph.add_abuffer(format="flt", sample_rate=rate, layout="mono", time_base=f"1/{rate}")
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    loudness = None
    for start in range(0, len(samples), rate):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, start : start + rate]), "flt", "mono")
        frame.sample_rate = rate
        source.push(frame)
        while True:
            try:
                loudness = float(sink.pull().metadata.get("lavfi.r128.I", "nan"))
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    return round(loudness, 1) if loudness is not None and loudness > -69.9 else None


def _look_for_speech(found: Found, samples: Any) -> None:
    """Levels of the quiet and the loud tenth, and whether it goes up and down as speech does."""
    import numpy as np

    step = int(FRAME_S * RATE)
    frames = samples[: len(samples) // step * step].reshape(-1, step)
    if len(frames) < 10:
        return
    levels = 10 * np.log10(np.maximum((frames.astype(np.float64) ** 2).mean(axis=1), 1e-12))
    quiet, loud = np.percentile(levels, (10, 92))
    found.noise_dbfs, found.speech_dbfs = round(float(quiet), 1), round(float(loud), 1)
    loud_enough = levels > max(loud - 24, -60.0)
    found.speech_share = round(float(loud_enough.mean()), 3)
    # A pause: the level lies far below what was usual around it, for two frames at least.
    around = np.convolve(np.pad(levels, 16, mode="edge"), np.ones(33) / 33, mode="valid")
    low = levels < np.minimum(around, loud) - 6
    starts = (~low[:-2]) & low[1:-1] & low[2:]
    found.pauses_per_s = round(float(starts.sum()) / (len(levels) * FRAME_S), 2)
    found.steadiness = round(_steadiness(samples, loud_enough), 3)


def _steadiness(samples: Any, loud_enough: Any) -> float:
    """The share of the time in which the spectrum's peaks stay where they were 150 ms earlier."""
    import numpy as np

    size, hop = 2048, int(FRAME_S * RATE)
    count = min(len(loud_enough), (len(samples) - size) // hop)
    if count < 10:
        return 0.0
    window = np.hanning(size)
    held = total = 0
    before: list[Any] = []
    for place in range(count):
        spectrum = np.log1p(200 * np.abs(np.fft.rfft(samples[place * hop : place * hop + size] * window))[8:320])
        spectrum = spectrum - np.convolve(spectrum, np.ones(25) / 25, mode="same")  # the fine structure alone
        spectrum /= max(float(np.linalg.norm(spectrum)), 1e-9)
        if len(before) >= 5 and loud_enough[place]:
            total += 1
            held += float(spectrum @ before[-5]) > 0.75
        before.append(spectrum)
        del before[:-6]
    return held / total if total else 0.0


def _peaks(samples: Any) -> list[int]:
    import numpy as np

    loudest = float(np.abs(samples).max(initial=0))
    parts = np.array_split(np.abs(samples), min(MOST_PEAKS, max(len(samples), 1)))
    return [round(100 * float(part.max(initial=0)) / loudest) if loudest else 0 for part in parts]


def _prepare(path: str, target: str, start_s: float, end_s: float | None, normalise: bool) -> dict[str, Any]:
    import av
    import numpy as np

    found, samples = _read(path, None)
    rate = min(found.sample_rate, MOST_RATE)
    samples = samples[int(start_s * rate) : int(end_s * rate) if end_s else None]
    if not len(samples):
        raise RefusedError("empty")
    if normalise and (loudness := _loudness(samples, rate)) is not None:
        samples = _limit(samples * np.float32(10 ** ((WANTED_LUFS - loudness) / 20)))
    as_wav = len(samples) * 2 + 1000 < MOST_BYTES
    suffix, muxer, codec, kind = ("wav", "wav", "pcm_s16le", "s16") if as_wav else ("mp3", "mp3", "libmp3lame", "s16p")
    written_rate = rate if as_wav else min(MPEG_RATES, key=lambda known: abs(known - rate))
    with av.open(str(Path(target).with_suffix(f".{suffix}")), "w", format=muxer) as made:
        out: Any = made.add_stream(codec, rate=written_rate, layout="mono")
        if not as_wav:
            out.bit_rate = 192_000
        made.start_encoding()
        resampler = av.AudioResampler(
            format=kind, layout="mono", rate=written_rate, frame_size=out.codec_context.frame_size or 0
        )
        for start in range(0, len(samples), rate):
            block = np.ascontiguousarray(samples[None, start : start + rate])
            frame = av.AudioFrame.from_ndarray(block, "flt", "mono")
            frame.sample_rate = rate
            for piece in resampler.resample(frame):
                made.mux(out.encode(piece))
        for piece in resampler.resample(None):
            made.mux(out.encode(piece))
        made.mux(out.encode(None))
    return {"suffix": suffix}


def _limit(samples: Any) -> Any:
    """Bend what would be overdriven; below half of full scale nothing changes."""
    import numpy as np

    size = np.abs(samples)
    bent = 0.5 + 0.45 * np.tanh((size - 0.5) / 0.45)
    return np.where(size > 0.5, np.sign(samples) * bent, samples).astype(np.float32)


def _decibels(value: float) -> float:
    import math

    return round(20 * math.log10(value), 1)


def main() -> None:
    acts: dict[str, Callable[..., dict[str, Any]]] = {"examine": _examine, "prepare": _prepare}
    try:
        answer = acts[sys.argv[1]](**json.load(sys.stdin))
    except RefusedError as refused:
        answer = {"reason": str(refused)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

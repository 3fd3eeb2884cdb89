"""Sound for the tests: made here, so that every sample of it is known."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

RATE = 32_000


def tone(seconds: float, *, hertz: float = 220, level: float = 0.3, rate: int = RATE) -> npt.NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    return level * np.sin(2 * np.pi * hertz * time)


def babble(seconds: float, *, seed: int = 1, level: float = 0.2, rate: int = RATE) -> npt.NDArray[np.float64]:
    """Like speech to a meter: a buzz with harmonics and noise that opens and closes some five times a second."""
    chance = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(number * phase) / number for number in range(1, 12))
    mouth = 0.25 + 0.75 * np.abs(np.sin(2 * np.pi * 2.4 * time + seed))
    sound = (voice + 0.3 * chance.standard_normal(len(time))) * mouth
    edge = np.minimum(1, np.minimum(np.arange(len(time)), np.arange(len(time))[::-1]) / (0.01 * rate))
    return level * sound * edge / 2


@dataclass
class Speech:
    """Sentences with pauses between, and where each begins and ends."""

    sound: npt.NDArray[np.float64]
    spans: list[tuple[int, int]]  # samples


def speech(lengths: Sequence[float], *, pause: float = 0.35, room: float = 0.0005, rate: int = RATE) -> Speech:
    chance = np.random.default_rng(0)
    parts, spans, place = [], [], 0
    for number, seconds in enumerate(lengths):
        said = babble(seconds, seed=number, rate=rate)
        spans.append((place, place + len(said)))
        parts += [said, np.zeros(round(pause * rate))]
        place += len(said) + len(parts[-1])
    sound = np.concatenate(parts)
    return Speech(sound + room * chance.standard_normal(len(sound)), spans)


def to_16_bit(sound: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    columns = sound.reshape(-1, 1) if sound.ndim == 1 else sound
    return np.clip(np.rint(columns * 32767), -32768, 32767).astype(np.int16)


def write(path: Path, sound: npt.NDArray[Any], *, format: str = "flac", codec: str = "", rate: int = RATE) -> Path:
    """As an encoder of FFmpeg writes it."""
    samples = to_16_bit(sound)
    layout = "stereo" if samples.shape[1] == 2 else "mono"
    codec = codec or {"flac": "flac", "wav": "pcm_s16le", "mp3": "libmp3lame", "ogg": "libopus"}[format]
    with av.open(str(path), "w", format=format) as made:
        out: Any = made.add_stream(codec, rate=rate, layout=layout)
        made.start_encoding()
        resampler = av.AudioResampler(
            format=out.codec_context.format, layout=layout, rate=rate, frame_size=out.codec_context.frame_size or 0
        )
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            made.mux(out.encode(piece))
        made.mux(out.encode(None))
    return path


def decoded(path: Path) -> npt.NDArray[np.float64]:
    """All of it, full scale is 1; one column for each channel."""
    blocks = []
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.sample_rate)
        for frame in file.decode(stream):
            frame.pts = None
            blocks += [piece.to_ndarray().T for piece in resampler.resample(frame)]
    return np.concatenate(blocks).astype(np.float64)


def cues_of(spans: Sequence[tuple[int, int]], texts: Sequence[str], rate: int = RATE) -> Iterator[dict[str, Any]]:
    place = 0
    for (start, end), text in zip(spans, texts, strict=True):
        yield {
            "text": text,
            "pronounce_text": text,
            "time_begin": start * 1000 / rate,
            "time_end": end * 1000 / rate,
            "text_begin": place,
            "text_end": place + len(text),
            "timestamped_words": None,
        }
        place += len(text) + 1


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def as_json(value: Any) -> bytes:
    return b"\xef\xbb\xbf" + json.dumps(value, ensure_ascii=False).encode()

"""Real sound files for the tests, written by the encoders that the studio uses."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np


def write_tone(path: Path, seconds: float, *, rate: int = 32_000, hertz: float = 440, level: float = 0.5) -> Path:
    """A WAV file: a tone that swells and ebbs twice a second."""
    time = np.arange(round(seconds * rate)) / rate
    samples = np.sin(2 * np.pi * hertz * time) * level * (0.15 + 0.85 * np.abs(np.sin(2 * np.pi * time)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
    return path


def decoded_seconds(data: bytes, tmp_path: Path) -> float:
    """How long `data` sounds when all of it is decoded."""
    import av

    path = tmp_path / "decoded"
    path.write_bytes(data)
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        return sum(frame.samples for frame in file.decode(stream)) / stream.codec_context.sample_rate

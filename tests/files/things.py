"""Files to bring: sounds, archives, and what only calls itself one."""

from __future__ import annotations

import io
import struct
import wave
import zipfile

import numpy as np


def wav(seconds: float = 12, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(5).standard_normal(int(rate * seconds)) * 4000
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(noise.astype("<i2").tobytes())
    return file.getvalue()


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, "Once upon a time.")
    return file.getvalue()


def program() -> bytes:
    return b"MZ" + struct.pack("<64I", *range(64)) + bytes(range(256)) * 8

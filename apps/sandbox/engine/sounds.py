"""The sounds a speaker makes between words, made of noise and a buzzing throat, one for each tag."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]
RATE = 22050


class _Throat:
    def __init__(self, f0: float, tract: float, seed: int) -> None:
        self.f0, self.tract = f0, tract / 100
        self.dice = np.random.default_rng(seed)

    def breath(self, seconds: float, low: float, high: float, shape: str = "swell") -> Wave:
        """Noise between two frequencies."""
        count = int(seconds * RATE)
        spectrum = np.fft.rfft(self.dice.standard_normal(count))
        hertz = np.fft.rfftfreq(count, 1 / RATE)
        band = 1 / (1 + (low * self.tract / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / (high * self.tract)) ** 4)
        noise = np.fft.irfft(spectrum * band, count)
        return (noise / (np.abs(noise).max() + 1e-9) * _shape(shape, count)).astype(np.float32)

    def voice(self, seconds: float, start: float, end: float, shape: str = "swell", rough: float = 0.0) -> Wave:
        """A hum that glides from `start` to `end` (times the speaker's pitch)."""
        count = int(seconds * RATE)
        glide = np.linspace(start, end, count) * self.f0
        if rough:
            glide = glide * (
                1
                + rough
                * np.interp(
                    np.arange(count),
                    np.arange(0, count + 200, 200),
                    self.dice.standard_normal(count // 200 + 2)[: len(np.arange(0, count + 200, 200))],
                )
            )
        phase = 2 * np.pi * np.cumsum(glide) / RATE
        wave = sum(np.sin(phase * harmonic) / harmonic**1.3 for harmonic in range(1, 14))
        return (wave / np.abs(wave).max() * _shape(shape, count)).astype(np.float32)


def _shape(name: str, count: int) -> NDArray[np.float64]:
    place = np.linspace(0, 1, count)
    if name == "burst":
        return np.minimum(1, place * 40) * np.exp(-5 * place)
    if name == "rise":
        return place**1.5 * np.minimum(1, (1 - place) * 20)
    if name == "fall":
        return (1 - place) ** 1.5 * np.minimum(1, place * 20)
    return np.sin(np.pi * place) ** 0.8


def _rest(seconds: float) -> Wave:
    return np.zeros(int(seconds * RATE), np.float32)


def _mix(*waves: Wave) -> Wave:
    out = np.zeros(max(len(wave) for wave in waves), np.float32)
    for wave in waves:
        out[: len(wave)] += wave
    return out


def _laugh(throat: _Throat, count: int, strength: float) -> Wave:
    parts: list[Wave] = []
    for number in range(count):
        height = 1.5 - 0.08 * number
        ha = _mix(throat.breath(0.13, 500, 3500, "burst") * 0.5, throat.voice(0.13, height, height * 0.85, "burst"))
        parts += [ha * strength * (1 - 0.08 * number), _rest(0.06)]
    return np.concatenate(parts)


def _cough(throat: _Throat) -> Wave:
    return _mix(throat.breath(0.22, 300, 4200, "burst"), throat.voice(0.16, 0.9, 0.6, "burst", 0.2) * 0.5)


def _clap(throat: _Throat) -> Wave:
    out = np.zeros(int(1.4 * RATE), np.float32)
    for _ in range(60):
        clap = throat.breath(0.03, 900, 3500, "burst") * float(throat.dice.uniform(0.2, 0.6))
        place = int(throat.dice.uniform(0, len(out) - len(clap)))
        out[place : place + len(clap)] += clap
    return out * _shape("swell", len(out)).astype(np.float32)


SOUNDS: dict[str, Callable[[_Throat], Wave]] = {
    "laughs": lambda throat: _laugh(throat, 5, 1.0),
    "chuckle": lambda throat: _laugh(throat, 3, 0.55),
    "coughs": lambda throat: np.concatenate([_cough(throat), _rest(0.12), _cough(throat) * 0.8]),
    "clear-throat": lambda throat: np.concatenate(
        [
            throat.voice(0.28, 0.7, 0.6, "swell", 0.25) * 0.7,
            _rest(0.05),
            _mix(throat.voice(0.2, 0.75, 0.6, "burst", 0.25), throat.breath(0.2, 200, 1500, "burst") * 0.6),
        ]
    ),
    "groans": lambda throat: throat.voice(0.9, 0.85, 0.6, "swell", 0.06) * 0.8,
    "breath": lambda throat: np.concatenate(
        [throat.breath(0.35, 600, 4500) * 0.35, _rest(0.06), throat.breath(0.4, 300, 2500) * 0.3]
    ),
    "pant": lambda throat: np.concatenate(
        [
            part
            for _ in range(4)
            for part in (throat.breath(0.16, 500, 4500) * 0.4, throat.breath(0.14, 300, 2200) * 0.35)
        ]
    ),
    "inhale": lambda throat: throat.breath(0.55, 900, 5500, "rise") * 0.4,
    "exhale": lambda throat: throat.breath(0.65, 250, 2200, "fall") * 0.4,
    "gasps": lambda throat: _mix(
        throat.breath(0.3, 900, 6000, "rise") * 0.7, throat.voice(0.3, 1.2, 1.7, "rise") * 0.25
    ),
    "sniffs": lambda throat: np.concatenate(
        [throat.breath(0.13, 1500, 6500, "rise") * 0.6, _rest(0.09), throat.breath(0.16, 1500, 6500, "rise") * 0.6]
    ),
    "sighs": lambda throat: _mix(
        throat.breath(0.9, 250, 2400, "fall") * 0.5, throat.voice(0.7, 1.05, 0.7, "fall") * 0.22
    ),
    "snorts": lambda throat: _mix(
        throat.breath(0.3, 150, 1800, "burst"), throat.voice(0.3, 0.4, 0.35, "burst", 0.3) * 0.6
    ),
    "burps": lambda throat: throat.voice(0.45, 0.5, 0.38, "swell", 0.3),
    "lip-smacking": lambda throat: np.concatenate(
        [throat.breath(0.03, 1500, 5000, "burst") * 0.8, _rest(0.12), throat.breath(0.03, 1800, 5500, "burst") * 0.7]
    ),
    "humming": lambda throat: np.concatenate([throat.voice(0.32, step, step) * 0.45 for step in (1.0, 1.19, 1.33)]),
    "hissing": lambda throat: throat.breath(0.8, 4200, 9500) * 0.5,
    "emm": lambda throat: throat.voice(0.6, 1.0, 0.88) * 0.6,
    "sneezes": lambda throat: np.concatenate(
        [
            throat.breath(0.3, 900, 5500, "rise") * 0.4,
            _rest(0.05),
            _mix(throat.breath(0.35, 1200, 8000, "burst"), throat.voice(0.2, 1.6, 0.9, "burst") * 0.6),
        ]
    ),
    "whistles": lambda throat: (
        np.sin(2 * np.pi * np.cumsum(np.linspace(1100, 1700, int(0.7 * RATE))) / RATE)
        * 0.4
        * _shape("swell", int(0.7 * RATE))
    ).astype(np.float32),
    "crying": lambda throat: np.concatenate(
        [
            part
            for _ in range(3)
            for part in (throat.voice(0.3, 1.6, 1.15, "fall", 0.04) * 0.6, throat.breath(0.12, 900, 5000, "rise") * 0.3)
        ]
    ),
    "applause": _clap,
}


def make_sound(name: str, f0: float, tract: float) -> Wave:
    return SOUNDS[name](_Throat(f0, tract, zlib.crc32(name.encode()))) * np.float32(0.5)


def make_watermark() -> Wave:
    """A rhythm of four short tones that says: a machine made this."""
    parts: list[Wave] = [_rest(0.25)]
    for seconds in (0.06, 0.06, 0.18, 0.06):
        count = int(seconds * RATE)
        tone = np.sin(2 * np.pi * 880 * np.arange(count) / RATE) * np.minimum(
            1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 80
        )
        parts += [(tone * 0.2).astype(np.float32), _rest(0.09)]
    return np.concatenate(parts)

"""Sounds from sums of harmonics: nothing above the hearing folds back, and each harmonic fades in its own time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 44100
Wave = NDArray[np.float32]
TOP_HZ = 12000.0


def hertz(pitch: float) -> float:
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def clock(seconds: float) -> Wave:
    return np.arange(int(seconds * RATE), dtype=np.float32) / np.float32(RATE)


def harmonics(
    frequency: float | Wave,
    seconds: float,
    levels: NDArray[np.float64],
    *,
    fade: float = 0.0,
    damping: float = 0.0,
    phase: float = 0.0,
) -> Wave:
    """`levels` of the harmonics from the first on; `fade` in nepers per second for all, `damping` more for each one.

    `frequency` may be a curve over the time, for vibrato and slides.
    """
    size = int(seconds * RATE)
    if isinstance(frequency, float | int):
        turns = np.arange(size, dtype=np.float64) * (float(frequency) / RATE)
        highest = float(frequency)
    else:
        turns = np.cumsum(frequency[:size].astype(np.float64)) / RATE
        size = len(turns)
        highest = float(frequency.max())
    angle = ((turns % 1.0) * (2 * np.pi) + phase).astype(np.float32)
    time = np.arange(size, dtype=np.float32) / np.float32(RATE)
    count = max(1, min(len(levels), int(TOP_HZ / highest)))
    # sin((n + 1)x) = 2 cos(x) sin(nx) - sin((n - 1)x): no sine but the first has to be computed
    before, wave = np.zeros(size, np.float32), np.sin(angle)
    twice = 2 * np.cos(angle)
    envelope = np.exp(-fade * time) if fade else None
    step = np.exp(-damping * time) if damping else None
    out = np.zeros(size, np.float32)
    for number in range(count):
        level = np.float32(levels[number])
        if level:
            out += wave * envelope * level if envelope is not None else wave * level
        before, wave = wave, twice * wave - before
        if step is not None:
            envelope = step.copy() if envelope is None else envelope * step
    return out


def together(waves: Iterable[Wave]) -> Wave:
    first, *others = waves
    for other in others:
        first += other
    return first


def saw(count: int = 40, cut_hz: float = 0.0, frequency: float = 100.0, slope: float = 2.0) -> NDArray[np.float64]:
    """Levels of a sawtooth, dulled above `cut_hz`."""
    order = np.arange(1, count + 1)
    levels = 1.0 / order
    if cut_hz:
        levels = levels / (1 + (order * frequency / cut_hz) ** slope)
    return levels


def square(count: int = 40, cut_hz: float = 0.0, frequency: float = 100.0) -> NDArray[np.float64]:
    levels = saw(count, cut_hz, frequency)
    levels[1::2] *= 0.12
    return levels


def shape(wave: Wave, attack: float, release: float) -> Wave:
    """Fades in and out, in place."""
    rise, fall = min(len(wave), max(8, int(attack * RATE))), min(len(wave), max(8, int(release * RATE)))
    wave[..., :rise] *= np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32)) ** 2
    wave[..., len(wave) - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32)) ** 2
    return wave


def vibrato(frequency: float, seconds: float, *, cents: float, rate: float = 5.3, after: float = 0.25) -> Wave:
    """A curve of frequencies."""
    time = clock(seconds)
    depth = np.clip((time - after) / 0.35, 0, 1) * cents
    return (frequency * 2 ** (depth * np.sin(2 * np.pi * rate * time) / 1200)).astype(np.float32)


def filtered(wave: Wave, low: float = 0.0, high: float = 0.0, order: int = 2) -> Wave:
    """A static band by FFT: what is below `low` and above `high` fades by 6 dB an octave for each order."""
    size = 1 << int(len(wave) + 256 - 1).bit_length()
    spectrum = np.fft.rfft(wave, size)
    spectrum *= _band(size, low, high, order)
    return np.fft.irfft(spectrum, size)[: len(wave)].astype(np.float32)


@cache
def _band(size: int, low: float, high: float, order: int) -> NDArray[np.float32]:
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 1e-3)
    gain = np.ones(len(frequency))
    if low:
        gain /= np.sqrt(1 + (low / frequency) ** (2 * order))
    if high:
        gain /= np.sqrt(1 + (frequency / high) ** (2 * order))
    return gain.astype(np.float32)


def noise(seconds: float, seed: int) -> Wave:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)


def falling(seconds: float, half_life: float) -> Wave:
    return np.exp2(-clock(seconds) / np.float32(half_life)).astype(np.float32)


def level(wave: Wave, peak: float = 1.0) -> Wave:
    top = float(np.abs(wave).max()) if wave.size else 0.0
    return wave * np.float32(peak / top) if top > 1e-9 else wave

"""How high a voice is, frame by frame, by its likeness to itself one period later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 60.0, 520.0  # Hz
HOP_S = 0.01
_FRAME_S = 0.04
_AT_ONCE = 1500  # frames, for the memory's sake
_SURE = 0.5
_OCTAVE_COST = 0.03  # the shorter of two equal periods is the true one


@dataclass(frozen=True)
class Track:
    """One number for each frame of 10 ms."""

    hertz: NDArray[np.float64]  # 0 where there is no tone
    likeness: NDArray[np.float64]  # 0 to 1
    power: NDArray[np.float64]


def follow(samples: NDArray[np.floating], rate: int) -> Track:
    size, hop = int(_FRAME_S * rate), int(HOP_S * rate)
    samples = np.asarray(samples, np.float64)
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    window = np.hanning(size)
    length = 1 << int(np.ceil(np.log2(size * 1.5)))
    own = np.fft.irfft(np.abs(np.fft.rfft(window, length)) ** 2)
    own = own / own[0]
    shortest, longest = int(rate / HIGHEST), min(int(rate / LOWEST) + 1, size - 2)
    lags = np.arange(shortest, longest)
    cost = _OCTAVE_COST * np.log2(lags * LOWEST / rate + 1e-9)
    hertz, likeness, power = [], [], []
    for start in range(0, len(frames), _AT_ONCE):
        part = frames[start : start + _AT_ONCE]
        part = (part - part.mean(axis=1, keepdims=True)) * window
        echo = np.fft.irfft(np.abs(np.fft.rfft(part, length)) ** 2)[:, : longest + 1]
        energy = echo[:, 0]
        echo = echo / (energy[:, None] + 1e-12) / own[: longest + 1]
        middle, before, after = (echo[:, shortest + by : longest + by] for by in (0, -1, 1))
        peaks = (middle >= before) & (middle >= after)
        score = np.where(peaks, np.minimum(middle, 1) - cost, -9)
        best = score.argmax(axis=1)
        rows = np.arange(len(part))
        low, top, high = before[rows, best], middle[rows, best], after[rows, best]
        bend = low - 2 * top + high
        shift = np.where(np.abs(bend) > 1e-9, 0.5 * (low - high) / np.where(np.abs(bend) > 1e-9, bend, 1), 0)
        hertz.append(np.where(score[rows, best] > -9, rate / (lags[best] + np.clip(shift, -0.5, 0.5)), 0))
        likeness.append(np.clip(np.where(score[rows, best] > -9, top, 0), 0, 1))
        power.append(energy / np.sum(window**2))
    return _settle(np.concatenate(hertz), np.concatenate(likeness), np.concatenate(power))


def _settle(hertz: NDArray[np.float64], likeness: NDArray[np.float64], power: NDArray[np.float64]) -> Track:
    """Drop what is noise, too quiet, or an octave off."""
    loud = np.percentile(power, 95) if len(power) else 0.0
    voiced = (hertz > 0) & (likeness > _SURE) & (power > loud * 1e-3) & (power > 1e-9)
    if voiced.any():
        sure = hertz[voiced & (likeness >= np.median(likeness[voiced]))]
        middle = np.median(sure)
        voiced &= (hertz > middle * 0.55) & (hertz < middle * 1.75)
    return Track(np.where(voiced, hertz, 0), likeness, power)


def middle(track: Track) -> float:
    """The median, Hz; 0 when there is no voice."""
    voiced = track.hertz[track.hertz > 0]
    return float(np.median(voiced)) if len(voiced) >= 5 else 0.0

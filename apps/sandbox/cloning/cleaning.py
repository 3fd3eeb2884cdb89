"""Steady noise taken out of a sample: what is there even in its quietest moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SIZE = 1024
_HOP = _SIZE // 4
_FLOOR = 0.06
_TOO_MUCH = 1.6  # noise is taken to be so much stronger than it was heard
_AT_ONCE = 2000


def without_noise(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    window = np.hanning(_SIZE)
    padded = np.pad(samples.astype(np.float64), (_SIZE, 2 * _SIZE))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP]
    loudness = np.concatenate(
        [np.mean(frames[at : at + _AT_ONCE] ** 2, axis=1) for at in range(0, len(frames), _AT_ONCE)]
    )
    audible = loudness > 1e-12
    if audible.sum() < 20:
        return samples
    quiet = np.flatnonzero(audible & (loudness <= np.percentile(loudness[audible], 12)))[:_AT_ONCE]
    noise = np.mean(np.abs(np.fft.rfft(frames[quiet] * window, axis=1)) ** 2, axis=0)
    out = np.zeros(len(padded))
    for at in range(0, len(frames), _AT_ONCE):
        spectra = np.fft.rfft(frames[at : at + _AT_ONCE] * window, axis=1)
        power = np.abs(spectra) ** 2
        gain = np.sqrt(np.maximum(1 - _TOO_MUCH * noise / (power + 1e-15), _FLOOR**2))
        gain[:, 1:-1] = (gain[:, :-2] + gain[:, 1:-1] + gain[:, 2:]) / 3
        cleaned = np.fft.irfft(spectra * gain, axis=1) * window
        for number, frame in enumerate(cleaned, start=at):
            out[number * _HOP : number * _HOP + _SIZE] += frame
    return (out / 1.5)[_SIZE : _SIZE + len(samples)].astype(np.float32)

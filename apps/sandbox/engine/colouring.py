"""What the synthesiser's own parameters cannot give a copied voice: its colour, and its difference of loud and soft."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.engine.characters import BANDS, Character
from apps.sandbox.engine.espeak import SAMPLE_RATE

_MOST_DB = 9.0  # that a syllable is raised or lowered


def colour(samples: NDArray[np.float32], character: Character) -> NDArray[np.float32]:
    if any(character.bands):
        samples = _through_bands(samples, character.bands)
    if abs(character.dynamics - 1) > 0.02:
        samples = _drawn_apart(samples, character.dynamics)
    return samples


def _through_bands(samples: NDArray[np.float32], gains: tuple[float, ...]) -> NDArray[np.float32]:
    if not len(samples):
        return samples
    length = 1 << int(np.ceil(np.log2(len(samples) + 2048)))
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    centres = np.sqrt(np.array(BANDS[:-1]) * np.array(BANDS[1:]))
    curve = np.interp(np.log(np.maximum(hertz, 20)), np.log(centres), gains)
    return np.fft.irfft(np.fft.rfft(samples, length) * 10 ** (curve / 20), length)[: len(samples)].astype(np.float32)


def _drawn_apart(samples: NDArray[np.float32], by: float) -> NDArray[np.float32]:
    width = int(0.06 * SAMPLE_RATE)
    if len(samples) < 2 * width:
        return samples
    power = np.cumsum(np.concatenate([np.zeros(width), samples.astype(np.float64) ** 2, np.zeros(width)]))
    level = 10 * np.log10((power[2 * width :] - power[: -2 * width]) / (2 * width) + 1e-9)
    middle = float(np.percentile(level, 75))
    # What is far below a syllable is a pause or a stop: it stays where it is.
    change = np.clip((np.maximum(level, middle - 18) - middle) * (by - 1), -_MOST_DB, _MOST_DB)
    return (samples * 10 ** (change / 20)).astype(np.float32)

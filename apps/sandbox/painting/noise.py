"""Layered noise. Each octave is drawn at its own size and grown with the next, so the whole costs little."""

from __future__ import annotations

import math

import numpy as np

from apps.sandbox.painting.canvas import Array, resize

Generator = np.random.Generator


def fbm(
    rng: Generator,
    height: int,
    width: int,
    *,
    cells: float = 4,
    stretch: float = 1,
    octaves: int = 6,
    gain: float = 0.5,
) -> Array:
    """Clouds between 0 and 1, half of it on either side of 0.5.

    `cells` fit into the shorter side; `stretch` > 1 lies flat.
    """
    short = min(height, width)
    rows, columns = cells * height / short * math.sqrt(stretch), cells * width / short / math.sqrt(stretch)
    sum_: Array | None = None
    weight = 1.0
    for octave in range(octaves):
        size = (
            min(height, max(2, math.ceil(rows * 2**octave) + 1)),
            min(width, max(2, math.ceil(columns * 2**octave) + 1)),
        )
        layer = (rng.random(size, np.float32) - 0.5) * weight
        sum_ = layer if sum_ is None else resize(sum_, *size) + layer
        weight *= gain
        if size == (height, width):
            break
    assert sum_ is not None
    if sum_.shape != (height, width):
        sum_ = resize(sum_, height, width)
    spread = float(sum_.std()) or 1.0
    return np.clip(0.5 + (sum_ - sum_.mean()) * (0.2 / spread), 0, 1)


def ridges(rng: Generator, size: int, *, cells: float = 3, octaves: int = 7) -> Array:
    """Sharp crests between broad valleys, 0 to 1; each octave is strong where the one before is high."""
    total = np.zeros((size, size), np.float32)
    carry: Array | float = 1.0
    weight = 1.0
    for octave in range(octaves):
        cell = min(size, math.ceil(cells * 2**octave) + 2)
        value = resize(rng.random((cell, cell), np.float32) * 2 - 1, size, size)
        crest = (1 - np.minimum(np.abs(value) * 1.4, 1)) ** 2
        total += crest * carry * weight
        carry = np.clip(crest * carry * 1.6, 0, 1)
        weight *= 0.52
    total -= total.min()
    return total / float(total.max())


def line(rng: Generator, length: int, *, cells: float = 4, octaves: int = 6, gain: float = 0.5) -> Array:
    """The same in one dimension."""
    x = np.linspace(0, 1, length, dtype=np.float32)
    total = np.zeros(length, np.float32)
    weight = 1.0
    for octave in range(octaves):
        count = math.ceil(cells * 2**octave) + 2
        values = rng.random(count).astype(np.float32) - 0.5
        position = x * (count - 2) + 0.5
        left = np.floor(position).astype(int)
        part = position - left
        part = part * part * (3 - 2 * part)
        total += (values[left] * (1 - part) + values[np.minimum(left + 1, count - 1)] * part) * weight
        weight *= gain
    spread = float(total.std()) or 1.0
    return np.clip(0.5 + (total - total.mean()) * (0.22 / spread), 0, 1)


def sample(texture: Array, rows: Array, columns: Array) -> Array:
    """The texture (repeated for ever) at places between its pixels."""
    height, width = texture.shape[:2]
    r0, c0 = np.floor(rows), np.floor(columns)
    fr, fc = (rows - r0).astype(np.float32), (columns - c0).astype(np.float32)
    r0i, c0i = r0.astype(np.int32) % height, c0.astype(np.int32) % width
    r1i, c1i = (r0i + 1) % height, (c0i + 1) % width
    top = texture[r0i, c0i] * (1 - fc) + texture[r0i, c1i] * fc
    bottom = texture[r1i, c0i] * (1 - fc) + texture[r1i, c1i] * fc
    return top * (1 - fr) + bottom * fr


def tile(rng: Generator, size: int = 256, cells: float = 8, octaves: int = 5) -> Array:
    """Noise whose edges meet."""
    wide = fbm(rng, size + size // 4, size + size // 4, cells=cells, octaves=octaves)
    band = size // 4
    ramp = np.linspace(0, 1, band, dtype=np.float32)
    wide[:band] = wide[:band] * ramp[:, None] + wide[size : size + band] * (1 - ramp[:, None])
    wide[:, :band] = wide[:, :band] * ramp[None] + wide[:, size : size + band] * (1 - ramp[None])
    return np.ascontiguousarray(wide[:size, :size])

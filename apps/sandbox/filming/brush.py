"""What sets are painted with: noise, gradients, ridges, soft spots. All of it from a given random generator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from apps.sandbox.scene import Colour

Array = np.ndarray


def smooth(x: float) -> float:
    """From 0 to 1 without a jerk."""
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


def noise(rng: np.random.Generator, width: int, height: int, cell: float, octaves: int = 4) -> Array:
    """Clouds of values between 0 and 1; the largest are `cell` pixels wide."""
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for _ in range(octaves):
        grid = rng.random((max(2, round(height / cell) + 2), max(2, round(width / cell) + 2))).astype(np.float32)
        total += weight * np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))
        weight *= 0.5
        cell = max(2.0, cell / 2)
    total -= total.min()
    return total / max(1e-6, float(total.max()))


def ridge(
    rng: np.random.Generator,
    width: int,
    cell: float,
    octaves: int = 5,
    roughness: float = 0.5,
    *,
    pointed: bool = False,
) -> Array:
    """A line of heights between 0 and 1; `pointed`: with peaks like those of mountains."""
    x = np.arange(width)
    total = np.zeros(width)
    weight = 1.0
    for _ in range(octaves):
        knots = rng.random(int(width / cell) + 4)
        place = x / cell
        whole = place.astype(int)
        part = place - whole
        if not pointed:
            part = part * part * (3 - 2 * part)
        total += weight * (knots[whole] * (1 - part) + knots[whole + 1] * part)
        weight *= roughness
        cell = max(2.0, cell / 2.1)
    total -= total.min()
    return total / max(1e-6, float(total.max()))


def gradient(width: int, height: int, stops: Sequence[tuple[float, Colour]]) -> Array:
    """From top to bottom."""
    y = np.linspace(0, 1, height)
    places = [place for place, _ in stops]
    column = np.stack([np.interp(y, places, [colour[i] for _, colour in stops]) for i in range(3)], axis=1)
    return np.repeat(column[:, None, :], width, axis=1).astype(np.float32)


def picture(values: Array) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def mask_below(line: Array, height: int) -> Image.Image:
    """Everything below the line (y for each x), with soft edges."""
    y = np.arange(height, dtype=np.float32)[:, None]
    return picture((y - line[None, :].astype(np.float32) + 0.5) * 255)


def spot(size: int, power: float = 2.0) -> Image.Image:
    """A round light that fades to its edge."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    return picture(np.clip(1 - distance, 0, 1) ** power * 255)


def soft(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))

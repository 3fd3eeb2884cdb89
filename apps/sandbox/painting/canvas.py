"""Arithmetic of pictures: float32 arrays of height × width (× 3), display values from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]
Points = Sequence[tuple[float, float]]


def rgb(value: ArrayLike) -> Array:
    return np.asarray(value, np.float32)


def mix(a: Array | float, b: Array | float, t: Array | float) -> Array:
    return np.asarray(a + (b - a) * t, np.float32)


def cover(picture: Array, colour: Colour | Array, mask: Array) -> Array:
    """Lay a colour (or a picture) over a picture where the mask says so."""
    return mix(picture, rgb(colour), mask[..., None])


def screen(picture: Array, light: Array) -> Array:
    return 1 - (1 - np.clip(picture, 0, 1)) * (1 - np.clip(light, 0, 1))


def smooth(low: Array | float, high: Array | float, value: Array) -> Array:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def slopes(plane: Array) -> tuple[Array, Array]:
    """How fast it rises toward the bottom and toward the right."""
    down, right = np.gradient(plane)
    return np.asarray(down), np.asarray(right)


def luminance(picture: Array) -> Array:
    return picture @ rgb((0.299, 0.587, 0.114))


def grid(height: int, width: int) -> tuple[Array, Array]:
    """Rows and columns of all pixels, to be broadcast."""
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]


def resize(plane: Array, height: int, width: int, how: Image.Resampling = Image.Resampling.BICUBIC) -> Array:
    if plane.ndim == 3:
        return np.stack([resize(plane[..., channel], height, width, how) for channel in range(3)], axis=-1)
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize((width, height), how))


def blur(plane: Array, radius: float) -> Array:
    """About a Gaussian of this radius in pixels: wide ones by way of a smaller picture."""
    if radius < 0.3:
        return plane
    height, width = plane.shape[:2]
    factor = max(1.0, radius / 1.5)
    if factor > 1.3:
        small = resize(plane, max(2, round(height / factor)), max(2, round(width / factor)), Image.Resampling.BOX)
        return resize(_soften(_soften(small)), height, width)
    for _ in range(max(1, round(radius * radius))):
        plane = _soften(plane)
    return plane


def _soften(plane: Array) -> Array:
    padded = np.pad(plane, [(1, 1), (1, 1)] + [(0, 0)] * (plane.ndim - 2), mode="edge")
    rows = padded[:-2] * 0.25 + padded[1:-1] * 0.5 + padded[2:] * 0.25
    return rows[:, :-2] * 0.25 + rows[:, 1:-1] * 0.5 + rows[:, 2:] * 0.25


def drawn(height: int, width: int, draw: Callable[[ImageDraw.ImageDraw, int], None], finer: int = 2) -> Array:
    """A mask, drawn `finer` times larger so that its edges are soft."""
    image = Image.new("L", (width * finer, height * finer))
    draw(ImageDraw.Draw(image), finer)
    return np.asarray(image.reduce(finer), np.float32) / 255


def polygon(height: int, width: int, *shapes: Points, finer: int = 2) -> Array:
    def draw(pen: ImageDraw.ImageDraw, scale: int) -> None:
        for shape in shapes:
            pen.polygon([(x * scale, y * scale) for x, y in shape], fill=255)

    return drawn(height, width, draw, finer)


def curve(points: Points, steps: int = 12, *, closed: bool = True) -> list[tuple[float, float]]:
    """A smooth line (Catmull-Rom) through the points."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    line = np.concatenate(parts)
    return [(float(x), float(y)) for x, y in line]


def to_image(picture: Array) -> Image.Image:
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


def from_image(image: Image.Image) -> Array:
    return np.asarray(image.convert("RGB"), np.float32) / 255

"""The stage of a film: layers at different distances from the camera, and what moves on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from apps.sandbox.filming.camera import View

SIDE, ABOVE = 0.26, 0.2  # painted beyond the frame, in shares of its width and height

Motion = Callable[[float], tuple[float, float]]  # seconds → pixels
Overlay = Callable[[Image.Image, float, float], None]  # frame, seconds, strength


def stays(seconds: float) -> tuple[float, float]:
    return 0.0, 0.0


def drifts(speed: float) -> Motion:
    return lambda seconds: (speed * (seconds - 3), 0.0)


def floats(phase: float, sway: float) -> Motion:
    def motion(seconds: float) -> tuple[float, float]:
        return sway * math.sin(seconds * 0.7 + phase), sway * 0.35 * math.sin(seconds * 0.9 + phase * 2)

    return motion


@dataclass
class Layer:
    image: Image.Image  # RGB
    mask: Image.Image | None  # L; none: opaque
    x: float  # where its top left corner lies in the frame when the camera is at rest
    y: float
    near: float  # 0 infinitely far, 1 next to the camera
    motion: Motion = stays
    followed: bool = False

    @classmethod
    def of(
        cls, image: Image.Image, x: float, y: float, near: float, motion: Motion = stays, *, followed: bool = False
    ) -> Layer:
        return cls(image.convert("RGB"), image.getchannel("A"), x, y, near, motion, followed)


@dataclass
class Stage:
    width: int
    height: int
    layers: list[Layer] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    light: Callable[[float], tuple[float, float, float]] = lambda moment: (1.0, 1.0, 1.0)  # over the film

    def paint(self, view: View, shake: tuple[float, float], seconds: float, strength: float = 1.0) -> Image.Image:
        frame = Image.new("RGB", (self.width, self.height))
        for layer in self.layers:
            self._place(frame, layer, view, shake, seconds)
        for overlay in self.overlays:
            overlay(frame, seconds, strength)
        return frame

    def _place(self, frame: Image.Image, layer: Layer, view: View, shake: tuple[float, float], seconds: float) -> None:
        width, height = self.width, self.height
        scale = (1 + view.zoom) * (1 + view.push * (0.25 + 0.95 * layer.near))
        depth = 0.18 + 0.82 * layer.near
        track = 0.0 if layer.followed else view.track * depth
        moved_x, moved_y = layer.motion(seconds)
        left = layer.x + moved_x - (view.pan + view.truck * depth + track + shake[0]) * width
        top = layer.y + moved_y - (view.tilt + view.pedestal * depth + shake[1]) * height
        middle_x, middle_y = width / 2, height / 2
        x0, y0 = middle_x + (left - middle_x) * scale, middle_y + (top - middle_y) * scale
        x1, y1 = x0 + layer.image.width * scale, y0 + layer.image.height * scale
        a0, b0 = max(0, math.ceil(x0)), max(0, math.ceil(y0))
        a1, b1 = min(width, math.floor(x1)), min(height, math.floor(y1))
        if a1 <= a0 or b1 <= b0:
            return
        box = (
            max(0.0, (a0 - x0) / scale),
            max(0.0, (b0 - y0) / scale),
            min(layer.image.width, (a1 - x0) / scale),
            min(layer.image.height, (b1 - y0) / scale),
        )
        size = (a1 - a0, b1 - b0)
        piece = layer.image.resize(size, Image.Resampling.BILINEAR, box=box)
        mask = layer.mask.resize(size, Image.Resampling.BILINEAR, box=box) if layer.mask else None
        frame.paste(piece, (a0, b0), mask)

"""The look that all films share: light that changes, grain, vignette."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageOps

from apps.sandbox.filming.brush import picture

MAPS = 3


class Finish:
    def __init__(self, width: int, height: int, seed: int, *, grain: float = 3.2, vignette: float = 0.22) -> None:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        edge = 1 - vignette * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.6
        self._maps = []
        for _ in range(MAPS):
            speck = rng.normal(0, grain, (height, width, 1)).astype(np.float32)
            one = picture(np.repeat(edge[..., None] * 250 + speck, 3, axis=2))
            self._maps += [one, ImageOps.mirror(one), ImageOps.flip(one)]

    def apply(self, frame: Image.Image, number: int, light: tuple[float, float, float], strength: float) -> Image.Image:
        """`strength` 0: the frame as it is."""
        if strength <= 0:
            return frame
        toned = frame
        if light != (1.0, 1.0, 1.0):
            table: list[int] = []
            for part in light:
                gain = (1 + (part - 1) * strength) * 1.02
                table += [min(255, round(value * gain)) for value in range(256)]
            toned = frame.point(table)
        finished = ImageChops.multiply(toned, self._maps[number % len(self._maps)])
        return finished if strength >= 1 else Image.blend(frame, finished, strength)

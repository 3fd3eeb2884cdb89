"""Weather over a set: fog, rain, snow, lightning, northern lights."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from apps.sandbox.filming import brush
from apps.sandbox.filming.pieces import Painter
from apps.sandbox.filming.stage import Layer, drifts
from apps.sandbox.scene import mix


class WeatherPainter(Painter):
    def weather(self) -> None:
        kinds = self.scene.weather
        if "fog" in kinds or self.scene.mood == "gloomy":
            self.fog()
        if "aurora" in kinds:
            self.aurora()
        if "rain" in kinds:
            self.rain()
        if "snow" in kinds:
            self.snow()
        if "lightning" in kinds:
            self.lightning()

    def fog(self) -> None:
        tall = round(self.height * 0.75)
        wide = self.wide + round(self.width * 0.3)
        shape = brush.noise(self.rng, wide, tall * 2, self.width * 0.4, 4)[::2]
        fade = np.sin(np.linspace(0.1, math.pi, tall))[:, None]
        mask = brush.picture((0.25 + 0.75 * shape) * fade * 175)
        image = Image.new(
            "RGB", mask.size, mix(self.palette.sky_low, (236, 238, 240), 0.15 if self.scene.is_dark else 0.45)
        )
        at = max(1, len(self.stage.layers) - 2)
        speed = self.width * 0.02
        self.stage.layers.insert(
            at,
            Layer(
                image, mask, self.left - self.width * 0.15, self.height * 0.32, 0.5, lambda s: (speed * (s - 4), 0.0)
            ),
        )

    def rain(self) -> None:
        width, height = self.width, self.height
        tile = Image.new("L", (width + 200, height * 2))
        draw = ImageDraw.Draw(tile)
        slant = 0.16
        for _ in range(640):
            x, y = float(self.rng.uniform(0, width + 200)), float(self.rng.uniform(0, height))
            size = float(self.rng.uniform(0.03, 0.075)) * height
            for down in (0, height):
                draw.line(
                    [(x, y + down), (x - slant * size, y + down + size)],
                    fill=int(self.rng.integers(40, 130)),
                    width=max(1, round(height / 600)),
                )
                if y + size > height:
                    draw.line([(x, y - height), (x - slant * size, y - height + size)], fill=80, width=1)
        colour = mix(self.palette.sky_low, (235, 240, 250), 0.7)

        def fall(frame: Image.Image, seconds: float, strength: float) -> None:
            for speed, shift in ((1.9, 0), (1.3, 117)):
                y = height - int(seconds * speed * height + shift) % height
                piece = tile.crop((shift % 200, y, shift % 200 + width, y + height))
                if strength < 1:
                    piece = piece.point([int(v * strength) for v in range(256)])
                frame.paste(colour, (0, 0), piece)

        self.stage.overlays.append(fall)

    def snow(self) -> None:
        width, height = self.width, self.height
        tiles = []
        for count, size in ((240, 0.0022), (110, 0.0038), (36, 0.0068)):
            tile = Image.new("L", (width * 2, height * 2))
            draw = ImageDraw.Draw(tile)
            for _ in range(count):
                x, y, r = (
                    float(self.rng.uniform(0, width)),
                    float(self.rng.uniform(0, height)),
                    size * height * float(self.rng.uniform(0.7, 1.3)),
                )
                for dx in (0, width):
                    for dy in (0, height):
                        draw.ellipse(
                            (x + dx - r, y + dy - r, x + dx + r, y + dy + r), fill=int(self.rng.integers(120, 235))
                        )
            tiles.append(brush.soft(tile, size * height * 0.45))

        def fall(frame: Image.Image, seconds: float, strength: float) -> None:
            for i, tile in enumerate(tiles):
                y = height - int(seconds * height * (0.09 + 0.08 * i)) % height
                x = int(width * (0.02 * i + 0.012) * math.sin(seconds * 0.8 + i * 2) + width * 0.5)
                piece = tile.crop((x, y, x + width, y + height))
                if strength < 1:
                    piece = piece.point([int(v * strength) for v in range(256)])
                frame.paste((246, 248, 252), (0, 0), piece)

        self.stage.overlays.append(fall)

    def lightning(self) -> None:
        moments = [
            float(self.rng.uniform(0.6, 2.2)),
            float(self.rng.uniform(3.2, 5.2)),
            float(self.rng.uniform(6.4, 9)),
        ]

        def flash(frame: Image.Image, seconds: float, strength: float) -> None:
            level = max(
                (
                    math.exp(-(seconds - m) * 9) * (0.6 + 0.4 * math.cos((seconds - m) * 60))
                    for m in moments
                    if seconds >= m
                ),
                default=0,
            )
            if level > 0.03:
                frame.paste(
                    Image.blend(frame, Image.new("RGB", frame.size, (224, 230, 255)), min(0.6, level * 0.6) * strength)
                )

        self.stage.overlays.append(flash)

    def aurora(self) -> None:
        tall = round(self.height * 0.5)
        for i in range(2):
            curtain = brush.noise(self.rng, self.wide, 4, self.width * 0.09, 4)[1]
            yy = np.linspace(1, 0, tall)[:, None]
            wave = 0.55 + 0.3 * brush.ridge(self.rng, self.wide, 0.4 * self.width, 2)[None, :]
            mask = brush.picture(
                np.clip(curtain[None, :] * 1.5 - 0.35, 0, 1) * np.exp(-((((1 - yy) - wave) / 0.26) ** 2)) * 190
            )
            colour = ((90, 240, 170), (130, 120, 250))[i]
            speed = self.width * (0.014, -0.01)[i]
            self.stage.layers.insert(
                1,
                Layer(
                    Image.new("RGB", mask.size, colour),
                    mask,
                    self.left,
                    self.top * 0.3,
                    0.02,
                    drifts(speed),
                ),
            )

"""The sets of films: what stands at the sea, in a forest, in a street …, painted once from a scene."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from apps.sandbox.filming import brush
from apps.sandbox.filming.stage import ABOVE, Layer, Stage, floats
from apps.sandbox.filming.weather import WeatherPainter
from apps.sandbox.scene import Scene, mix, shade


class Builder(WeatherPainter):
    def build(self) -> Stage:
        getattr(self, f"_{self.scene.place}")()
        if "birds" in self.scene.things:
            self.birds()
        self.weather()
        self.stage.light = self._daylight()
        return self.stage

    def _daylight(self) -> Callable[[float], tuple[float, float, float]]:
        ends = {
            "dawn": ((0.9, 0.9, 0.95), (1.06, 1.03, 1.0)),
            "day": ((0.97, 0.97, 0.98), (1.02, 1.02, 1.0)),
            "sunset": ((1.05, 1.02, 1.0), (0.93, 0.87, 0.91)),
            "dusk": ((1.05, 1.03, 1.02), (0.9, 0.9, 0.97)),
            "night": ((0.97, 0.97, 0.98), (1.03, 1.03, 1.05)),
        }[self.scene.time]

        def light(moment: float) -> tuple[float, float, float]:
            red, green, blue = (a + (b - a) * moment for a, b in zip(*ends, strict=True))
            return red, green, blue

        return light

    def _sea(self) -> None:
        horizon = 0.52
        self.sky(horizon)
        if self.scene.seed % 3:
            self.land(0.12, horizon + 0.005, 0.09, 0.5, mist=0.75)
        self.water(horizon)
        strips = self.stage.layers
        if any(name in self.named for name in ("boat", "whale", "bridge")):
            at = len(strips) - 4 if not self.sun else len(strips) - 5
            before = strips[at:]
            del strips[at:]
            self.put_things(0.72, 0.72, 0.5)
            strips.extend(before)
        elif self.named:
            self._shore()
            self.put_things(0.9, 0.7, 0.72)

    def _shore(self) -> None:
        x = np.arange(self.wide) / self.wide
        side = 1 if self.scene.seed % 2 else -1
        line = (
            0.93 - 0.1 * (x if side > 0 else 1 - x) ** 2 + 0.012 * brush.ridge(self.rng, self.wide, 0.2 * self.width)
        ) * self.height
        self.land(
            0.7,
            0.9,
            0.1,
            0.4,
            line=line,
            colour=mix(self.palette.near, shade((190, 160, 122), 0.4 if self.scene.is_dark else 0.75), 0.5),
            mist=0.0,
        )

    def _lake(self) -> None:
        horizon = 0.54
        self.sky(horizon)
        self.land(0.15, horizon, 0.34, 0.42, roughness=0.52, snow=True)
        self.land(0.32, horizon + 0.01, 0.13, 0.3)
        self.trees(0.42, horizon + 0.015, 0.075, 120)
        self._mirror(horizon)
        self._strips(round(horizon * self.height), round(0.6 * self.height), 4)
        if self.sun and not self.scene.weather & {"rain", "fog", "clouds", "snow"}:
            self._glitter(round(horizon * self.height))
        if self.named:
            self.put_things(0.94, 0.76, 0.6)
        self.land(0.92, 1.02, 0.09, 0.5, colour=shade(self.palette.near, 0.7), mist=0)

    def _mirror(self, horizon: float) -> None:
        """What stands above the horizon, upside down in the water."""
        first = round(horizon * self.height)
        canvas = Image.new("RGB", (self.wide, self.height + round(ABOVE * self.height)), self.palette.water)
        for layer in self.stage.layers:
            canvas.paste(layer.image, (round(layer.x) - self.left, round(layer.y)), layer.mask)
        depth = min(first, canvas.height - first)
        image = canvas.crop((0, first - depth, self.wide, first)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        tall = round((1 + ABOVE) * self.height) - first
        image = image.resize((self.wide, tall))
        values = np.asarray(brush.soft(image, 1.6), np.float32)
        shift = (
            np.sin(np.arange(tall) * 0.5 + np.sin(np.arange(tall) * 0.13) * 3)
            * np.linspace(1, 9, tall)
            * self.height
            / 768
        ).astype(int)
        values = values[
            np.arange(tall)[:, None], np.clip(np.arange(self.wide)[None, :] + shift[:, None], 0, self.wide - 1)
        ]
        water = np.array(shade(self.palette.water, 0.85), np.float32)
        share = np.linspace(0.18, 0.62, tall)[:, None, None]
        self.stage.layers.append(
            Layer(brush.picture(values * (1 - share) + water * share), None, self.left, first, 0.25)
        )

    def _mountains(self) -> None:
        self.sky(0.66)
        self.land(0.1, 0.66, 0.42, 0.5, roughness=0.5, snow=True)
        self.land(0.26, 0.72, 0.28, 0.36, roughness=0.48, snow="snow" in self.scene.weather or self.scene.seed % 2 == 0)
        self.land(0.45, 0.82, 0.2, 0.4, roughness=0.42)
        if self.named:
            self.put_things(0.84, None, 0.5)
        self.trees(0.68, 0.95, 0.2, 70)
        self.trees(0.95, 1.1, 0.3, 34, shade(self.palette.near, 0.75))

    def _forest(self) -> None:
        self.sky(0.8)
        tone = self.palette.near
        haze = self.palette.sky_low
        self.trees(0.12, 0.72, 0.36, 110, mix(haze, tone, 0.35))
        self.trees(0.3, 0.8, 0.5, 64, mix(haze, tone, 0.55))
        self._rays()
        self.trees(0.5, 0.88, 0.62, 36, mix(haze, tone, 0.78))
        self.land(0.62, 0.93, 0.05, 0.4, colour=mix(tone, haze, 0.12), mist=0.1)
        if self.named:
            self.put_things(0.93, None, 0.66)
        self._trunks(0.95)
        self.motes()

    def _trunks(self, near: float) -> None:
        tall = round((1 + 2 * ABOVE) * self.height)
        mask = Image.new("L", (self.wide, tall))
        draw = ImageDraw.Draw(mask)
        for x in (0.03, 0.2, 0.36, 0.66, 0.8, 0.99):
            at = (x + float(self.rng.uniform(-0.03, 0.03))) * self.wide
            half = float(self.rng.uniform(0.008, 0.02)) * self.width
            bend = float(self.rng.uniform(-0.03, 0.03)) * self.width
            draw.polygon(
                [
                    (at - half * 1.6, tall),
                    (at - half, tall * 0.6),
                    (at - half * 0.8 + bend, 0),
                    (at + half * 0.8 + bend, 0),
                    (at + half, tall * 0.6),
                    (at + half * 1.8, tall),
                ],
                fill=255,
            )
            for _ in range(3):
                y = float(self.rng.uniform(0.1, 0.5)) * tall
                way = float(self.rng.choice([-1, 1]))
                draw.line(
                    [(at + bend * 0.5, y), (at + way * 0.07 * self.width, y - 0.07 * tall)],
                    fill=255,
                    width=max(2, round(half * 0.35)),
                )
        foliage = brush.noise(self.rng, self.wide, tall, 0.1 * self.width, 4) + np.linspace(0.45, -1.2, tall)[:, None]
        mask = ImageChops.lighter(mask, brush.picture((foliage - 0.62) * 1400))
        image = brush.picture(
            brush.gradient(self.wide, tall, [(0, shade(self.palette.near, 0.55)), (1, shade(self.palette.near, 0.35))])
        )
        self.stage.layers.append(Layer(image, mask, self.left, self.top, near))

    def _rays(self) -> None:
        size = (self.wide // 4, round(1.4 * self.height) // 4)
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        origin = ((self.sun[0] - self.left) / 4 if self.sun else size[0] / 2, -size[1] * 0.2)
        for _ in range(9):
            angle = float(self.rng.uniform(-0.75, 0.75))
            spread = float(self.rng.uniform(0.015, 0.06))
            ends = [
                (origin[0] + math.sin(angle + d) * size[1] * 2, origin[1] + math.cos(angle + d) * size[1] * 2)
                for d in (-spread, spread)
            ]
            draw.polygon([origin, *ends], fill=int(self.rng.integers(40, 100)))
        mask = ImageChops.multiply(
            brush.soft(mask, 4), brush.picture(np.repeat(np.linspace(255, 20, size[1])[:, None], size[0], axis=1))
        )
        mask = mask.resize((size[0] * 4, size[1] * 4), Image.Resampling.BICUBIC)
        image = Image.new("RGB", mask.size, self.palette.light)
        sway = 0.012 * self.width
        self.stage.layers.append(
            Layer(image, mask, self.left, self.top, 0.4, lambda s: (sway * math.sin(s * 0.5), 0.0))
        )

    def motes(self) -> None:
        """Dust or fireflies in the light."""
        night = self.scene.is_dark or self.scene.time == "dusk"
        colour = (255, 226, 130) if night else mix(self.palette.light, (255, 255, 255), 0.3)
        size = round((0.022 if night else 0.011) * self.height) | 1
        glint = brush.spot(max(5, size), 1.8)
        motes = [
            (
                float(self.rng.random()),
                float(self.rng.uniform(0.25, 1)),
                float(self.rng.uniform(0, 6.28)),
                float(self.rng.uniform(0.4, 1.2)),
            )
            for _ in range(34)
        ]

        def float_about(frame: Image.Image, seconds: float, strength: float) -> None:
            for x, y, phase, speed in motes:
                px = (x + 0.02 * math.sin(seconds * speed + phase)) * self.width
                py = (y + 0.02 * math.cos(seconds * speed * 0.8 + phase) - 0.006 * seconds) * self.height
                level = (0.5 + 0.5 * math.sin(seconds * 2 * speed + phase * 2)) * strength * (0.9 if night else 0.55)
                frame.paste(colour, (round(px), round(py)), glint.point([int(v * level) for v in range(256)]))

        self.stage.overlays.append(float_about)

    def _city(self) -> None:
        self.sky(0.74)
        self.skyline(0.1, 0.76, 0.14, 0.42, 0.035)
        self.skyline(0.3, 0.8, 0.16, 0.5, 0.055)
        self.skyline(0.55, 0.86, 0.14, 0.46, 0.09)
        self._street()
        if self.named:
            self.put_things(0.92, None, 0.78)

    def _street(self) -> None:
        first = round(0.84 * self.height)
        tall = round((1 + ABOVE) * self.height) - first
        ground = shade(self.palette.near, 0.8)
        values = brush.gradient(
            self.wide, tall, [(0, mix(ground, self.palette.sky_low, 0.3)), (0.2, ground), (1, shade(ground, 0.6))]
        )
        wet = "rain" in self.scene.weather
        if self.scene.is_dark or wet or self.scene.time in ("dusk", "sunset"):
            for _ in range(46):
                x, half = int(self.rng.uniform(0, self.wide)), int(self.rng.uniform(3, 11) * self.height / 768)
                glow = np.array(
                    mix(
                        (255, 196, 110),
                        [(255, 70, 160), (60, 220, 255), (255, 190, 80)][int(self.rng.integers(3))],
                        float(self.rng.random()) if self.scene.mood == "futuristic" else 0.2,
                    ),
                    np.float32,
                )
                down = np.exp(-np.linspace(0, 3.4, tall))[:, None, None] * (0.7 if wet else 0.38)
                left, right = max(0, x - half), min(self.wide, x + half)
                values[:, left:right] += (glow - values[:, left:right]) * down
        image = brush.soft(brush.picture(values), 2.2 * self.height / 768)
        self.stage.layers.append(Layer(image, None, self.left, first, 0.7))
        lamps = Image.new("RGBA", (round(self.wide * 1.4), round(0.05 * self.height)))
        glint = brush.spot(max(9, round(0.03 * self.height) | 1), 1.5)
        for _ in range(26):
            x = int(self.rng.uniform(0, lamps.width - glint.width))
            colour = (255, 240, 210) if self.rng.random() < 0.5 else (255, 84, 66)
            for gap in (0, glint.width * 2):
                patch = Image.new("RGBA", glint.size, (*colour, 0))
                patch.putalpha(glint)
                lamps.alpha_composite(
                    patch, (min(lamps.width - glint.width, x + gap), int(self.rng.uniform(0, 0.014) * self.height))
                )
        speed = self.width * 0.07
        if self.scene.time != "day":
            self.stage.layers.append(
                Layer.of(
                    lamps,
                    self.left - self.width * 0.45,
                    first + 0.035 * self.height,
                    0.72,
                    motion=lambda s: (speed * s, 0.0),
                )
            )

    def _desert(self) -> None:
        self.sky(0.6)
        for near, base, rise, cell in (
            (0.12, 0.6, 0.1, 0.5),
            (0.34, 0.7, 0.16, 0.6),
            (0.6, 0.84, 0.2, 0.75),
            (0.95, 1.04, 0.2, 0.9),
        ):
            self._dune(near, base, rise, cell)
            if near == 0.6 and self.named:
                self.put_things(0.86, None, 0.66)

    def _dune(self, near: float, base: float, rise: float, cell: float) -> None:
        line = (base - rise * brush.ridge(self.rng, self.wide, cell * self.width, 2, 0.32)) * self.height
        first = int(line.min()) - 3
        tall = round((1 + ABOVE) * self.height) - first
        tone = mix(self.palette.far, self.palette.near, near)
        values = brush.gradient(
            self.wide, tall, [(0, mix(tone, self.palette.light, 0.34)), (0.5, tone), (1, shade(tone, 0.72))]
        )
        slope = np.gradient(line) / self.height * self.width
        way = -1 if self.sun and self.sun[0] < self.width / 2 else 1
        y = np.arange(tall, dtype=np.float32)[:, None] - (line - first)[None, :]
        lean = np.clip(0.5 + slope * way * 0.9, 0, 1)
        crest = np.exp(-np.clip(y, 0, None) / (0.2 * self.height))[..., None]
        lit = np.array(mix(tone, self.palette.light, 0.5), np.float32)
        dark = np.array(mix(shade(tone, 0.55), self.palette.sky_top, 0.15), np.float32)
        side = lit * lean[None, :, None] + dark * (1 - lean[None, :, None])
        values += (side - values) * crest * 0.62
        ripples = np.sin(
            (y * 0.9 + brush.noise(self.rng, self.wide, tall, 0.12 * self.width, 3) * 46) * 768 / self.height * 0.55
        )
        values *= (1 + 0.03 * near * ripples)[..., None]
        self.stage.layers.append(
            Layer(brush.picture(values), brush.mask_below(line - first, tall), self.left, first, near)
        )

    def _meadow(self) -> None:
        self.sky(0.62)
        self.land(0.14, 0.62, 0.16, 0.5, octaves=4, roughness=0.4, mist=0.7)
        self.land(0.32, 0.68, 0.12, 0.55, octaves=3, roughness=0.35)
        self.trees(0.36, 0.68, 0.05, 46)
        self.land(0.55, 0.8, 0.12, 0.7, octaves=3, roughness=0.3)
        if self.named:
            self.put_things(0.86, None, 0.66)
        self._grass(0.9, 1.0, 0.1)
        self._grass(1.0, 1.1, 0.15)
        if self.scene.time in ("dusk", "night") or self.scene.mood == "dreamy":
            self.motes()

    def _grass(self, near: float, base: float, size: float) -> None:
        tall = round((1 + ABOVE) * self.height) - round((base - size * 1.4) * self.height)
        image = Image.new("RGBA", (self.wide, tall))
        draw = ImageDraw.Draw(image)
        tone = shade(self.palette.near, 0.62 + 0.4 * (1 - near))
        draw.rectangle((0, size * 1.1 * self.height, self.wide, tall), fill=tone)
        blades = round(self.wide / self.height * 420)
        for _ in range(blades):
            x = float(self.rng.uniform(0, self.wide))
            rise = size * self.height * float(self.rng.uniform(0.4, 1.2))
            lean = float(self.rng.normal(0.1, 0.3)) * rise
            foot = size * 1.25 * self.height
            colour = mix(tone, self.palette.light, float(self.rng.uniform(0, 0.22)))
            half = max(1.0, 0.0022 * self.height)
            draw.polygon(
                [
                    (x - half, foot),
                    (x + lean * 0.4, foot - rise * 0.6),
                    (x + lean, foot - rise),
                    (x + lean * 0.4 + half, foot - rise * 0.55),
                    (x + half, foot),
                ],
                fill=colour,
            )
            if self.rng.random() < 0.07:
                petal = self.palette.accent if self.rng.random() < 0.7 else (245, 236, 220)
                if self.scene.is_dark:
                    petal = shade(petal, 0.35)
                r = 0.007 * self.height * float(self.rng.uniform(0.7, 1.4))
                draw.ellipse((x + lean - r, foot - rise - r, x + lean + r, foot - rise + r), fill=petal)
        phase, sway = near * 9, 0.004 * self.width
        self.stage.layers.append(
            Layer.of(
                image,
                self.left,
                (base - size * 1.4) * self.height,
                near,
                motion=lambda s: (sway * math.sin(s * 1.6 + phase), 0.0),
            )
        )

    def _space(self) -> None:
        palette = self.palette
        tall = round((1 + 2 * ABOVE) * self.height)
        values = brush.gradient(self.wide, tall, [(0, palette.sky_top), (1, palette.sky_low)])
        hues = [palette.accent, mix(palette.sky_low, (120, 70, 190), 0.7), (40, 110, 170)]
        for hue in hues:
            cloud = brush.noise(self.rng, self.wide, tall, self.width * 0.45, 6)
            veil = brush.noise(self.rng, self.wide, tall, self.width * 0.22, 5)
            values += np.array(hue, np.float32) * (np.clip(cloud * veil * 1.9 - 0.5, 0, 1) ** 1.3)[..., None] * 0.75
        self._stars(values, 0.0011)
        self.stage.layers.append(Layer(brush.picture(values), None, self.left, self.top, 0.0))
        near_stars = Image.new("RGBA", (self.wide, tall))
        draw = ImageDraw.Draw(near_stars)
        for _ in range(90):
            x, y, r = (
                float(self.rng.uniform(0, self.wide)),
                float(self.rng.uniform(0, tall)),
                float(self.rng.uniform(0.6, 2.1)) * self.height / 768,
            )
            draw.ellipse((x - r, y - r, x + r, y + r), fill=(235, 240, 255, 220))
        self.stage.layers.append(
            Layer.of(near_stars, self.left, self.top, 0.3, motion=lambda s: (-self.width * 0.008 * s, 0.0))
        )
        self._globe()
        if self.named:
            self.named = [name for name in self.named if name != "planet"]
            self.put_things(0.8, None, 0.75)

    def _globe(self) -> None:
        radius = round(self.height * float(self.rng.uniform(0.24, 0.36)))
        size = radius * 2 + 8
        axis = (np.arange(size, dtype=np.float32) - size / 2) / radius
        distance = np.hypot(axis[:, None], axis[None, :])
        depth = np.sqrt(np.clip(1 - distance**2, 0, 1))
        bands = brush.noise(self.rng, size, size * 3, size * 0.6, 5)[::3]
        light = np.clip(-axis[None, :] * 0.62 - axis[:, None] * 0.42 + depth * 0.62, 0.02, 1.1)
        tone = np.array(self.palette.accent, np.float32)
        other = np.array(mix(self.palette.accent, self.palette.light, 0.55), np.float32)
        values = (tone + (other - tone) * bands[..., None]) * light[..., None]
        rim = np.exp(-(((distance - 0.98) / 0.035) ** 2)) * np.clip(light, 0, 1)
        values += np.array(mix(self.palette.accent, (200, 230, 255), 0.7), np.float32) * rim[..., None] * 0.7
        mask = brush.picture(np.clip((1 - distance) * radius, 0, 1) * 255)
        x = (0.68 if self.scene.seed % 2 else 0.12) * self.width
        self.stage.layers.append(
            Layer(brush.picture(values), mask, x, self.height * float(self.rng.uniform(0.12, 0.4)), 0.16)
        )

    def _underwater(self) -> None:
        palette = self.palette
        tall = round((1 + 2 * ABOVE) * self.height)
        values = brush.gradient(
            self.wide,
            tall,
            [(0, mix(palette.sky_top, (200, 240, 240), 0.5)), (0.25, palette.sky_top), (1, palette.sky_low)],
        )
        self.stage.layers.append(Layer(brush.picture(values), None, self.left, self.top, 0.0))
        self._rays()
        self.land(0.2, 0.92, 0.2, 0.3, colour=mix(palette.far, palette.sky_low, 0.4), mist=0.3)
        self.land(0.45, 1.0, 0.2, 0.22, colour=mix(palette.far, palette.near, 0.5), mist=0.2)
        if not self.named:
            self.named = ["fish", "fish", "fish"]
        swimming = [name for name in self.named for _ in range(3 if name == "fish" else 1)]
        for i, name in enumerate(swimming[:5]):
            self.put(name, 0.2 + 0.19 * i, 0.92, None, 0.4 + 0.1 * i, followed=i == 0)
            self.stage.layers[-1].y += self.height * float(self.rng.uniform(-0.2, 0.2))
        self._weed(0.85)
        self.motes()

    def _weed(self, near: float) -> None:
        tall = round(0.8 * self.height)
        image = Image.new("RGBA", (self.wide, tall))
        draw = ImageDraw.Draw(image)
        for _ in range(46):
            x, rise = float(self.rng.uniform(0, self.wide)), float(self.rng.uniform(0.2, 0.6)) * self.height
            phase, half = float(self.rng.uniform(0, 6)), 0.008 * self.height
            colour = mix(
                self.palette.near,
                (self.palette.accent if self.rng.random() < 0.4 else (40, 130, 96)),
                float(self.rng.uniform(0.15, 0.5)),
            )
            points = [
                (x + math.sin(t * 4 + phase) * 0.02 * self.width * t, tall - rise * t, half * (1.1 - t))
                for t in (i / 14 for i in range(15))
            ]
            draw.polygon(
                [(px - w, py) for px, py, w in points] + [(px + w, py) for px, py, w in reversed(points)], fill=colour
            )
        sway = 0.006 * self.width
        self.stage.layers.append(
            Layer.of(
                image,
                self.left,
                (1 + ABOVE * 0.6) * self.height - tall,
                near,
                motion=lambda s: (sway * math.sin(s), 0.0),
            )
        )

    def _room(self) -> None:
        palette = self.palette
        tall = round((1 + 2 * ABOVE) * self.height)
        wall = mix(mix(palette.sky_low, (214, 200, 184), 0.6), (40, 40, 56), 0.6 if self.scene.is_dark else 0.12)
        values = brush.gradient(self.wide, tall, [(0, shade(wall, 0.82)), (0.6, wall), (1, shade(wall, 0.8))])
        xx = np.linspace(0, 1, self.wide)[None, :]
        yy = np.linspace(0, 1, tall)[:, None]
        beam = np.exp(-(((xx - 0.32 - 0.35 * yy) / 0.13) ** 2)) * (0.18 if self.scene.is_dark else 0.5)
        beam *= 0.75 + 0.25 * np.sign(np.sin((xx - 0.35 * yy) * 46))
        values += (np.array(palette.light, np.float32) - values) * np.clip(beam, 0, 1)[..., None]
        values *= 0.97 + 0.06 * brush.noise(self.rng, self.wide, tall, 8, 2)[..., None]
        self.stage.layers.append(Layer(brush.soft(brush.picture(values), 3), None, self.left, self.top, 0.1))
        frame = Image.new("RGBA", (round(0.3 * self.height), round(0.4 * self.height)), (*shade(wall, 0.5), 255))
        inner = brush.picture(
            brush.gradient(
                frame.width - 24,
                frame.height - 24,
                [(0, palette.sky_top), (0.7, palette.sky_low), (0.72, palette.far), (1, palette.near)],
            )
        )
        frame.paste(inner, (12, 12))
        self.stage.layers.append(Layer.of(frame, 0.7 * self.width, 0.1 * self.height, 0.12))
        line = np.full(self.wide, 0.76 * self.height)
        wood = shade((142, 98, 66), 0.45 if self.scene.is_dark else 1.0)
        self.land(0.5, 0.76, 0, 0.3, line=line, colour=wood, mist=0.0)
        if not self.named:
            self.named = [["vase", "fruit", "cup"], ["cup", "vase"], ["fruit", "cup"]][self.scene.seed % 3]
        self.put_things(0.9, None, 0.62)
        self.motes()

    def _abstract(self) -> None:
        palette = self.palette
        tall = round((1 + 2 * ABOVE) * self.height)
        colours = self.scene.colours or (palette.accent, palette.sky_top, palette.sky_low, palette.light)
        values = brush.gradient(self.wide, tall, [(0, shade(colours[-1], 0.5)), (1, shade(colours[0], 0.35))])
        self.stage.layers.append(Layer(brush.picture(values), None, self.left, self.top, 0.0))
        count = 8
        for i in range(count):
            colour = colours[i % len(colours)]
            line = (0.12 + 0.13 * i) * self.height + (
                brush.ridge(self.rng, self.wide, 0.45 * self.width, 3, 0.35) - 0.5
            ) * 0.34 * self.height
            first = int(line.min()) - 3
            deep = round((1 + ABOVE) * self.height) - first
            y = np.arange(deep, dtype=np.float32)[:, None] - (line - first)[None, :]
            tone = np.array(shade(colour, 0.75 + 0.3 * float(self.rng.random())), np.float32)
            shine = np.exp(-np.clip(y, 0, None) / (0.05 * self.height))[..., None]
            body = (
                tone * (0.8 - 0.25 * np.clip(y / self.height, 0, 1)[..., None])
                + (np.array(mix(colour, palette.light, 0.6), np.float32) - tone) * shine * 0.7
            )
            phase, sway = float(self.rng.uniform(0, 6)), 0.03 * self.width
            self.stage.layers.append(
                Layer(
                    brush.picture(body),
                    brush.mask_below(line - first, deep),
                    self.left,
                    first,
                    0.15 + 0.1 * i,
                    floats(phase, sway),
                )
            )
        if self.named:
            self.put_things(0.8, None, 0.8)
        self.motes()


def build_stage(scene: Scene, width: int, height: int) -> Stage:
    return Builder(scene, width, height).build()

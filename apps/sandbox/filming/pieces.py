"""What sets are made of: sky, land, water, trees, houses, and the things that a scene names."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from apps.sandbox.filming import brush
from apps.sandbox.filming.stage import ABOVE, SIDE, Layer, Stage
from apps.sandbox.filming.things import DRAWN, draw_thing, halo
from apps.sandbox.scene import Colour, Scene, mix, seed_of, shade


class Painter:
    """Paints the parts that any place is made of onto a stage."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self.scene, self.width, self.height = scene, width, height
        self.palette = scene.palette
        self.rng = np.random.default_rng(scene.seed)
        self.stage = Stage(width, height)
        self.left = -round(SIDE * width)  # where wide layers begin
        self.wide = width - 2 * self.left
        self.top = -round(ABOVE * height)
        self.sun: tuple[float, float] | None = None
        self.named = [thing for thing in scene.things if thing in DRAWN]

    # --- pieces ---

    def sky(self, horizon: float) -> None:
        palette, scene = self.palette, self.scene
        tall = round((horizon + 0.08) * self.height) - self.top
        values = brush.gradient(
            self.wide,
            tall,
            [(0, shade(palette.sky_top, 0.9)), (0.35, palette.sky_top), (0.97, palette.sky_low), (1, palette.sky_low)],
        )
        if scene.place != "space":
            self._shine(values, horizon)
        cover = 0.85 if scene.weather & {"clouds", "rain", "snow"} else 0.6 if scene.weather & {"fog"} else 0.42
        if scene.place not in ("space", "underwater"):
            clouds = brush.noise(self.rng, self.wide, tall * 2, self.width * 0.33, 6)[::2]  # flat clouds
            fade = np.linspace(1, 0.5, tall)[:, None]
            amount = np.clip((clouds - (1 - cover * 0.85)) * 2.6, 0, 1) * fade * (0.85 if not scene.is_dark else 0.4)
            lit = np.array(mix(palette.sky_low, palette.light, 0.55 if not scene.is_dark else 0.12), np.float32)
            dull = np.array(mix(palette.sky_top, palette.far, 0.5), np.float32)
            belly = np.clip((clouds - 0.72) * 2.4, 0, 1)[..., None]
            colour = lit * (1 - belly * 0.6) + dull * belly * 0.6
            values = values * (1 - amount[..., None]) + colour * amount[..., None]
        if scene.is_dark and not scene.weather & {"rain", "clouds", "fog", "snow"}:
            self._stars(values, 0.00042 if scene.place != "space" else 0.0013)
        self.stage.layers.append(Layer(brush.picture(values), None, self.left, self.top, 0.0))
        if scene.place not in ("space", "underwater") and cover > 0.5:
            self.drifting_clouds(horizon)

    def _shine(self, values: np.ndarray, horizon: float) -> None:
        """Sun or moon, and the light around it."""
        scene, palette = self.scene, self.palette
        low = {"dawn": 0.78, "day": 0.3, "sunset": 0.84, "dusk": 1.05, "night": 0.3}[scene.time]
        x = float(self.rng.uniform(0.24, 0.76)) * self.width
        y = horizon * low * self.height
        self.sun = (x, y)
        cx, cy = x - self.left, y - self.top
        yy, xx = np.mgrid[0 : values.shape[0], 0 : values.shape[1]].astype(np.float32)
        distance = np.hypot((xx - cx) / self.height, (yy - cy) * 1.25 / self.height)
        veiled = bool(scene.weather & {"rain", "clouds", "fog", "snow"})
        light = np.array(palette.light, np.float32)
        glow = (
            np.exp(-((distance / 0.42) ** 1.1))[..., None]
            * (0.3 if scene.time == "night" else 0.72)
            * (0.6 if veiled else 1)
        )
        values += (light - values) * glow
        if scene.time == "dusk" or veiled:
            return
        radius = 0.052 if scene.time in ("day", "night") else 0.075
        flat = np.hypot((xx - cx) / self.height, (yy - cy) / self.height)
        disc = np.clip((radius - flat) * self.height / 1.6, 0, 1)
        if scene.time == "night":
            bite = np.hypot((xx - cx - 0.022 * self.height) / self.height, (yy - cy + 0.01 * self.height) / self.height)
            if scene.seed % 2:
                disc *= 1 - np.clip((radius * 0.95 - bite) * self.height / 1.6, 0, 1)  # a crescent
        white = np.array(mix(palette.light, (255, 255, 250), 0.5), np.float32)
        values += (white - values) * disc[..., None]

    def _stars(self, values: np.ndarray, density: float) -> None:
        tall, wide = values.shape[:2]
        count = int(tall * wide * density)
        size = max(1.0, self.height / 768)
        for _ in range(count):
            x, y = int(self.rng.integers(3, wide - 4)), int(self.rng.integers(3, tall - 4) * self.rng.uniform(0.3, 1))
            bright = float(self.rng.random() ** 3) * 210 + 40
            tint = np.array([1, 0.96, 0.9]) if self.rng.random() < 0.3 else np.array([0.88, 0.94, 1])
            values[y, x] += bright * tint
            if bright > 120:
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    values[y + dy, x + dx] += bright * 0.4 * tint * size
        spots = [
            (
                float(self.rng.uniform(0, self.width)),
                float(self.rng.uniform(0, tall * 0.6)),
                float(self.rng.uniform(0, 6)),
            )
            for _ in range(26)
        ]
        colour = mix(self.palette.light, (255, 255, 255), 0.5)
        glint = brush.spot(max(7, round(9 * size)), 1.6)

        def twinkle(frame: Image.Image, seconds: float, strength: float) -> None:
            for x, y, phase in spots:
                level = max(0.0, math.sin(seconds * 2.4 + phase * 3)) ** 2 * strength
                if level > 0.05 and y < frame.height * 0.42:
                    frame.paste(colour, (round(x), round(y)), glint.point([int(v * level) for v in range(256)]))

        if density < 0.001:
            self.stage.overlays.append(twinkle)

    def drifting_clouds(self, horizon: float) -> None:
        tall = round(horizon * self.height * 0.7)
        wide = self.wide + round(self.width * 0.3)
        shape = brush.noise(self.rng, wide, tall * 2, self.width * 0.26, 5)[::2]
        fade = np.sin(np.linspace(0, math.pi, tall))[:, None]
        thick = 1.9 if self.scene.weather & {"clouds", "rain"} else 1.2
        mask = brush.picture(np.clip((shape - 0.5) * thick, 0, 1) * fade * (150 if self.scene.is_dark else 225))
        storm = bool(self.scene.weather & {"rain", "lightning"})
        light = mix(self.palette.sky_low, self.palette.light, 0.1 if storm or self.scene.is_dark else 0.6)
        image = brush.picture(brush.gradient(wide, tall, [(0, light), (1, mix(light, self.palette.far, 0.55))]))
        speed = self.width * (0.014 if "wind" not in self.scene.weather else 0.03)
        self.stage.layers.append(
            Layer(
                image,
                mask,
                self.left - self.width * 0.15,
                -self.height * 0.06,
                0.04,
                lambda s: (speed * s - speed * 3, 0.0),
            )
        )

    def land(
        self,
        near: float,
        base: float,
        rise: float,
        cell: float,
        *,
        octaves: int = 5,
        roughness: float = 0.5,
        colour: Colour | None = None,
        line: np.ndarray | None = None,
        snow: bool = False,
        mist: float = 0.5,
    ) -> np.ndarray:
        """A range of hills: its foot at `base`, up to `rise` high. Returns its line, in pixels of the frame."""
        height = self.height
        if line is None:
            rises = brush.ridge(self.rng, self.wide, cell * self.width, octaves, roughness, pointed=snow)
            line = (base - rise * rises) * height
        first = int(line.min()) - 3
        last = round((1 + ABOVE) * height)
        tall = last - first
        tone = colour or mix(self.palette.far, self.palette.near, near)
        haze = mix(tone, self.palette.sky_low, mist * (1 - near * 0.7))
        span = (base * height + 0.12 * height - first) / tall
        values = brush.gradient(
            self.wide, tall, [(0, mix(tone, self.palette.light, 0.07)), (min(0.98, max(0.02, span)), haze), (1, haze)]
        )
        texture = brush.noise(self.rng, self.wide, tall, 40 * height / 768, 4)[..., None]
        values *= 0.9 + 0.2 * texture
        if snow:
            y = np.arange(tall, dtype=np.float32)[:, None] + first
            below = (y - line[None, :]) / height
            jagged = brush.noise(self.rng, self.wide, tall, 30 * height / 768, 4)
            cap = np.clip(
                (
                    rise * 0.42
                    - below
                    - (jagged - 0.5) * rise * 0.7
                    - np.clip(line[None, :] / height - (base - rise), 0, 1) * 0.8
                )
                * 40,
                0,
                1,
            )
            slope = np.gradient(line)
            side = np.clip(
                0.5
                + np.convolve(slope, np.ones(9) / 9, "same")
                * (-0.35 if self.sun and self.sun[0] < self.width / 2 else 0.35),
                0.2,
                1,
            )
            white = np.array(mix(self.palette.light, self.palette.sky_low, 0.25), np.float32)
            blue = np.array(mix(tone, self.palette.sky_top, 0.35), np.float32)
            capped = white * side[None, :, None] + blue * (1 - side[None, :, None])
            values += (capped - values) * (cap * (0.9 - 0.3 * (1 - near)))[..., None]
        self.stage.layers.append(
            Layer(brush.picture(values), brush.mask_below(line - first, tall), self.left, first, near)
        )
        return line

    def water(self, horizon: float, bottom: float = 1.2, strips: int = 7) -> None:
        palette, height = self.palette, self.height
        first = round(horizon * height)
        tall = round(bottom * height) - first
        values = brush.gradient(
            self.wide,
            tall,
            [
                (0, mix(palette.water, palette.sky_low, 0.62)),
                (0.16, mix(palette.water, palette.sky_low, 0.25)),
                (0.5, palette.water),
                (1, shade(palette.water, 0.55)),
            ],
        )
        if self.sun and self.scene.time != "dusk":
            xx = (np.arange(self.wide) - (self.sun[0] - self.left)) / self.width
            yy = np.linspace(0, 1, tall)[:, None]
            path = np.exp(-((xx[None, :] / (0.03 + 0.12 * yy)) ** 2)) * (0.6 * (1 - yy) ** 0.7)
            if self.scene.weather & {"rain", "fog", "clouds", "snow"}:
                path *= 0.35
            values += (np.array(palette.light, np.float32) - values) * path[..., None]
        grain = brush.noise(self.rng, self.wide, tall * 6, 90 * height / 768, 4)[::6]
        values *= (0.94 + 0.12 * grain)[..., None]
        self.stage.layers.append(Layer(brush.picture(values), None, self.left, first, 0.2))
        self._strips(first, tall, strips)
        if self.sun and not self.scene.weather & {"rain", "fog", "clouds", "snow"} and self.scene.time != "dusk":
            self._glitter(first)

    def _strips(self, first: int, tall: int, count: int) -> None:
        palette, height = self.palette, self.height
        rough = (
            1.9
            if self.scene.weather & {"wind", "rain"} or self.scene.mood == "dramatic"
            else 0.7
            if self.scene.mood == "calm"
            else 1.0
        )
        for i in range(count):
            share = ((i + 0.6) / count) ** 1.5
            y = first + share * (height * 1.04 - first)
            size = (0.006 + 0.034 * share) * height * rough
            x = np.arange(self.wide)
            crest = np.zeros(self.wide)
            for k in range(4):
                length = (0.05 + 0.16 * share) * self.width * (0.62**k) * float(self.rng.uniform(0.85, 1.15))
                crest += 0.6**k * np.abs(np.sin(x / length * math.pi + float(self.rng.uniform(0, 6)))) ** 1.4
            line = size * 1.6 - crest / crest.max() * size
            deep = round(size * 2 + height * 0.04 + share * height * 0.1)
            tone = mix(mix(palette.water, palette.sky_low, 0.3), shade(palette.water, 0.5), share)
            yy = np.arange(deep, dtype=np.float32)[:, None] - line[None, :].astype(np.float32)
            foam = np.exp(-np.clip(yy, 0, None) / (0.9 + 3.2 * share * rough))[..., None] * (0.5 + 0.3 * (rough > 1.5))
            bright = np.array(mix(palette.sky_low, palette.light, 0.5), np.float32)
            values = np.array(tone, np.float32) * (1 - foam) + bright * foam
            fade = np.clip(1 - yy / (deep - size * 1.6), 0, 1) ** 0.8
            mask = brush.picture(np.clip(yy + 0.5, 0, 1) * fade * 235)
            phase, way = float(self.rng.uniform(0, 6)), 1 if i % 2 else -1
            sway, bob = (0.008 + 0.03 * share) * self.width, size * 0.55

            def motion(
                s: float, phase: float = phase, way: int = way, sway: float = sway, bob: float = bob
            ) -> tuple[float, float]:
                return way * sway * math.sin(s * 0.75 + phase), bob * math.sin(s * 1.35 + phase * 1.7)

            near = 0.24 + 0.66 * share
            self.stage.layers.append(Layer(brush.picture(values), mask, self.left, y - size, near, motion))

    def _glitter(self, first: int) -> None:
        if not self.sun:
            return
        centre, height, width = self.sun[0], self.height, self.width
        sparks = []
        for _ in range(90):
            share = float(self.rng.random()) ** 1.4
            sparks.append(
                (
                    centre + float(self.rng.normal(0, 0.018 + 0.07 * share)) * width,
                    share,
                    float(self.rng.uniform(0, 6.28)),
                    float(self.rng.uniform(2, 5)),
                )
            )
        colour = mix(self.palette.light, (255, 255, 255), 0.4)

        image = Image.new("RGB", (self.wide, height - first + round(0.2 * height)), colour)

        def mask_at(seconds: float) -> Image.Image:
            mask = Image.new("L", image.size)
            draw = ImageDraw.Draw(mask)
            for x, share, phase, speed in sparks:
                level = max(0.0, math.sin(seconds * speed + phase)) ** 3
                half = (0.004 + 0.012 * share) * width * (0.5 + level)
                y = share * (height - first) * 0.95 + 3
                thick = max(1, round((0.0015 + 0.003 * share) * height))
                if level > 0.05:
                    left = x - self.left
                    draw.rounded_rectangle(
                        (left - half, y, left + half, y + thick), thick / 2, fill=int(220 * level * (1 - share * 0.4))
                    )
            return mask

        layer = Layer(image, mask_at(0.0), self.left, first, 0.3)

        def motion(seconds: float) -> tuple[float, float]:
            layer.mask = mask_at(seconds)
            return 0.0, 0.0

        layer.motion = motion
        self.stage.layers.append(layer)

    def trees(self, near: float, base: float, size: float, count: int, colour: Colour | None = None) -> None:
        """A line of firs on uneven ground."""
        height = self.height
        tone = colour or mix(self.palette.far, self.palette.near, near)
        line = (base - 0.05 * size * brush.ridge(self.rng, self.wide, 0.3 * self.width)) * height
        first = round((base - size * 1.25) * height)
        tall = round((1 + ABOVE) * height) - first
        mask = brush.mask_below(line - first, tall)
        draw = ImageDraw.Draw(mask)
        for x in sorted(self.rng.uniform(0, self.wide, count)):
            tree = size * height * float(self.rng.uniform(0.55, 1.15))
            foot = float(line[min(self.wide - 1, int(x))]) - first + 4
            tiers = 7
            for tier in range(tiers):
                share = tier / tiers
                half = tree * (0.035 + 0.17 * share) * float(self.rng.uniform(0.85, 1.1))
                y = foot - tree * (1 - share)
                draw.polygon([(x, y - tree * 0.04), (x - half, y + tree * 0.19), (x + half, y + tree * 0.19)], fill=255)
        haze = mix(tone, self.palette.sky_low, 0.6 * (1 - near))
        values = brush.gradient(
            self.wide, tall, [(0, mix(tone, self.palette.light, 0.05)), (0.45, tone), (0.75, haze), (1, haze)]
        )
        self.stage.layers.append(Layer(brush.picture(values), mask, self.left, first, near))

    def skyline(self, near: float, base: float, low: float, high: float, wide: float) -> None:
        height = self.height
        first = round((base - high) * height) - 8
        tall = round((1 + ABOVE) * height) - first
        tone = mix(self.palette.far, self.palette.near, near)
        image = brush.picture(
            brush.gradient(self.wide, tall, [(0, tone), (1, mix(tone, self.palette.sky_low, 0.35 * (1 - near)))])
        )
        mask = Image.new("L", (self.wide, tall))
        draw, cut = ImageDraw.Draw(image), ImageDraw.Draw(mask)
        lit = {"night": 0.5, "dusk": 0.42, "sunset": 0.24, "dawn": 0.16, "day": 0.0}[self.scene.time]
        neon = self.scene.mood == "futuristic"
        signs = [(255, 70, 160), (60, 220, 255), (170, 90, 255), (255, 190, 80)]
        unit = height / 768
        x = 0.0
        while x < self.wide:
            span = wide * self.width * float(self.rng.uniform(0.6, 1.4))
            rise = height * float(self.rng.uniform(low, high) if self.rng.random() > 0.14 else high)
            y = base * height - rise - first
            body = mix(tone, self.palette.light, float(self.rng.uniform(0, 0.08)))
            draw.rectangle((x, y, x + span, tall), fill=body)
            draw.rectangle((x + span * 0.8, y, x + span, tall), fill=mix(body, (0, 0, 0), 0.18))
            cut.rectangle((x, y, x + span, tall), fill=255)
            if self.rng.random() < 0.3:
                cut.rectangle((x + span * 0.48, y - 0.05 * height, x + span * 0.5 + 1, y), fill=255)
            elif self.rng.random() < 0.4:
                cut.rectangle((x + span * 0.2, y - 0.018 * height, x + span * 0.7, y), fill=255)
            cell_x, cell_y = max(5, 11 * unit * (0.5 + near)), max(6, 15 * unit * (0.5 + near))
            wy = y + cell_y
            while wy < tall - cell_y and wy < y + rise:
                wx = x + cell_x * 0.6
                while wx < x + span - cell_x:
                    chance = float(self.rng.random())
                    if chance < lit:
                        glow = mix(self.palette.light, (255, 206, 120), float(self.rng.uniform(0.4, 1)))
                        if neon and chance < lit * 0.3:
                            glow = signs[int(self.rng.integers(4))]
                        draw.rectangle(
                            (wx, wy, wx + cell_x * 0.55, wy + cell_y * 0.5),
                            fill=mix(body, glow, float(self.rng.uniform(0.5, 1))),
                        )
                    elif chance > 0.6:
                        draw.rectangle(
                            (wx, wy, wx + cell_x * 0.55, wy + cell_y * 0.5), fill=mix(body, self.palette.sky_top, 0.25)
                        )
                    wx += cell_x
                wy += cell_y
            if neon and near > 0.4 and self.rng.random() < 0.6:
                sign = signs[int(self.rng.integers(4))]
                sx, sy = x + span * 0.3, y + rise * float(self.rng.uniform(0.1, 0.4))
                draw.rounded_rectangle((sx, sy, sx + span * 0.18, sy + rise * 0.25), 4 * unit, fill=sign)
            x += span + float(self.rng.choice([0, 0, 2, 14])) * unit
        self.stage.layers.append(Layer(image, mask, self.left, first, near))

    # --- things ---

    def put_things(self, ground: float, water: float | None, near: float) -> None:
        """What the prompt names, side by side; the first is what the camera follows."""
        shown = [name for name in self.named if not (name == "tree" and self.scene.place == "forest")][:4]
        places = {1: [0.5], 2: [0.36, 0.68], 3: [0.28, 0.54, 0.8], 4: [0.2, 0.42, 0.64, 0.86]}.get(len(shown), [])
        if len(shown) == 1 and self.sun:
            places = [0.36 if self.sun[0] > self.width / 2 else 0.62]
        for i, name in enumerate(shown):
            self.put(name, places[i], ground, water, near, followed=i == 0)

    def put(self, name: str, x: float, ground: float, water: float | None, near: float, *, followed: bool) -> None:
        scale = 1.15 if len(self.named) == 1 else 0.95
        image = draw_thing(name, self.height, self.palette, dark=self.scene.is_dark, scale=scale)
        where = DRAWN[name][3]
        if self.scene.place == "space" and where != "air":
            where = "air"
        if self.scene.place == "underwater":
            where = "air" if where in ("air", "water") else where
        if where == "water" and water is None:
            where = "ground"
        if (name in ("lantern", "lighthouse", "robot", "rocket") and self.scene.is_dark) or name == "lantern":
            image = halo(image, mix(self.palette.light, self.palette.accent, 0.3), 0.025 * self.height)
        if where == "air":
            y = (0.46 if self.scene.place in ("space", "underwater") else 0.32) * self.height - image.height / 2
        else:
            foot = (water if where == "water" and water is not None else ground) * self.height
            y = foot - image.height * (0.96 if where == "ground" else 0.9)
        moving = {
            "boat": 0.014,
            "car": 0.05,
            "train": 0.04,
            "horse": 0.02,
            "dog": 0.02,
            "person": 0.012,
            "whale": 0.016,
            "fish": 0.03,
            "dragon": 0.03,
        }.get(name, 0.0)
        drift = moving * self.width
        bob = self.height * {"air": 0.014, "water": 0.008, "ground": 0.0}[where]
        step = self.height * (0.004 if name in ("person", "horse", "dog") else 0.0)
        phase = seed_of(self.scene.seed, name) % 7

        def motion(s: float) -> tuple[float, float]:
            return drift * (s - 3), bob * math.sin(s * 1.3 + phase) - step * abs(math.sin(s * 5))

        layer = Layer.of(image, x * self.width - image.width / 2, y, near, motion=motion, followed=followed)
        self.stage.layers.append(layer)

    def birds(self) -> None:
        count = 9
        flock = [
            (
                float(self.rng.normal(0, 0.07)),
                float(self.rng.normal(0, 0.04)),
                float(self.rng.uniform(0.6, 1.2)),
                float(self.rng.uniform(0, 6)),
            )
            for _ in range(count)
        ]
        colour = (
            mix(self.palette.near, (10, 12, 18), 0.5)
            if not self.scene.is_dark
            else mix(self.palette.far, self.palette.light, 0.4)
        )
        unit = self.height * 0.018

        def fly(frame: Image.Image, seconds: float, strength: float) -> None:
            draw = ImageDraw.Draw(frame)
            cx, cy = (0.22 + 0.075 * seconds) * self.width, (0.28 - 0.008 * seconds) * self.height
            for dx, dy, size, phase in flock:
                x, y = cx + dx * self.width, cy + dy * self.height + math.sin(seconds + phase) * unit * 0.5
                flap = math.sin(seconds * 7 * (1.3 - 0.3 * size) + phase)
                wing = unit * size
                thick = max(2, round(wing * 0.16))
                for side in (-1, 1):
                    draw.line(
                        [
                            (x, y),
                            (x + side * wing * 0.55, y - wing * (0.25 + 0.3 * flap)),
                            (x + side * wing * 1.15, y - wing * 0.5 * flap),
                        ],
                        fill=colour,
                        width=thick,
                        joint="curve",
                    )

        self.stage.overlays.append(fly)

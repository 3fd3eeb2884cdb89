"""The set of a film: layers at different distances, painted once from a scene, and what moves on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from apps.sandbox.filming import brush
from apps.sandbox.filming.camera import View
from apps.sandbox.filming.things import DRAWN, draw_thing, halo
from apps.sandbox.scene import Colour, Scene, mix, seed_of, shade

SIDE, ABOVE = 0.26, 0.2  # painted beyond the frame, in shares of its width and height

Motion = Callable[[float], tuple[float, float]]  # seconds → pixels
Overlay = Callable[[Image.Image, float, float], None]  # frame, seconds, strength


def stays(seconds: float) -> tuple[float, float]:
    return 0.0, 0.0


def _drifts(speed: float) -> Motion:
    return lambda seconds: (speed * (seconds - 3), 0.0)


def _floats(phase: float, sway: float) -> Motion:
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


class Builder:
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

    # --- weather ---

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
                    _drifts(speed),
                ),
            )

    # --- places ---

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
                    _floats(phase, sway),
                )
            )
        if self.named:
            self.put_things(0.8, None, 0.8)
        self.motes()


def build_stage(scene: Scene, width: int, height: int) -> Stage:
    return Builder(scene, width, height).build()

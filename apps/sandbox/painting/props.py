"""Things that people built, drawn into a landscape."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from apps.sandbox.painting.brief import Brief
from apps.sandbox.painting.canvas import Array, Colour, blur, grid, mix, rgb, screen
from apps.sandbox.painting.noise import Generator
from apps.sandbox.painting.sky import Light


class Sketch:
    """A layer to draw on in the picture's own pixels; colours are lit as they are laid down."""

    def __init__(self, picture: Array, light: Light, mist: float) -> None:
        self.picture, self.light, self.mist = picture, light, mist
        self.height, self.width = picture.shape[:2]
        self.layer = Image.new("RGBA", (self.width * 2, self.height * 2))
        self.pen = ImageDraw.Draw(self.layer)
        self.glow = light.middle * 0.5 + light.horizon * 0.3 + light.sun * (0.55 * light.strength)
        self.side = 1 if light.x > 0.5 else -1

    def fill(self, colour: Colour | Array, bright: float = 1.0, *, raw: bool = False) -> tuple[int, int, int, int]:
        value = rgb(colour) * (1.0 if raw else self.glow * bright)
        red, green, blue = (np.clip(mix(value, self.light.haze, 0 if raw else self.mist), 0, 1) * 255).astype(int)
        return int(red), int(green), int(blue), 255

    def shape(
        self, points: list[tuple[float, float]], colour: Colour | Array, bright: float = 1.0, *, raw: bool = False
    ) -> None:
        self.pen.polygon([(x * 2, y * 2) for x, y in points], fill=self.fill(colour, bright, raw=raw))

    def disc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour | Array,
        bright: float = 1.0,
        *,
        raw: bool = False,
    ) -> None:
        box = [(x - rx) * 2, (y - ry) * 2, (x + rx) * 2, (y + ry) * 2]
        self.pen.ellipse(box, fill=self.fill(colour, bright, raw=raw))

    def rest(self) -> Array:
        image = np.asarray(self.layer.reduce(2), np.float32) / 255
        return self.picture * (1 - image[..., 3:]) + image[..., :3] * image[..., 3:]


def lighthouse(picture: Array, light: Light, brief: Brief, x: float, foot: float, tall: float) -> Array:
    sketch = Sketch(picture, light, 0.05)
    stripe = brief.colour("lighthouse", otherwise=(0.78, 0.16, 0.13))
    low, high = tall * 0.115, tall * 0.07
    rock = [
        (x - tall * 0.5, foot + tall * 0.16),
        (x - tall * 0.3, foot),
        (x + tall * 0.28, foot - 2),
        (x + tall * 0.55, foot + tall * 0.16),
    ]
    sketch.shape(rock, (0.25, 0.22, 0.20))
    bands = 6
    for band in range(bands):
        a, b = band / bands, (band + 1) / bands
        wa, wb = low + (high - low) * a, low + (high - low) * b
        ya, yb = foot - tall * 0.78 * a, foot - tall * 0.78 * b
        colour = stripe if band % 2 else (0.96, 0.95, 0.92)
        slices = 10
        for part in range(slices):
            left, right = -1 + 2 * part / slices, -1 + 2 * (part + 1) / slices
            shine = 0.5 + 0.75 * max(0.0, math.cos((left + 1 / slices - sketch.side * 0.55) * 1.35))
            sketch.shape(
                [(x + wa * left, ya), (x + wa * right, ya), (x + wb * right, yb), (x + wb * left, yb)], colour, shine
            )
    top = foot - tall * 0.78
    sketch.shape(
        [
            (x - high * 1.5, top),
            (x + high * 1.5, top),
            (x + high * 1.5, top - tall * 0.02),
            (x - high * 1.5, top - tall * 0.02),
        ],
        (0.15, 0.15, 0.17),
    )
    lamp_y = top - tall * 0.07
    dark = light.night or brief.time in ("dusk", "sunset", "dawn")
    lamp = (1.0, 0.93, 0.66) if dark else (0.75, 0.82, 0.85)
    sketch.shape(
        [
            (x - high * 0.8, top - tall * 0.02),
            (x + high * 0.8, top - tall * 0.02),
            (x + high * 0.8, top - tall * 0.12),
            (x - high * 0.8, top - tall * 0.12),
        ],
        lamp,
        raw=dark,
    )
    sketch.shape(
        [(x - high * 1.15, top - tall * 0.12), (x + high * 1.15, top - tall * 0.12), (x, top - tall * 0.22)],
        stripe,
        0.8,
    )
    out = sketch.rest()
    if dark:
        out = glow(out, x, lamp_y, tall * 0.6, (1, 0.85, 0.5), 0.8)
        height, width = out.shape[:2]
        rows, columns = grid(height, width)
        direction = -1 if x > width / 2 else 1
        along = (columns - x) * direction
        beam = (
            np.exp(-(((rows - lamp_y + along * 0.10) / (4 + np.maximum(along, 0) * 0.09)) ** 2))
            * (along > 0)
            * np.exp(-np.maximum(along, 0) / width * 1.8)
        )
        out = screen(out, beam[..., None] * rgb((1, 0.93, 0.7)) * 0.55)
    return out


def glow(picture: Array, x: float, y: float, radius: float, colour: Colour, strength: float) -> Array:
    rows, columns = grid(*picture.shape[:2])
    near = np.exp(-np.sqrt((columns - x) ** 2 + (rows - y) ** 2) / radius * 3)
    return screen(picture, near[..., None] * rgb(colour) * strength)


def boat(picture: Array, light: Light, brief: Brief, rng: Generator, x: float, foot: float, tall: float) -> Array:
    sketch = Sketch(picture, light, 0.12)
    side = 1 if rng.random() < 0.5 else -1
    hull = brief.colour(
        "boat",
        otherwise=[(0.45, 0.22, 0.14), (0.16, 0.24, 0.38), (0.85, 0.84, 0.80), (0.62, 0.15, 0.14)][
            int(rng.integers(4))
        ],
    )
    sail = (
        brief.colour("boat", otherwise=(0.97, 0.94, 0.88))
        if sum(hull) < 1.5 and "boat" in brief.own
        else (0.97, 0.94, 0.88)
    )
    wide = tall * 0.36

    def at(dx: float, dy: float) -> tuple[float, float]:
        return x + dx * side, foot - dy

    sketch.shape(
        [
            at(-wide, tall * 0.11),
            at(wide * 1.15, tall * 0.13),
            at(wide * 0.75, -tall * 0.01),
            at(-wide * 0.75, -tall * 0.01),
        ],
        hull,
    )
    sketch.shape(
        [
            at(-wide, tall * 0.11),
            at(wide * 1.15, tall * 0.13),
            at(wide * 1.1, tall * 0.105),
            at(-wide * 0.97, tall * 0.085),
        ],
        (0.95, 0.93, 0.88),
    )
    sketch.shape(
        [at(-tall * 0.006, tall * 0.1), at(tall * 0.008, tall * 0.1), at(tall * 0.004, tall), at(-tall * 0.002, tall)],
        (0.3, 0.2, 0.14),
    )
    for step in range(12):
        a, b = step / 12, (step + 1) / 12
        belly = 0.06 * math.sin(math.pi * (a + b) / 2)
        sketch.shape(
            [
                at(-wide * 0.92 * (1 - a) - belly * tall, tall * (0.16 + 0.80 * a)),
                at(-wide * 0.92 * (1 - b) - belly * tall, tall * (0.16 + 0.80 * b)),
                at(-tall * 0.012, tall * (0.16 + 0.80 * b)),
                at(-tall * 0.012, tall * (0.16 + 0.80 * a)),
            ],
            sail,
            0.88 + 0.3 * a,
        )
    sketch.shape([at(tall * 0.025, tall * 0.17), at(wide * 1.0, tall * 0.17), at(tall * 0.02, tall * 0.86)], sail, 0.72)
    out = sketch.rest()
    return _mirror(out, picture, int(foot), 0.42)


def _mirror(out: Array, before: Array, foot: int, strength: float) -> Array:
    """What was just added shows in the water below `foot`."""
    height = out.shape[0]
    rows = min(height - foot, foot)
    if rows < 4:
        return out
    added = np.abs(out - before).sum(-1) > 0.02
    above, mask = out[foot - rows : foot][::-1], added[foot - rows : foot][::-1]
    wobble = (np.sin(np.arange(rows) * 0.55) * np.linspace(0.5, 7, rows)).astype(int)
    columns = (np.arange(out.shape[1])[None, :] + wobble[:, None]) % out.shape[1]
    index = np.arange(rows)[:, None]
    soft = blur(mask[index, columns].astype(np.float32), 1.5) * strength
    result = out.copy()
    result[foot : foot + rows] = mix(out[foot : foot + rows], above[index, columns] * 0.8, soft[..., None])
    return result


def house(picture: Array, light: Light, brief: Brief, rng: Generator, x: float, foot: float, tall: float) -> Array:
    sketch = Sketch(picture, light, 0.04)
    wall = brief.colour(
        "house",
        otherwise=[(0.80, 0.74, 0.64), (0.55, 0.22, 0.17), (0.42, 0.30, 0.20), (0.86, 0.84, 0.80)][
            int(rng.integers(4))
        ],
    )
    roof = (
        (0.93, 0.95, 0.98)
        if brief.season == "winter"
        else [(0.40, 0.18, 0.13), (0.25, 0.24, 0.26)][int(rng.integers(2))]
    )
    w = tall * 0.62
    s = -sketch.side
    gable = [
        (x + s * w * 0.1, foot),
        (x + s * w, foot),
        (x + s * w, foot - tall * 0.5),
        (x + s * w * 0.55, foot - tall),
        (x + s * w * 0.1, foot - tall * 0.5),
    ]
    sketch.shape(
        [
            (x - s * w, foot),
            (x + s * w * 0.1, foot),
            (x + s * w * 0.1, foot - tall * 0.5),
            (x - s * w, foot - tall * 0.5),
        ],
        wall,
        1.1,
    )
    sketch.shape(gable, wall, 0.62)
    sketch.shape(
        [
            (x - s * w * 1.08, foot - tall * 0.47),
            (x + s * w * 0.08, foot - tall * 0.47),
            (x + s * w * 0.56, foot - tall * 1.03),
            (x - s * w * 0.60, foot - tall * 1.03),
        ],
        roof,
        1.0,
    )
    sketch.shape(
        [
            (x + s * w * 0.5, foot - tall * 1.03),
            (x + s * w * 0.58, foot - tall * 1.03),
            (x + s * w * 1.1, foot - tall * 0.45),
            (x + s * w * 1.02, foot - tall * 0.43),
        ],
        roof,
        0.7,
    )
    sketch.shape(
        [
            (x - s * w * 0.35, foot - tall * 0.9),
            (x - s * w * 0.2, foot - tall * 0.9),
            (x - s * w * 0.2, foot - tall * 1.22),
            (x - s * w * 0.35, foot - tall * 1.22),
        ],
        (0.4, 0.28, 0.24),
        0.9,
    )
    warm = light.night or brief.time in ("dusk", "sunset", "dawn") or brief.weather in ("snow", "rain", "fog", "storm")
    pane: Colour = (1.0, 0.80, 0.42) if warm else (0.30, 0.36, 0.42)
    windows = [(-0.78, 0.18, 0.16), (-0.42, 0.18, 0.16), (0.46, 0.2, 0.18)]
    for dx, dy, size in windows:
        sketch.shape(
            [
                (x + s * w * dx, foot - tall * dy),
                (x + s * w * (dx + size), foot - tall * dy),
                (x + s * w * (dx + size), foot - tall * (dy + 0.17)),
                (x + s * w * dx, foot - tall * (dy + 0.17)),
            ],
            pane,
            raw=warm,
        )
    out = sketch.rest()
    if warm:
        for dx, dy, _ in windows:
            out = glow(out, x + s * w * (dx + 0.08), foot - tall * (dy + 0.08), tall * 0.5, (1, 0.65, 0.25), 0.45)
    return out


def castle(picture: Array, light: Light, brief: Brief, x: float, foot: float, tall: float) -> Array:
    sketch = Sketch(picture, light, 0.28)
    stone = brief.colour("castle", otherwise=(0.58, 0.53, 0.48))
    for dx, wide, high, pointed in (
        (-0.34, 0.10, 0.62, True),
        (0.0, 0.32, 0.42, False),
        (0.36, 0.11, 0.55, True),
        (-0.12, 0.085, 0.95, True),
        (0.14, 0.10, 0.75, True),
    ):
        left, right, top = x + (dx - wide) * tall, x + (dx + wide) * tall, foot - high * tall
        middle = x + dx * tall
        sketch.shape(
            [(left, foot + tall * 0.05), (middle, foot + tall * 0.05), (middle, top), (left, top)],
            stone,
            1.15 if sketch.side < 0 else 0.7,
        )
        sketch.shape(
            [(middle, foot + tall * 0.05), (right, foot + tall * 0.05), (right, top), (middle, top)],
            stone,
            0.7 if sketch.side < 0 else 1.15,
        )
        if pointed:
            sketch.shape(
                [(left - wide * tall * 0.2, top), (right + wide * tall * 0.2, top), (middle, top - wide * tall * 3)],
                (0.30, 0.22, 0.30),
                0.9,
            )
        else:
            teeth = 9
            for tooth in range(0, teeth, 2):
                a, b = left + (right - left) * tooth / teeth, left + (right - left) * (tooth + 1) / teeth
                sketch.shape([(a, top), (b, top), (b, top - tall * 0.03), (a, top - tall * 0.03)], stone)
        if light.night or brief.time in ("dusk", "sunset"):
            sketch.disc(middle, top + high * tall * 0.3, tall * 0.012, tall * 0.022, (1, 0.8, 0.4), raw=True)
    return sketch.rest()


def balloon(picture: Array, light: Light, brief: Brief, rng: Generator, x: float, y: float, radius: float) -> Array:
    sketch = Sketch(picture, light, 0.10)
    sets: list[tuple[Colour, Colour]] = [
        ((0.88, 0.25, 0.18), (0.97, 0.80, 0.30)),
        ((0.16, 0.42, 0.66), (0.96, 0.92, 0.84)),
        ((0.92, 0.52, 0.18), (0.60, 0.16, 0.32)),
        ((0.20, 0.55, 0.45), (0.98, 0.86, 0.45)),
    ]
    first, second = sets[int(rng.integers(len(sets)))]
    first = brief.colour("balloon", otherwise=first)
    gores = 12
    steps = 26
    for gore in range(gores):
        a, b = -math.pi / 2 + math.pi * gore / gores, -math.pi / 2 + math.pi * (gore + 1) / gores
        left, right = [], []
        for step in range(steps + 1):
            v = step / steps
            girth = (
                math.sqrt(max(0.0, 1 - ((v * 1.0 - 0.42) / 0.42) ** 2))
                if v < 0.42
                else 1 - ((v - 0.42) / 0.58) ** 1.7 * 0.8
            )
            left.append((x + math.sin(a) * girth * radius, y - radius + v * radius * 2.3))
            right.append((x + math.sin(b) * girth * radius, y - radius + v * radius * 2.3))
        shine = 0.55 + 0.65 * max(0.0, math.cos((a + b) / 2 - sketch.side * 0.7))
        sketch.shape(left + right[::-1], first if gore % 2 else second, shine)
    bottom = y + radius * 1.3
    sketch.shape(
        [
            (x - radius * 0.15, bottom + radius * 0.22),
            (x + radius * 0.15, bottom + radius * 0.22),
            (x + radius * 0.12, bottom + radius * 0.45),
            (x - radius * 0.12, bottom + radius * 0.45),
        ],
        (0.42, 0.27, 0.15),
    )
    for dx in (-0.13, 0.13):
        sketch.shape(
            [
                (x + radius * dx, bottom + radius * 0.22),
                (x + radius * dx + 1, bottom + radius * 0.22),
                (x + radius * dx * 1.4 + 1, bottom),
                (x + radius * dx * 1.4, bottom),
            ],
            (0.2, 0.15, 0.1),
        )
    return sketch.rest()


def windmill(picture: Array, light: Light, rng: Generator, x: float, foot: float, tall: float) -> Array:
    sketch = Sketch(picture, light, 0.08)
    hub = foot - tall * 0.68
    sketch.shape(
        [(x - tall * 0.15, foot), (x + tall * 0.15, foot), (x + tall * 0.08, hub), (x - tall * 0.08, hub)],
        (0.78, 0.72, 0.62),
    )
    sketch.shape([(x - tall * 0.10, hub), (x + tall * 0.10, hub), (x, hub - tall * 0.11)], (0.36, 0.20, 0.15))
    turn = float(rng.uniform(0.1, 1.4))
    for blade in range(4):
        angle = turn + blade * math.pi / 2
        dx, dy = math.cos(angle), math.sin(angle)
        px, py = -dy * tall * 0.05, dx * tall * 0.05
        tip = (x + dx * tall * 0.42, hub + dy * tall * 0.42)
        sketch.shape(
            [(x, hub), tip, (tip[0] + px, tip[1] + py), (x + dx * tall * 0.08 + px, hub + dy * tall * 0.08 + py)],
            (0.92, 0.88, 0.78),
            0.9,
        )
    return sketch.rest()

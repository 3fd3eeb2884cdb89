"""Simple silhouettes of what can be named in a prompt, with a little light and colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFilter

from apps.sandbox.scene import Colour, Palette, mix, shade

Points = Sequence[tuple[float, float]]
SUPER = 3  # drawn so many times larger, for soft edges


def _catmull_rom(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


class Pen:
    """Draws in a box whose width and height are 1."""

    def __init__(self, width: int, height: int, palette: Palette, dark: bool) -> None:
        self.width, self.height = width * SUPER, height * SUPER
        self.image = Image.new("RGBA", (self.width, self.height))
        self._draw = ImageDraw.Draw(self.image)
        self.body = mix(palette.near, (16, 18, 26), 0.4)
        self.edge = mix(self.body, palette.light, 0.28)
        self.accent = shade(palette.accent, 0.6) if dark else palette.accent
        self.deep = mix(self.accent, self.body, 0.45)
        self.pale = mix(palette.light, self.body, 0.15 if not dark else 0.5)
        self.glow = palette.light if dark else mix(palette.light, (255, 214, 140), 0.4)

    def _at(self, points: Points) -> list[tuple[float, float]]:
        return [(x * self.width, y * self.height) for x, y in points]

    def polygon(self, points: Points, colour: Colour) -> None:
        self._draw.polygon(self._at(points), fill=colour)

    def curve(self, points: Points, colour: Colour) -> None:
        """A closed smooth form through the points."""
        smooth: list[tuple[float, float]] = []
        count = len(points)
        for i in range(count):
            p0, p1, p2, p3 = (points[(i + k - 1) % count] for k in range(4))
            for step in range(8):
                t = step / 8
                x, y = (_catmull_rom(p0[k], p1[k], p2[k], p3[k], t) for k in (0, 1))
                smooth.append((x, y))
        self.polygon(smooth, colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self._draw.ellipse([*self._at([(x - rx, y - ry)])[0], *self._at([(x + rx, y + ry)])[0]], fill=colour)

    def line(self, points: Points, colour: Colour, thickness: float) -> None:
        wide = max(1, round(thickness * self.height))
        self._draw.line(self._at(points), fill=colour, width=wide, joint="curve")
        for x, y in self._at([points[0], points[-1]]):
            self._draw.ellipse([x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2], fill=colour)

    def done(self) -> Image.Image:
        return self.image.resize((self.width // SUPER, self.height // SUPER), Image.Resampling.LANCZOS)


def _boat(pen: Pen) -> None:
    pen.line([(0.5, 0.06), (0.5, 0.82)], pen.body, 0.014)
    pen.curve([(0.48, 0.09), (0.36, 0.42), (0.1, 0.7), (0.3, 0.73), (0.48, 0.72)], pen.pale)
    pen.curve([(0.53, 0.16), (0.66, 0.44), (0.86, 0.7), (0.7, 0.73), (0.53, 0.72)], pen.accent)
    pen.curve([(0.06, 0.78), (0.5, 0.81), (0.96, 0.76), (0.84, 0.92), (0.5, 0.97), (0.18, 0.93)], pen.body)
    pen.line([(0.08, 0.79), (0.5, 0.815), (0.94, 0.775)], pen.deep, 0.02)


def _kite(pen: Pen) -> None:
    tail = [(0.42 - 0.3 * t + 0.05 * math.sin(t * 15), 0.5 + 0.46 * t) for t in (i / 40 for i in range(41))]
    pen.line(tail, pen.edge, 0.008)
    for i in (10, 20, 30):
        x, y = tail[i]
        pen.polygon([(x - 0.04, y - 0.02), (x, y), (x - 0.04, y + 0.02)], pen.accent)
        pen.polygon([(x + 0.04, y - 0.02), (x, y), (x + 0.04, y + 0.02)], pen.deep)
    top, left, right, low = (0.68, 0.03), (0.46, 0.2), (0.9, 0.26), (0.42, 0.52)
    middle = (0.62, 0.2)
    pen.polygon([top, left, middle], pen.accent)
    pen.polygon([top, middle, right], pen.pale)
    pen.polygon([left, low, middle], pen.pale)
    pen.polygon([middle, low, right], pen.accent)
    pen.line([top, low], pen.body, 0.006)
    pen.line([left, right], pen.body, 0.006)


def _lighthouse(pen: Pen) -> None:
    pen.curve([(0.0, 1.05), (0.12, 0.86), (0.4, 0.8), (0.66, 0.81), (0.9, 0.88), (1.0, 1.05)], pen.body)
    pen.polygon([(0.41, 0.24), (0.59, 0.24), (0.66, 0.84), (0.34, 0.84)], pen.pale)
    for top in (0.34, 0.54, 0.72):
        spread = 0.09 + (top - 0.24) * 0.117
        low = spread + 0.0105
        pen.polygon(
            [(0.5 - spread, top), (0.5 + spread, top), (0.5 + low, top + 0.09), (0.5 - low, top + 0.09)], pen.accent
        )
    pen.polygon([(0.37, 0.22), (0.63, 0.22), (0.61, 0.25), (0.39, 0.25)], pen.body)
    pen.polygon([(0.44, 0.13), (0.56, 0.13), (0.56, 0.22), (0.44, 0.22)], pen.glow)
    pen.polygon([(0.41, 0.135), (0.5, 0.06), (0.59, 0.135)], pen.deep)


def _tree(pen: Pen) -> None:
    pen.curve([(0.47, 1.0), (0.48, 0.7), (0.46, 0.45), (0.52, 0.45), (0.53, 0.7), (0.56, 1.0)], pen.body)
    pen.line([(0.5, 0.62), (0.34, 0.44)], pen.body, 0.02)
    pen.line([(0.51, 0.58), (0.68, 0.4)], pen.body, 0.018)
    leaf = mix(pen.body, pen.edge, 0.25)
    for x, y, r in ((0.5, 0.26, 0.22), (0.3, 0.38, 0.19), (0.7, 0.36, 0.2), (0.4, 0.2, 0.15), (0.62, 0.2, 0.15)):
        pen.oval(x, y, r, r * 0.8, leaf)
    for x, y, r in ((0.56, 0.2, 0.1), (0.72, 0.3, 0.08), (0.36, 0.3, 0.08), (0.48, 0.34, 0.07)):
        pen.oval(x, y, r, r * 0.7, mix(leaf, pen.edge, 0.5))


def _balloon(pen: Pen) -> None:
    colours = [pen.accent, pen.pale, pen.deep, pen.pale, pen.accent]
    spread = (0.46, 0.34, 0.16)
    pen.curve([(0.04, 0.32), (0.5, 0.0), (0.96, 0.32), (0.62, 0.74), (0.38, 0.74)], colours[0])
    for colour, wide in zip((pen.pale, pen.accent, pen.pale), spread, strict=True):
        narrow = wide * 0.28
        pen.curve(
            [
                (0.5 - wide * 0.8, 0.32),
                (0.5, 0.012),
                (0.5 + wide * 0.8, 0.32),
                (0.5 + narrow, 0.74),
                (0.5 - narrow, 0.74),
            ],
            colour,
        )
    pen.line([(0.4, 0.74), (0.44, 0.88)], pen.body, 0.006)
    pen.line([(0.6, 0.74), (0.56, 0.88)], pen.body, 0.006)
    pen.polygon([(0.42, 0.87), (0.58, 0.87), (0.56, 0.99), (0.44, 0.99)], pen.body)


def _house(pen: Pen) -> None:
    pen.polygon([(0.12, 0.45), (0.88, 0.45), (0.88, 1.0), (0.12, 1.0)], mix(pen.body, pen.edge, 0.5))
    pen.polygon([(0.68, 0.12), (0.78, 0.12), (0.78, 0.4), (0.68, 0.4)], pen.body)
    pen.polygon([(0.02, 0.48), (0.5, 0.08), (0.98, 0.48)], pen.deep)
    for x in (0.24, 0.62):
        pen.polygon([(x, 0.58), (x + 0.15, 0.58), (x + 0.15, 0.76), (x, 0.76)], pen.glow)
        pen.line([(x + 0.075, 0.58), (x + 0.075, 0.76)], pen.body, 0.01)
    pen.polygon([(0.44, 0.68), (0.56, 0.68), (0.56, 1.0), (0.44, 1.0)], pen.body)


def _castle(pen: Pen) -> None:
    wall = mix(pen.body, pen.edge, 0.3)
    for x, top, wide in ((0.08, 0.42, 0.14), (0.78, 0.38, 0.14), (0.3, 0.2, 0.13), (0.56, 0.1, 0.12)):
        pen.polygon([(x, top), (x + wide, top), (x + wide, 1), (x, 1)], wall)
        pen.polygon([(x - 0.03, top), (x + wide / 2, top - 0.17), (x + wide + 0.03, top)], pen.deep)
        pen.oval(x + wide / 2, top + 0.1, 0.014, 0.024, pen.glow)
        pen.oval(x + wide / 2, top + 0.24, 0.014, 0.024, pen.glow)
    pen.polygon([(0.05, 0.64), (0.95, 0.64), (0.95, 1), (0.05, 1)], pen.body)
    for i in range(12):
        x = 0.05 + i * 0.077
        pen.polygon([(x, 0.6), (x + 0.04, 0.6), (x + 0.04, 0.66), (x, 0.66)], pen.body)
    pen.curve([(0.44, 1.05), (0.44, 0.84), (0.5, 0.77), (0.56, 0.84), (0.56, 1.05)], pen.glow)


def _person(pen: Pen) -> None:
    coat = mix(pen.accent, pen.body, 0.3)
    pen.line([(0.43, 0.66), (0.4, 0.97)], pen.body, 0.06)
    pen.line([(0.57, 0.66), (0.6, 0.97)], pen.body, 0.06)
    pen.curve([(0.36, 0.26), (0.5, 0.21), (0.64, 0.26), (0.7, 0.68), (0.5, 0.73), (0.3, 0.68)], coat)
    pen.line([(0.36, 0.3), (0.26, 0.56)], coat, 0.045)
    pen.line([(0.64, 0.3), (0.74, 0.56)], coat, 0.045)
    pen.oval(0.5, 0.12, 0.15, 0.085, pen.body)
    pen.curve(
        [(0.36, 0.23), (0.5, 0.2), (0.66, 0.23), (0.62, 0.28), (0.84, 0.36), (0.58, 0.3), (0.4, 0.29)], pen.accent
    )


def _cat(pen: Pen) -> None:
    pen.curve([(0.3, 0.98), (0.3, 0.66), (0.42, 0.44), (0.6, 0.46), (0.72, 0.7), (0.74, 0.98)], pen.body)
    pen.oval(0.46, 0.32, 0.19, 0.15, pen.body)
    pen.polygon([(0.29, 0.3), (0.3, 0.08), (0.44, 0.2)], pen.body)
    pen.polygon([(0.49, 0.2), (0.62, 0.07), (0.64, 0.3)], pen.body)
    pen.line([(0.7, 0.94), (0.88, 0.88), (0.9, 0.7), (0.84, 0.58)], pen.body, 0.06)
    for x in (0.39, 0.53):
        pen.oval(x, 0.31, 0.026, 0.026, pen.glow)
    pen.line([(0.34, 0.47), (0.58, 0.48)], pen.accent, 0.03)


def _four_legs(pen: Pen, neck: float, tail: float) -> None:
    for x in (0.24, 0.33, 0.64, 0.72):
        pen.line([(x, 0.62), (x - 0.01, 0.97)], pen.body, 0.055)
    pen.curve([(0.16, 0.5), (0.4, 0.44), (0.72, 0.44), (0.8, 0.56), (0.7, 0.7), (0.4, 0.68), (0.2, 0.68)], pen.body)
    pen.curve([(0.66, 0.5), (0.76, neck + 0.12), (0.86, neck + 0.08), (0.82, 0.6), (0.7, 0.64)], pen.body)
    pen.curve(
        [(0.76, neck), (0.86, neck - 0.03), (0.99, neck + 0.12), (0.95, neck + 0.18), (0.8, neck + 0.15)], pen.body
    )
    pen.polygon([(0.77, neck + 0.04), (0.78, neck - 0.1), (0.85, neck)], pen.body)
    pen.line([(0.18, 0.54), (0.08, 0.5 + tail * 0.5), (0.03, 0.5 + tail)], pen.body, 0.04)


def _dog(pen: Pen) -> None:
    _four_legs(pen, 0.24, -0.18)
    pen.line([(0.75, 0.45), (0.83, 0.49)], pen.accent, 0.05)


def _horse(pen: Pen) -> None:
    _four_legs(pen, 0.12, 0.24)
    pen.curve([(0.62, 0.46), (0.68, 0.22), (0.77, 0.1), (0.8, 0.16), (0.74, 0.34)], pen.deep)


def _car(pen: Pen) -> None:
    pen.curve([(0.22, 0.56), (0.34, 0.26), (0.62, 0.24), (0.8, 0.54)], pen.deep)
    pen.curve([(0.28, 0.54), (0.36, 0.33), (0.48, 0.32), (0.48, 0.54)], pen.pale)
    pen.curve([(0.52, 0.54), (0.52, 0.32), (0.61, 0.31), (0.73, 0.54)], pen.pale)
    pen.curve(
        [(0.02, 0.66), (0.1, 0.54), (0.5, 0.5), (0.88, 0.54), (0.98, 0.66), (0.96, 0.8), (0.5, 0.82), (0.04, 0.8)],
        pen.accent,
    )
    for x in (0.24, 0.77):
        pen.oval(x, 0.8, 0.1, 0.18, pen.body)
        pen.oval(x, 0.8, 0.045, 0.08, pen.edge)
    pen.oval(0.955, 0.65, 0.022, 0.05, pen.glow)


def _train(pen: Pen) -> None:
    for i, x in enumerate((0.01, 0.345, 0.68)):
        colour = pen.accent if i == 2 else pen.deep
        pen.polygon([(x, 0.3), (x + 0.31, 0.3), (x + 0.31, 0.8), (x, 0.8)], colour)
        for k in range(4):
            left = x + 0.03 + k * 0.068
            pen.polygon([(left, 0.4), (left + 0.048, 0.4), (left + 0.048, 0.58), (left, 0.58)], pen.glow)
        for wheel in (0.07, 0.24):
            pen.oval(x + wheel, 0.84, 0.028, 0.12, pen.body)
    pen.curve([(0.96, 0.3), (1.0, 0.5), (1.0, 0.8), (0.94, 0.8), (0.94, 0.3)], pen.accent)
    pen.line([(0.0, 0.97), (1.0, 0.97)], pen.body, 0.03)


def _rocket(pen: Pen) -> None:
    pen.curve([(0.4, 0.78), (0.5, 0.99), (0.6, 0.78)], (255, 190, 90))
    pen.curve([(0.45, 0.78), (0.5, 0.92), (0.55, 0.78)], (255, 240, 190))
    pen.polygon([(0.36, 0.5), (0.12, 0.8), (0.36, 0.74)], pen.accent)
    pen.polygon([(0.64, 0.5), (0.88, 0.8), (0.64, 0.74)], pen.accent)
    pen.curve(
        [(0.5, 0.02), (0.7, 0.3), (0.68, 0.66), (0.6, 0.79), (0.4, 0.79), (0.32, 0.66), (0.3, 0.3)], (226, 230, 238)
    )
    pen.curve([(0.5, 0.02), (0.7, 0.3), (0.68, 0.66), (0.6, 0.79), (0.55, 0.79), (0.6, 0.4)], (176, 182, 198))
    pen.oval(0.49, 0.34, 0.085, 0.06, pen.deep)
    pen.oval(0.48, 0.335, 0.05, 0.035, (150, 210, 236))


def _whale(pen: Pen) -> None:
    tone = mix(pen.body, pen.edge, 0.25)
    pen.curve([(0.04, 0.62), (0.2, 0.36), (0.5, 0.3), (0.78, 0.48), (0.88, 0.6), (0.7, 0.76), (0.3, 0.82)], tone)
    pen.curve([(0.8, 0.58), (0.9, 0.3), (0.99, 0.26), (0.95, 0.46), (1.0, 0.64), (0.9, 0.62)], tone)
    pen.curve([(0.06, 0.66), (0.3, 0.7), (0.5, 0.72), (0.3, 0.82), (0.12, 0.76)], mix(tone, pen.pale, 0.55))
    pen.oval(0.2, 0.58, 0.014, 0.022, pen.pale)
    pen.curve([(0.38, 0.72), (0.5, 0.76), (0.46, 0.96), (0.36, 0.88)], pen.body)


def _fish(pen: Pen) -> None:
    pen.polygon([(0.1, 0.22), (0.32, 0.5), (0.1, 0.78)], pen.deep)
    pen.curve([(0.26, 0.5), (0.5, 0.22), (0.8, 0.3), (0.96, 0.52), (0.8, 0.72), (0.5, 0.78)], pen.accent)
    pen.curve([(0.44, 0.28), (0.56, 0.04), (0.72, 0.28)], pen.deep)
    for x in (0.52, 0.66):
        pen.line([(x, 0.3), (x + 0.03, 0.5), (x, 0.7)], pen.pale, 0.05)
    pen.oval(0.84, 0.46, 0.035, 0.05, (245, 245, 240))
    pen.oval(0.85, 0.46, 0.018, 0.026, (20, 20, 26))


def _flowers(pen: Pen) -> None:
    for x, y, r, colour in (
        (0.2, 0.4, 0.12, pen.accent),
        (0.52, 0.2, 0.14, pen.pale),
        (0.8, 0.36, 0.12, pen.accent),
        (0.36, 0.56, 0.1, pen.deep),
        (0.68, 0.6, 0.1, pen.accent),
    ):
        pen.line([(0.5 + (x - 0.5) * 0.5, 1.0), (x, y)], mix(pen.body, (70, 130, 70), 0.6), 0.014)
        for i in range(6):
            a = i * math.tau / 6
            pen.oval(x + math.cos(a) * r * 0.6, y + math.sin(a) * r * 0.6, r * 0.5, r * 0.5, colour)
        pen.oval(x, y, r * 0.4, r * 0.4, (246, 206, 92))


def _bridge(pen: Pen) -> None:
    deck = mix(pen.accent, pen.body, 0.35)
    for x in (0.26, 0.74):
        pen.polygon([(x - 0.016, 0.05), (x + 0.016, 0.05), (x + 0.02, 1), (x - 0.02, 1)], deck)
    cable = [
        (
            x / 40,
            0.6
            - 0.53
            * (((x / 40 - 0.5) / 0.24) ** 2 if 0.26 <= x / 40 <= 0.74 else 1 - abs(abs(x / 40 - 0.5) - 0.24) / 0.26),
        )
        for x in range(41)
    ]
    pen.line(cable, deck, 0.014)
    for x, y in cable[1:-1]:
        pen.line([(x, y), (x, 0.64)], deck, 0.004)
    pen.polygon([(0, 0.63), (1, 0.63), (1, 0.68), (0, 0.68)], deck)


def _windmill(pen: Pen) -> None:
    pen.polygon([(0.4, 0.4), (0.6, 0.4), (0.68, 1), (0.32, 1)], mix(pen.body, pen.pale, 0.45))
    pen.curve([(0.38, 0.42), (0.5, 0.28), (0.62, 0.42)], pen.deep)
    for i in range(4):
        a = math.pi / 5 + i * math.pi / 2
        x, y = math.cos(a), math.sin(a)
        pen.line([(0.5, 0.38), (0.5 + x * 0.44, 0.38 + y * 0.34)], pen.body, 0.014)
        pen.polygon(
            [
                (0.5 + x * 0.1, 0.38 + y * 0.08),
                (0.5 + x * 0.44, 0.38 + y * 0.34),
                (0.5 + x * 0.42 - y * 0.09, 0.38 + y * 0.32 + x * 0.07),
                (0.5 + x * 0.12 - y * 0.09, 0.38 + y * 0.1 + x * 0.07),
            ],
            pen.pale,
        )


def _lantern(pen: Pen) -> None:
    pen.line([(0.5, 0.0), (0.5, 0.2)], pen.body, 0.014)
    pen.curve([(0.3, 0.24), (0.7, 0.24), (0.86, 0.5), (0.7, 0.8), (0.3, 0.8), (0.14, 0.5)], pen.accent)
    pen.curve(
        [(0.4, 0.3), (0.6, 0.3), (0.68, 0.5), (0.6, 0.74), (0.4, 0.74), (0.32, 0.5)],
        mix(pen.accent, (255, 226, 150), 0.7),
    )
    for y in (0.2, 0.8):
        pen.polygon([(0.34, y), (0.66, y), (0.66, y + 0.05), (0.34, y + 0.05)], pen.body)
    pen.line([(0.5, 0.85), (0.5, 0.98)], pen.accent, 0.02)


def _fruit(pen: Pen) -> None:
    for x, y, r, colour in (
        (0.28, 0.72, 0.22, pen.accent),
        (0.72, 0.74, 0.2, (238, 150, 60)),
        (0.5, 0.48, 0.2, (150, 176, 70)),
    ):
        pen.oval(x, y, r, r * 1.1, shade(colour, 0.7))
        pen.oval(x - r * 0.12, y - r * 0.14, r * 0.82, r * 0.9, colour)
        pen.oval(x - r * 0.4, y - r * 0.48, r * 0.16, r * 0.16, mix(colour, (255, 255, 255), 0.7))
        pen.line([(x, y - r), (x + 0.03, y - r * 1.4)], pen.body, 0.018)


def _vase(pen: Pen) -> None:
    for x, y, r in ((0.28, 0.16, 0.1), (0.5, 0.09, 0.1), (0.72, 0.17, 0.1), (0.4, 0.26, 0.08), (0.62, 0.27, 0.08)):
        pen.line([(0.5, 0.5), (x, y)], (76, 116, 76), 0.012)
        for i in range(6):
            a = i * math.tau / 6
            pen.oval(x + math.cos(a) * r * 0.55, y + math.sin(a) * r * 0.45, r * 0.5, r * 0.4, pen.accent)
        pen.oval(x, y, r * 0.35, r * 0.28, (246, 206, 92))
    clay = mix(pen.pale, (120, 150, 180), 0.5)
    pen.curve(
        [(0.4, 0.44), (0.6, 0.44), (0.58, 0.54), (0.76, 0.74), (0.64, 0.99), (0.36, 0.99), (0.24, 0.74), (0.42, 0.54)],
        shade(clay, 0.8),
    )
    pen.curve(
        [(0.42, 0.45), (0.53, 0.45), (0.5, 0.55), (0.6, 0.74), (0.5, 0.98), (0.38, 0.98), (0.26, 0.74), (0.43, 0.56)],
        clay,
    )


def _cup(pen: Pen) -> None:
    pen.oval(0.5, 0.93, 0.46, 0.06, shade(pen.pale, 0.8))
    pen.oval(0.8, 0.62, 0.14, 0.15, pen.accent)
    pen.oval(0.8, 0.62, 0.08, 0.09, shade(pen.pale, 0.6))
    pen.curve(
        [(0.18, 0.42), (0.5, 0.44), (0.8, 0.42), (0.74, 0.78), (0.6, 0.92), (0.38, 0.92), (0.24, 0.78)], pen.accent
    )
    pen.oval(0.49, 0.42, 0.31, 0.06, pen.deep)
    pen.oval(0.49, 0.425, 0.27, 0.045, (66, 40, 28))


def _butterfly(pen: Pen) -> None:
    for side in (-1, 1):
        pen.curve(
            [(0.5, 0.45), (0.5 + side * 0.2, 0.08), (0.5 + side * 0.47, 0.12), (0.5 + side * 0.4, 0.46)], pen.accent
        )
        pen.curve(
            [(0.5, 0.5), (0.5 + side * 0.36, 0.52), (0.5 + side * 0.36, 0.84), (0.5 + side * 0.12, 0.86)], pen.deep
        )
        pen.oval(0.5 + side * 0.32, 0.26, 0.06, 0.08, pen.pale)
        pen.line([(0.5, 0.34), (0.5 + side * 0.1, 0.14)], pen.body, 0.014)
    pen.oval(0.5, 0.56, 0.035, 0.26, pen.body)


def _robot(pen: Pen) -> None:
    metal = mix(pen.pale, (130, 142, 160), 0.7)
    for x in (0.38, 0.62):
        pen.line([(x, 0.68), (x, 0.94)], shade(metal, 0.6), 0.06)
        pen.oval(x, 0.97, 0.1, 0.03, pen.body)
    pen.line([(0.28, 0.42), (0.16, 0.64)], shade(metal, 0.7), 0.05)
    pen.line([(0.72, 0.42), (0.84, 0.64)], shade(metal, 0.7), 0.05)
    pen.curve([(0.27, 0.38), (0.5, 0.35), (0.73, 0.38), (0.7, 0.72), (0.5, 0.75), (0.3, 0.72)], metal)
    pen.oval(0.5, 0.52, 0.09, 0.05, pen.accent)
    pen.curve([(0.3, 0.12), (0.5, 0.09), (0.7, 0.12), (0.7, 0.31), (0.5, 0.33), (0.3, 0.31)], shade(metal, 1.1))
    pen.curve([(0.34, 0.17), (0.66, 0.17), (0.65, 0.25), (0.35, 0.25)], pen.body)
    for x in (0.43, 0.57):
        pen.oval(x, 0.21, 0.035, 0.022, pen.glow)
    pen.line([(0.5, 0.1), (0.5, 0.03)], metal, 0.01)
    pen.oval(0.5, 0.03, 0.03, 0.018, pen.accent)


def _planet(pen: Pen) -> None:
    pen.oval(0.5, 0.5, 0.34, 0.34, shade(pen.accent, 0.5))
    pen.oval(0.46, 0.47, 0.29, 0.29, pen.accent)
    pen.oval(0.41, 0.42, 0.18, 0.18, mix(pen.accent, (255, 255, 255), 0.25))
    ring = [
        (0.5 + 0.5 * math.cos(a), 0.5 + 0.13 * math.sin(a) - 0.16 * math.cos(a))
        for a in (i * math.pi / 30 for i in range(31))
    ]
    pen.line(ring, pen.pale, 0.024)


def _dragon(pen: Pen) -> None:
    pen.curve(
        [
            (0.04, 0.6),
            (0.2, 0.52),
            (0.42, 0.6),
            (0.62, 0.5),
            (0.8, 0.4),
            (0.96, 0.36),
            (0.9, 0.46),
            (0.74, 0.54),
            (0.5, 0.7),
            (0.24, 0.62),
        ],
        pen.body,
    )
    pen.curve([(0.4, 0.6), (0.28, 0.1), (0.44, 0.24), (0.52, 0.16), (0.56, 0.3), (0.66, 0.26), (0.6, 0.52)], pen.deep)
    pen.polygon([(0.86, 0.4), (0.84, 0.28), (0.92, 0.37)], pen.body)
    pen.oval(0.92, 0.39, 0.01, 0.016, pen.glow)


# By name: how it is drawn; height in shares of the frame's, width to height; where it stands.
DRAWN: dict[str, tuple[Callable[[Pen], None], float, float, str]] = {
    "boat": (_boat, 0.3, 0.9, "water"),
    "kite": (_kite, 0.34, 0.9, "air"),
    "lighthouse": (_lighthouse, 0.5, 0.62, "ground"),
    "tree": (_tree, 0.42, 0.95, "ground"),
    "balloon": (_balloon, 0.3, 0.72, "air"),
    "house": (_house, 0.24, 1.1, "ground"),
    "castle": (_castle, 0.34, 1.1, "ground"),
    "person": (_person, 0.32, 0.5, "ground"),
    "cat": (_cat, 0.26, 0.9, "ground"),
    "dog": (_dog, 0.22, 1.25, "ground"),
    "horse": (_horse, 0.32, 1.1, "ground"),
    "car": (_car, 0.16, 2.1, "ground"),
    "train": (_train, 0.13, 5.2, "ground"),
    "rocket": (_rocket, 0.36, 0.6, "air"),
    "whale": (_whale, 0.24, 1.9, "water"),
    "fish": (_fish, 0.13, 1.5, "water"),
    "flowers": (_flowers, 0.3, 0.95, "ground"),
    "bridge": (_bridge, 0.3, 3.2, "water"),
    "windmill": (_windmill, 0.36, 0.8, "ground"),
    "lantern": (_lantern, 0.14, 0.62, "air"),
    "fruit": (_fruit, 0.2, 1.0, "ground"),
    "vase": (_vase, 0.4, 0.66, "ground"),
    "cup": (_cup, 0.18, 1.15, "ground"),
    "butterfly": (_butterfly, 0.1, 1.1, "air"),
    "robot": (_robot, 0.34, 0.6, "ground"),
    "planet": (_planet, 0.34, 1.0, "air"),
    "dragon": (_dragon, 0.26, 1.8, "air"),
}


def draw_thing(name: str, frame_height: int, palette: Palette, *, dark: bool, scale: float = 1.0) -> Image.Image:
    drawer, height, ratio, _ = DRAWN[name]
    tall = max(8, round(height * frame_height * scale))
    pen = Pen(round(tall * ratio), tall, palette, dark)
    drawer(pen)
    return pen.done()


def halo(image: Image.Image, colour: Colour, radius: float) -> Image.Image:
    """The picture with a soft glow of the colour behind it."""
    margin = round(radius * 2)
    larger = Image.new("RGBA", (image.width + 2 * margin, image.height + 2 * margin))
    larger.paste(image, (margin, margin))
    shine = Image.new("RGBA", larger.size, (*colour, 0))
    shine.putalpha(
        larger.getchannel("A").filter(ImageFilter.GaussianBlur(radius)).point([v * 5 // 10 for v in range(256)])
    )
    return Image.alpha_composite(shine, larger)

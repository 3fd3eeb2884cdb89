"""Light and sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.sandbox.painting.brief import Brief
from apps.sandbox.painting.canvas import Array, blur, grid, mix, resize, rgb, screen, smooth
from apps.sandbox.painting.noise import Generator, fbm, line, sample, tile

#            top                 middle              horizon             light of the sun    haze
_TIMES = {
    "day": ((0.16, 0.40, 0.72), (0.44, 0.67, 0.88), (0.82, 0.90, 0.95), (1.00, 0.97, 0.88), (0.70, 0.81, 0.90)),
    "dawn": ((0.34, 0.44, 0.68), (0.78, 0.68, 0.74), (1.00, 0.83, 0.70), (1.00, 0.86, 0.68), (0.84, 0.76, 0.78)),
    "golden": ((0.30, 0.46, 0.66), (0.76, 0.72, 0.66), (1.00, 0.85, 0.56), (1.00, 0.84, 0.54), (0.93, 0.80, 0.63)),
    "sunset": ((0.15, 0.16, 0.38), (0.68, 0.32, 0.42), (1.00, 0.60, 0.28), (1.00, 0.62, 0.32), (0.82, 0.48, 0.42)),
    "dusk": ((0.07, 0.09, 0.25), (0.28, 0.24, 0.47), (0.82, 0.52, 0.52), (0.78, 0.62, 0.72), (0.40, 0.34, 0.50)),
    "night": ((0.02, 0.035, 0.10), (0.055, 0.10, 0.22), (0.16, 0.24, 0.40), (0.55, 0.65, 0.86), (0.09, 0.14, 0.24)),
}  # fmt: skip
_GREY = {"storm": 0.72, "rain": 0.55, "fog": 0.45, "snow": 0.45, "cloudy": 0.12, "clear": 0.0}


@dataclass(frozen=True)
class Light:
    top: Array
    middle: Array
    horizon: Array
    sun: Array  # its colour
    haze: Array
    x: float  # where it stands, parts of width and of the height above the horizon
    y: float
    strength: float
    fog: float  # how near the haze begins, 1 is ordinary
    night: bool

    @property
    def shade(self) -> Array:
        """Colour of what the sun does not reach."""
        return mix(self.top, self.middle, 0.5) * 0.55 + self.haze * 0.12


def light_of(brief: Brief, rng: Generator) -> Light:
    top, middle, horizon, sun, haze = (rgb(colour) for colour in _TIMES[brief.time])
    turn = rng.normal(0, 0.028, 3).astype(np.float32)
    top, middle, horizon, haze = (np.clip(colour * (1 + turn), 0, 1) for colour in (top, middle, horizon, haze))
    grey = _GREY[brief.weather]
    if grey:

        def dull(colour: Array, darker: float) -> Array:
            return mix(colour, rgb((0.93, 0.98, 1.04)) * float(colour.mean()) * darker, grey)

        dark = {"storm": 0.55, "rain": 0.75}.get(brief.weather, 1.0)
        top, middle, horizon, haze = dull(top, dark * 0.9), dull(middle, dark), dull(horizon, dark), dull(haze, dark)
        sun = mix(sun, haze * 1.1, grey * 0.9)
    if sky := brief.own.get("sky"):
        top, middle = mix(top, rgb(sky) * 0.75, 0.75), mix(middle, rgb(sky), 0.6)
        haze, horizon = mix(haze, rgb(sky), 0.35), mix(horizon, rgb(sky), 0.3)
    elif brief.colours and brief.scene not in ("portrait", "still", "room"):
        first = rgb(brief.colours[0])
        bright = float(middle.mean())
        top = mix(top, first * min(1.0, 0.25 + bright), 0.42)
        middle = mix(middle, mix(first, rgb((1, 1, 1)), 0.25) * min(1.0, 0.35 + bright), 0.42)
        last = rgb(brief.colours[-1])
        haze, horizon = mix(haze, last * min(1, 0.5 + bright), 0.3), mix(horizon, mix(last, rgb((1, 1, 1)), 0.3), 0.35)
    if "dark" in brief.moods:
        top, middle, horizon, haze = top * 0.5, middle * 0.6, horizon * 0.75, haze * 0.65
    if "soft" in brief.moods and brief.time != "night":
        top, middle, horizon, haze = (
            mix(colour, rgb((0.97, 0.92, 0.90)), 0.3) for colour in (top, middle, horizon, haze)
        )
    low = brief.time in ("sunset", "dawn", "dusk", "golden")
    return Light(
        top,
        middle,
        horizon,
        sun,
        haze,
        x=float(rng.uniform(0.2, 0.8)),
        y=float(rng.uniform(0.06, 0.22) if low else rng.uniform(0.45, 0.75)),
        strength=(1 - grey) * (0.6 if brief.time == "night" else 1.0),
        fog={"fog": 3.2, "rain": 1.7, "snow": 1.6, "storm": 1.3}.get(brief.weather, 1.0)
        * (1.25 if brief.time == "dawn" else 1),
        night=brief.time == "night",
    )


def sky(brief: Brief, light: Light, rng: Generator, height: int, width: int, horizon: int) -> Array:
    y, x = grid(height, width)
    t = np.clip(y / max(horizon, 1), 0, 1.0)
    up = mix(light.top, light.middle, smooth(0.0, 0.72, t)[..., None])
    column = mix(up, light.horizon, (smooth(0.45, 1.0, t) ** 1.4)[..., None])
    picture = np.broadcast_to(column, (height, width, 3)).copy()
    sx, sy = light.x * width, horizon * (1 - light.y)
    short = min(height, width)
    distance = np.sqrt((x - sx) ** 2 + (y - sy) ** 2) / short
    if light.night or "moon" in brief.props:
        picture = _stars(picture, rng, horizon, 1.0 if brief.weather in ("clear", "cloudy") else 0.3)
    glow = np.exp(-distance * 5) * 0.55 + np.exp(-distance * 1.8) * 0.28
    picture = screen(picture, light.sun * (glow * light.strength * (0.55 if light.night else 1))[..., None])
    radius = 0.055 if light.night or "moon" in brief.props else 0.035
    show = light.night or "moon" in brief.props or (light.y < 0.3 and light.strength > 0.5) or "sun" in brief.props
    if show and brief.weather not in ("storm", "rain"):
        disc = smooth(radius + 1.5 / short, radius - 1.5 / short, distance)
        face = mix(rgb((1, 1, 0.97)), light.sun, 0.25)
        if radius > 0.05:
            seas = fbm(rng, height // 4, width // 4, cells=26, octaves=4)
            face = face * (0.68 + 0.34 * resize(seas, height, width))[..., None]
            if "moon" in brief.own:
                face = face * rgb(brief.own["moon"])
        picture = mix(picture, np.broadcast_to(face, picture.shape), disc[..., None])
    if "aurora" in brief.props:
        picture = _aurora(picture, rng, horizon)
    if brief.weather != "clear" or brief.rich:
        picture = _clouds(picture, brief, light, rng, horizon)
    else:
        picture = _clouds(picture, brief, light, rng, horizon, faint=0.45)
    if "rainbow" in brief.props:
        picture = _rainbow(picture, horizon, width * (1 - light.x))
    return np.clip(picture, 0, 1)


def _stars(picture: Array, rng: Generator, horizon: int, strength: float) -> Array:
    height, width = picture.shape[:2]
    count = int(width * horizon / 1300)
    plane = np.zeros((height, width), np.float32)
    plane[rng.integers(0, max(1, horizon), count), rng.integers(0, width, count)] = rng.random(count) ** 3.5 + 0.12
    band = fbm(rng, height // 4, width // 4, cells=2.2, stretch=3)
    faint = rng.random((height, width), np.float32)
    plane += (faint > 0.9965) * 0.35 * resize(smooth(0.45, 0.8, band), height, width)
    big = plane * (plane > 0.75)
    plane = np.minimum(plane * 1.1 + blur(big, 1.2) * 7 + blur(big, 4) * 14, 1)
    fade = smooth(horizon, horizon * 0.55, grid(height, width)[0])
    return screen(picture, plane[..., None] * rgb((0.95, 0.97, 1)) * fade[..., None] * strength)


def _aurora(picture: Array, rng: Generator, horizon: int) -> Array:
    height, width = picture.shape[:2]
    h, w = height // 2, width // 2
    y, _ = grid(h, w)
    total = np.zeros((h, w, 3), np.float32)
    for colour in ((0.15, 0.95, 0.55), (0.25, 0.75, 0.75), (0.65, 0.25, 0.85)):
        base = (0.35 + 0.45 * line(rng, w, cells=2, octaves=3)) * horizon / 2
        rays = 0.35 + 0.65 * line(rng, w, cells=26, octaves=3)
        above = (base[None] - y) / h
        veil = np.exp(-np.abs(above) * np.where(above > 0, 6.5, 45)) * rays[None]
        total += veil[..., None] * rgb(colour) * 0.6
    return screen(picture, resize(blur(total, 2), height, width))


def _rainbow(picture: Array, horizon: int, centre: float) -> Array:
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    distance = np.sqrt((x - centre) ** 2 + (y - horizon * 1.15) ** 2) / horizon
    bow = np.zeros_like(picture)
    for place, colour in enumerate(
        ((0.5, 0.2, 0.9), (0.2, 0.4, 1), (0.2, 0.9, 0.4), (1, 0.9, 0.2), (1, 0.5, 0.1), (1, 0.15, 0.1))
    ):
        bow += np.exp(-(((distance - 0.82 - place * 0.018) / 0.014) ** 2))[..., None] * rgb(colour)
    return screen(picture, np.clip(bow, 0, 1) * 0.28)


def _clouds(picture: Array, brief: Brief, light: Light, rng: Generator, horizon: int, faint: float = 1.0) -> Array:
    """A ceiling of clouds seen in perspective, and heaps near the horizon; lit from where the sun stands."""
    _height, width = picture.shape[:2]
    h, w = max(2, horizon // 2), width // 2
    y, x = grid(h, w)
    texture = tile(rng, 512, cells=5, octaves=7)
    above = (h - y) / h + 0.10
    u = (x / w - 0.5) / above * 0.62 * w / h
    v = 1 / above * 0.72
    shift = rng.uniform(0, 512, 2)
    stretch = 150 if brief.weather != "storm" else 110
    ceiling = sample(texture, v * stretch * 1.6 + shift[0], u * stretch + shift[1])
    heaps = fbm(rng, h, w, cells=2.4, stretch=2.6, octaves=7)
    weight = smooth(0.5, 0.95, y / h)
    density = ceiling * (1 - weight * 0.75) + heaps * weight * 0.75
    cut = {"storm": 0.36, "rain": 0.36, "snow": 0.38, "fog": 0.46, "cloudy": 0.49}.get(brief.weather, 0.56)
    cut += float(rng.uniform(-0.04, 0.05))
    mask = smooth(cut, cut + 0.22, density)
    side = 5 if light.x >= 0.5 else -5
    padded = np.pad(density, 5, mode="edge")
    toward = blur(padded[0:h, 5 + side : 5 + side + w], 2)
    lit = np.clip(0.5 + (density - toward) * 3.2 - (density - cut) * 0.9, 0, 1)
    near = np.exp(-np.sqrt((x - light.x * w) ** 2 + (y - h * (1 - light.y)) ** 2) / min(h, w) * 1.7) * light.strength
    if light.night:
        bright, dark = light.horizon * 1.15, light.top * 0.8
    else:
        white = mix(rgb((1, 1, 1)), light.sun, 0.55 if light.y < 0.3 else 0.15)
        grey = {"storm": 0.62, "rain": 0.5, "snow": 0.15}.get(brief.weather, 0.0)
        bright = mix(white, light.haze, grey)
        dark = mix(light.middle * 0.72 + light.haze * 0.12, rgb((0.16, 0.18, 0.22)), grey * 0.75)
    colour = mix(dark, bright, np.clip(lit + near * 0.5, 0, 1)[..., None])
    colour = screen(colour, light.sun * (near * 0.45 * (1 - mask * 0.5))[..., None])
    fade = (0.92 - 0.45 * smooth(0.72, 1.0, y / h)) * faint
    small = resize(picture[:horizon], h, w)
    changed = mix(small, colour, (mask * fade)[..., None]) - small
    out = picture.copy()
    out[:horizon] += resize(changed, horizon, width)
    return out


def rays(picture: Array, light: Light, rng: Generator, horizon: int, strength: float) -> Array:
    """Beams that fan out from the sun."""
    height, width = picture.shape[:2]
    h, w = height // 4, width // 4
    y, x = grid(h, w)
    sx, sy = light.x * w, horizon * (1 - light.y) / 4 - h * 0.04
    angle = np.arctan2(x - sx, y - sy)
    pattern = rng.random(64).astype(np.float32)
    place = (angle / np.pi + 1) * 32
    left = np.floor(place).astype(int) % 64
    part = smooth(0, 1, place - np.floor(place))
    beams = smooth(0.4, 0.95, pattern[left] * (1 - part) + pattern[(left + 1) % 64] * part)
    distance = np.sqrt((x - sx) ** 2 + (y - sy) ** 2) / min(h, w)
    field = blur(beams * np.exp(-distance * 1.3) * smooth(0.0, 0.25, distance), 1.5)
    return screen(picture, resize(field, height, width)[..., None] * light.sun * strength)

"""Portraits and still lifes: round things in the light of a window."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from apps.sandbox.painting.brief import HAIR, Brief
from apps.sandbox.painting.canvas import Array, Colour, blur, curve, grid, mix, polygon, resize, rgb, screen, smooth
from apps.sandbox.painting.noise import Generator, fbm
from apps.sandbox.painting.places import abstract, city, forest, space
from apps.sandbox.painting.sky import Light, sky
from apps.sandbox.painting.terrain import hills, mountains, view

KEY = np.array((-0.62, -0.55, 0.56), np.float32)  # from where the window shines


def _round(
    x: Array, y: Array, cx: float, top: float, bottom: float, profile: Array
) -> tuple[Array, Array, Array, Array]:
    """A turned body: mask, and normals x, y, z. `profile`: its half width from the top to the bottom."""
    t = np.clip((y - top) / (bottom - top), 0, 1)
    index = (t[:, 0] * (len(profile) - 1)).astype(int)
    half = profile[index][:, None]
    slope = np.gradient(profile)[index][:, None] * (len(profile) - 1) / (bottom - top)
    u = (x - cx) / np.maximum(half, 1e-3)
    mask = smooth(1.2, -1.2, (np.abs(u) - 1) * half) * smooth(-1, 1, y - top) * smooth(1, -1, y - bottom)
    nx = np.clip(u, -1, 1)
    nz = np.sqrt(np.clip(1 - nx * nx, 0, 1))
    ny = np.broadcast_to(-np.clip(slope, -2, 2), nx.shape)
    length = np.sqrt(nx * nx + nz * nz + ny * ny)
    return mask, nx / length, ny / length, nz / length


def _gloss(base: Array, nx: Array, ny: Array, nz: Array, *, shine: float, side: float, hard: float = 40) -> Array:
    lx, ly, lz = KEY[0] * -side, KEY[1], KEY[2]
    lambert = np.clip(nx * lx + ny * ly + nz * lz, 0, 1)
    hx, hy, hz = lx, ly, lz + 1
    norm = math.sqrt(hx * hx + hy * hy + hz * hz)
    spec = np.clip((nx * hx + ny * hy + nz * hz) / norm, 0, 1) ** hard
    bounce = np.clip(ny, 0, 1) * 0.14 + np.clip(-nx * lx, 0, 1) * 0.06
    return np.clip(base * (0.20 + 0.92 * lambert + bounce)[..., None] + (spec * shine)[..., None], 0, 1)


def still(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """A table before a wall, with what was asked for on it."""
    short = min(height, width)
    y, x = grid(height, width)
    table = height * float(rng.uniform(0.66, 0.72))
    dim = 0.42 if brief.time in ("night", "dusk") or "dark" in brief.moods else 0.95
    walls = ((0.42, 0.47, 0.46), (0.62, 0.53, 0.44), (0.35, 0.37, 0.44), (0.70, 0.66, 0.60), (0.46, 0.36, 0.33))
    tone = rgb(
        brief.own.get("background") or (brief.colours[0] if brief.colours else walls[int(rng.integers(len(walls)))])
    )
    side = 1.0 if rng.random() < 0.5 else -1.0
    pool = np.exp(-(((x / width - 0.5 + side * 0.22) / 0.55) ** 2) - ((y / height - 0.36) / 0.5) ** 2)
    plaster = fbm(rng, height, width, cells=7, octaves=6)
    picture = tone * (dim * (0.30 + 0.85 * pool) * (0.86 + 0.28 * plaster))[..., None]
    slant = (x - y * 0.55 * side) / short
    panes = smooth(0.08, 0.12, np.abs((slant * 2.3) % 1 - 0.5)) * smooth(
        0.40, 0.30, np.abs(slant - 0.5 * width / short + 0.18 * side)
    )
    picture = screen(picture, blur(panes.astype(np.float32), short * 0.012)[..., None] * light.sun * 0.16 * dim)
    wood_tones = ((0.46, 0.29, 0.17), (0.30, 0.20, 0.14), (0.62, 0.46, 0.30), (0.80, 0.76, 0.70))
    grain = fbm(rng, height, width, cells=5, stretch=22, octaves=6)
    wood = rgb(wood_tones[int(rng.integers(4))]) * ((0.62 + 0.75 * grain) * dim)[..., None]
    wood = wood * (0.55 + 0.75 * np.exp(-(((x / width - 0.5 + side * 0.14) / 0.5) ** 2)))[..., None]
    picture = mix(picture, wood, smooth(-1.5, 1.5, y - table)[..., None])
    picture *= (1 - 0.35 * np.exp(-np.abs(y - table) / (short * 0.02)))[..., None]

    wanted = list(brief.objects) or ["vase", "fruit"]
    if "flowers" in wanted and "vase" not in wanted and "bowl" not in wanted and "cup" not in wanted:
        wanted.append("vase")
    if rng.random() < 0.6 and len(wanted) < 2 and "candle" not in wanted:
        wanted.append(str(rng.choice(["fruit", "books", "cup", "bowl"])))
    main = [name for name in ("vase", "bottle", "bowl", "cup", "books", "candle") if name in wanted]
    foot = table + height * 0.10
    places = {1: [0.5], 2: [0.40, 0.64], 3: [0.32, 0.53, 0.73]}.get(min(3, len(main)), [0.5])
    if side < 0:
        places = [1 - place for place in places]
    for name, place in zip(main, places, strict=False):
        cx = width / 2 + (place - 0.5) * short * 1.1 + float(rng.uniform(-0.02, 0.02)) * short
        picture = _object(
            name,
            picture,
            brief,
            rng,
            cx,
            foot + float(rng.uniform(-0.01, 0.03)) * height,
            short,
            side,
            dim,
            light,
            wanted,
        )
    if "fruit" in wanted and "bowl" not in main:
        for _ in range(int(rng.integers(3, 6))):
            cx = width / 2 + float(rng.uniform(-0.42, 0.42)) * short
            picture = _fruit(
                picture,
                brief,
                rng,
                cx,
                foot + float(rng.uniform(0.03, 0.10)) * height,
                short * float(rng.uniform(0.052, 0.072)),
                side,
                dim,
            )
    return picture


def _shadow(picture: Array, cx: float, foot: float, wide: float, side: float, strength: float = 0.62) -> Array:
    y, x = grid(*picture.shape[:2])
    u, v = (x - cx - side * wide * 0.45) / (wide * 1.7), (y - foot) / (wide * 0.26)
    contact = np.exp(-(((x - cx) / wide) ** 2) * 1.6 - ((y - foot) / (wide * 0.10)) ** 2)
    return picture * (1 - np.clip(np.exp(-(u * u + v * v)) * strength + contact * 0.5, 0, 0.85))[..., None]


_GLAZES: tuple[Colour, ...] = (
    (0.20, 0.38, 0.58),
    (0.86, 0.83, 0.77),
    (0.72, 0.36, 0.22),
    (0.28, 0.44, 0.36),
    (0.85, 0.66, 0.28),
    (0.32, 0.26, 0.32),
)


def _object(
    name: str,
    picture: Array,
    brief: Brief,
    rng: Generator,
    cx: float,
    foot: float,
    short: float,
    side: float,
    dim: float,
    light: Light,
    wanted: list[str],
) -> Array:
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    glaze = rgb(brief.colour(name, otherwise=_GLAZES[int(rng.integers(len(_GLAZES)))]))
    speck = 0.94 + 0.12 * fbm(rng, height, width, cells=40, octaves=3)
    t = np.linspace(0, 1, 200)
    if name == "books":
        return _books(picture, rng, cx, foot, short, dim, side)
    if name == "candle":
        picture = _shadow(picture, cx, foot, short * 0.06, side)
        profile = np.full(200, short * 0.035, np.float32)
        mask, nx, ny, nz = _round(x, y, cx, foot - short * 0.26, foot, profile)
        picture = mix(
            picture, _gloss(rgb((0.93, 0.88, 0.76)) * max(dim, 0.6), nx, ny, nz, shine=0.1, side=side), mask[..., None]
        )
        fy = foot - short * 0.305
        flame = np.exp(-(((x - cx) / (short * 0.011)) ** 2) - ((y - fy) / (short * 0.030)) ** 2)
        picture = screen(
            picture,
            np.exp(-np.sqrt((x - cx) ** 2 + (y - fy) ** 2) / (short * 0.20))[..., None] * rgb((1, 0.62, 0.25)) * 0.75,
        )
        return screen(picture, np.clip(flame * 1.6, 0, 1)[..., None] * rgb((1, 0.93, 0.65)))
    if name == "vase":
        tall = short * float(rng.uniform(0.30, 0.38))
        kind = int(rng.integers(3))
        shape = (
            0.10 + 0.17 * np.sin(np.pi * np.clip(t * 1.05 - 0.02, 0, 1)) ** 1.3,
            0.13
            - 0.07 * np.sin(np.pi * np.clip(t / 0.4, 0, 1)) * (t < 0.4)
            + 0.13 * np.sin(np.pi * np.clip((t - 0.28) / 0.75, 0, 1)),
            0.19 - 0.09 * t + 0.03 * np.sin(t * 6),
        )[kind]
        profile = (shape * tall).astype(np.float32)
        top = foot - tall
    elif name == "bottle":
        tall = short * float(rng.uniform(0.40, 0.50))
        profile = ((0.045 + 0.085 * smooth(0.28, 0.46, t.astype(np.float32)) + 0.008 * (t < 0.05)) * tall).astype(
            np.float32
        )
        top = foot - tall
        glaze = rgb(
            brief.colour(
                "bottle", otherwise=((0.12, 0.30, 0.18), (0.40, 0.20, 0.08), (0.20, 0.35, 0.45))[int(rng.integers(3))]
            )
        )
    elif name == "bowl":
        tall = short * 0.19
        profile = (short * (0.245 * np.sqrt(np.clip(1 - t**2.2, 0, 1)) * (t < 0.93) + 0.10 * (t >= 0.93))).astype(
            np.float32
        )
        top = foot - tall
    else:  # cup
        tall = short * 0.20
        profile = (short * (0.115 - 0.035 * t**2.5 - 0.02 * (t > 0.95))).astype(np.float32)
        top = foot - tall
    wide = float(profile.max())
    picture = _shadow(picture, cx, foot, wide, side)
    if name == "cup":
        saucer = ((x - cx) / (wide * 1.75)) ** 2 + ((y - foot + short * 0.004) / (wide * 0.36)) ** 2
        plate = (
            glaze
            * dim
            * (0.75 + 0.4 * np.clip(-side * (x - cx) / (wide * 2), -0.5, 0.5) - (y - foot) / short)[..., None]
        )
        picture = mix(picture, plate, smooth(1.03, 0.98, saucer)[..., None])
        picture = mix(picture, picture * 0.72, smooth(0.62, 0.55, saucer)[..., None])
        ring = np.sqrt(
            ((x - cx - side * wide * 1.05) / (wide * 0.46)) ** 2 + ((y - (top + tall * 0.42)) / (tall * 0.32)) ** 2
        )
        picture = mix(picture, glaze * dim * 0.72, (smooth(0.30, 0.22, np.abs(ring - 0.85)))[..., None])
    if name in ("vase",) and "flowers" in wanted:
        picture = _bouquet(picture, brief, rng, cx, top + tall * 0.05, short, side, dim)
    rim = float(profile[2])
    flat = 0.24 if name != "bowl" else 0.26
    mouth = ((x - cx) / rim) ** 2 + ((y - top) / (rim * flat)) ** 2
    back = smooth(1.04, 0.99, mouth)
    mask, nx, ny, nz = _round(x, y, cx, top, foot, profile)
    base_curve = ((x - cx) / np.maximum(profile[-1], 1)) ** 2
    mask = mask * smooth(1.5, -1.5, y - (foot - np.clip(base_curve, 0, 1) * profile[-1] * 0.16))
    stripes: Array = np.ones_like(mask)
    if name in ("vase", "bowl", "cup") and rng.random() < 0.5:
        place = float(rng.uniform(0.3, 0.6))
        band = smooth(0.045, 0.035, np.abs((y - top) / (foot - top) - place - np.clip(nx * nx, 0, 1) * -0.05))
        stripes = 1 - 0.45 * band
    body = _gloss(
        glaze * dim * (speck * stripes)[..., None],
        nx,
        ny,
        nz,
        shine=0.75 * dim if name != "bottle" else 0.95,
        side=side,
    )
    inner = glaze * dim * (0.42 + 0.35 * smooth(-rim, rim, (x - cx) * side))[..., None]
    if name == "bowl" and "fruit" not in wanted:
        picture = mix(picture, inner, back[..., None])
        filled = smooth(1.0, 0.93, ((x - cx) / (rim * 0.92)) ** 2 + ((y - top - rim * 0.04) / (rim * flat * 0.86)) ** 2)
        if any(word in brief.prompt.lower() for word in ("soup", "ramen", "noodle", "salad", "food")):
            stew = fbm(rng, height, width, cells=34, octaves=4)
            picture = mix(picture, ramp_food(stew) * max(0.5, dim), filled[..., None])
    elif name == "bowl":
        picture = mix(picture, inner, back[..., None])
        spots = [
            (-0.55, -0.02),
            (0.55, -0.03),
            (0.0, -0.06),
            (-0.28, -0.30),
            (0.30, -0.29),
            (0.02, -0.5),
            (-0.62, 0.04),
            (0.02, 0.06),
            (0.6, 0.05),
        ]
        for dx, dy in spots[: int(rng.integers(7, 10))]:
            picture = _fruit(
                picture,
                brief,
                rng,
                cx + dx * rim,
                top + dy * rim * 0.8 + rim * 0.20,
                rim * 0.30,
                side,
                dim,
                shade=False,
            )
    else:
        picture = mix(picture, inner * (0.5 if name != "cup" else 1), back[..., None])
        if name == "cup":
            drink = rgb((0.25, 0.13, 0.06) if "tea" not in brief.prompt.lower() else (0.58, 0.36, 0.12)) * max(dim, 0.6)
            pool = smooth(
                1.0, 0.92, ((x - cx) / (rim * 0.88)) ** 2 + ((y - top - rim * 0.02) / (rim * flat * 0.82)) ** 2
            )
            swirl = smooth(
                0.45,
                0.6,
                np.sin(
                    np.sqrt(((x - cx) / rim) ** 2 + ((y - top) / (rim * flat)) ** 2) * 11
                    + np.arctan2((y - top) / flat, x - cx) * 2
                )
                * 0.5
                + 0.5,
            )
            foam = mix(
                drink,
                rgb((0.86, 0.70, 0.50)) * max(dim, 0.6),
                swirl[..., None] * (0.75 if "tea" not in brief.prompt.lower() else 0),
            )
            picture = mix(picture, foam, pool[..., None])
    front: Array | float = 1 - smooth(1.04, 0.98, mouth) * smooth(1, -1, y - top) if name != "bottle" else 1.0
    front = front * (1 - smooth(1.0, 0.96, mouth)) if name in ("bowl", "cup", "vase") else front
    if name == "bowl" and "fruit" in wanted:
        front = smooth(-1, 1, y - top - np.sqrt(np.clip(1 - ((x - cx) / rim) ** 2, 0, 1)) * rim * flat)
    picture = mix(picture, body, (mask * front)[..., None])
    edge = np.exp(-(((np.sqrt(mouth) - 1.0) * rim / (short * 0.006)) ** 2)) * (
        1.0 if name != "bowl" or "fruit" not in wanted else (y > top)
    )
    picture = mix(picture, np.clip(glaze * dim * 1.25 + 0.06, 0, 1), np.clip(edge * 0.75, 0, 1)[..., None])
    if name == "cup" or ("steam" in brief.props and name == "bowl"):
        veil = fbm(rng, height, width, cells=5, stretch=0.25, octaves=4)
        column = (
            np.exp(-(((x - cx - (veil - 0.5) * short * 0.25) / (rim * 0.6)) ** 2))
            * smooth(top - short * 0.34, top - short * 0.05, y)
            * smooth(top + 2, top - short * 0.05, y)
        )
        picture = screen(picture, (column * smooth(0.42, 0.7, veil) * 0.38)[..., None] * rgb((1, 1, 1)))
    return picture


def ramp_food(value: Array) -> Array:
    stops = rgb(((0.45, 0.22, 0.08), (0.85, 0.55, 0.20), (0.95, 0.82, 0.48), (0.35, 0.50, 0.16), (0.88, 0.35, 0.20)))
    places = np.array((0.0, 0.4, 0.58, 0.72, 1.0))
    return np.stack([np.interp(value, places, stops[:, channel]).astype(np.float32) for channel in range(3)], -1)


def _fruit(
    picture: Array,
    brief: Brief,
    rng: Generator,
    cx: float,
    foot: float,
    r: float,
    side: float,
    dim: float,
    *,
    shade: bool = True,
) -> Array:
    words = brief.prompt.lower()
    named = [
        c
        for w, c in (
            ("apple", (0.72, 0.12, 0.10)),
            ("orange", (0.93, 0.50, 0.10)),
            ("lemon", (0.95, 0.82, 0.20)),
            ("pear", (0.72, 0.72, 0.25)),
            ("peach", (0.95, 0.62, 0.42)),
            ("plum", (0.35, 0.14, 0.32)),
            ("cherr", (0.60, 0.05, 0.10)),
            ("grape", (0.35, 0.20, 0.42)),
        )
        if w in words
    ]
    if "fruit" in brief.own:
        named = [brief.own["fruit"]]
    options = named or [
        (0.72, 0.12, 0.10),
        (0.93, 0.50, 0.10),
        (0.95, 0.82, 0.20),
        (0.60, 0.68, 0.22),
        (0.40, 0.14, 0.28),
    ]
    base = rgb(options[int(rng.integers(len(options)))])
    height, width = picture.shape[:2]
    if shade:
        picture = _shadow(picture, cx, foot, r * 0.9, side)
    cy = foot - r * 0.93
    y0, y1, x0, x1 = (
        int(max(0, cy - r * 1.4)),
        int(min(height, cy + r * 1.3)),
        int(max(0, cx - r * 1.3)),
        int(min(width, cx + r * 1.3)),
    )
    if y1 - y0 < 4 or x1 - x0 < 4:
        return picture
    y, x = np.arange(y0, y1, dtype=np.float32)[:, None], np.arange(x0, x1, dtype=np.float32)[None, :]
    dx, dy = (x - cx) / r, (y - cy) / (r * 0.94)
    r2 = dx * dx + dy * dy
    nz = np.sqrt(np.clip(1 - r2, 0, 1))
    mask = smooth(1 + 1.5 / r, 1 - 1.5 / r, np.sqrt(r2))
    blush = fbm(rng, y1 - y0, x1 - x0, cells=3, octaves=5)
    skin = mix(base, np.clip(base * 0.8 + rgb((0.22, 0.16, 0.02)), 0, 1), smooth(0.4, 0.75, blush)[..., None]) * max(
        dim, 0.45
    )
    body = _gloss(skin, dx, dy, nz, shine=0.55 * dim, side=side, hard=28)
    dimple = np.exp(-((dx * 3.2) ** 2) - ((dy + 0.78) * 6) ** 2)
    body *= (1 - 0.55 * dimple)[..., None]
    out = picture.copy()
    out[y0:y1, x0:x1] = mix(out[y0:y1, x0:x1], body, mask[..., None])
    stem = (np.abs(x - cx - (cy - r * 0.8 - y) * 0.25) < r * 0.045) & (y < cy - r * 0.72) & (y > cy - r * 1.12)
    out[y0:y1, x0:x1] = np.where(stem[..., None], rgb((0.25, 0.17, 0.08)) * max(dim, 0.5), out[y0:y1, x0:x1])
    return out


def _bouquet(
    picture: Array, brief: Brief, rng: Generator, cx: float, foot: float, short: float, side: float, dim: float
) -> Array:
    height, width = picture.shape[:2]
    words = brief.prompt.lower()
    named = {
        "sunflower": (0.97, 0.76, 0.12),
        "rose": (0.80, 0.14, 0.22),
        "tulip": (0.92, 0.38, 0.30),
        "peon": (0.94, 0.62, 0.70),
        "daisy": (0.97, 0.96, 0.93),
        "lavender": (0.58, 0.46, 0.80),
        "lily": (0.97, 0.93, 0.90),
    }
    mixed: list[Colour] = [
        (0.92, 0.45, 0.52),
        (0.97, 0.82, 0.55),
        (0.95, 0.93, 0.90),
        (0.68, 0.38, 0.66),
        (0.90, 0.52, 0.30),
    ]
    options = [brief.own["flowers"]] if "flowers" in brief.own else [c for w, c in named.items() if w in words] or mixed
    power = max(dim, 0.5)
    heads = []
    for _ in range(int(rng.integers(11, 16))):
        angle, far = float(rng.normal(0, 0.55)), short * float(rng.uniform(0.14, 0.34))
        heads.append(
            (
                cx + math.sin(angle) * far,
                foot - math.cos(angle) * far - short * 0.02,
                short * float(rng.uniform(0.035, 0.062)),
            )
        )
    stems = []
    for hx, hy, _ in heads:
        w = short * 0.0035
        stems.append(
            [
                (cx - w, foot),
                (cx + w, foot),
                ((cx + hx) / 2 + w, (foot + hy) / 2 + 8),
                (hx + w, hy),
                (hx - w, hy),
                ((cx + hx) / 2 - w, (foot + hy) / 2 + 8),
            ]
        )
    picture = mix(picture, rgb((0.16, 0.30, 0.12)) * power, polygon(height, width, *stems)[..., None])
    for shade in (0.55, 0.85, 1.15):
        leaves = []
        for _ in range(11):
            angle, far, length = (
                float(rng.normal(0, 0.8)),
                short * float(rng.uniform(0.05, 0.24)),
                short * float(rng.uniform(0.06, 0.13)),
            )
            lx, ly = cx + math.sin(angle) * far, foot - math.cos(angle) * far
            turn = angle + float(rng.normal(0, 0.6))
            ux, uy = math.sin(turn), -math.cos(turn)
            points = [
                (lx, ly),
                (lx + ux * length * 0.5 - uy * length * 0.17, ly + uy * length * 0.5 + ux * length * 0.17),
                (lx + ux * length, ly + uy * length),
                (lx + ux * length * 0.5 + uy * length * 0.17, ly + uy * length * 0.5 - ux * length * 0.17),
            ]
            leaves.append(curve(points, 6))
        picture = mix(picture, rgb((0.20, 0.38, 0.16)) * power * shade, polygon(height, width, *leaves)[..., None])
    heads.sort(key=lambda head: -abs(head[0] - cx))
    for hx, hy, r in heads:
        picture = _flower(
            picture,
            rng,
            hx,
            hy,
            r,
            rgb(options[int(rng.integers(len(options)))]) * power,
            side,
            seed_head="sunflower" in words or "daisy" in words,
        )
    return picture


def _flower(
    picture: Array, rng: Generator, cx: float, cy: float, r: float, colour: Array, side: float, *, seed_head: bool
) -> Array:
    height, width = picture.shape[:2]
    y0, y1, x0, x1 = (
        int(max(0, cy - r * 1.5)),
        int(min(height, cy + r * 1.5)),
        int(max(0, cx - r * 1.5)),
        int(min(width, cx + r * 1.5)),
    )
    if y1 - y0 < 4 or x1 - x0 < 4:
        return picture
    y, x = np.arange(y0, y1, dtype=np.float32)[:, None], np.arange(x0, x1, dtype=np.float32)[None, :]
    flat = float(rng.uniform(0.72, 1.0))
    dx, dy = (x - cx) / r, (y - cy) / (r * flat)
    radius, angle = np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
    region = picture[y0:y1, x0:x1]
    petals = 16 if seed_head else int(rng.integers(5, 9))
    rings = ((1.25, 1.0), (0.95, 1.12), (0.66, 1.22), (0.40, 1.3)) if not seed_head else ((1.3, 1.0), (1.1, 1.1))
    for size, bright in rings:
        turn = float(rng.uniform(0, 6.28))
        wave = np.abs(np.cos((angle + turn) * petals / 2))
        outline = size * (0.72 + 0.28 * wave ** (0.5 if not seed_head else 0.8))
        mask = smooth(1.5 / r, -1.5 / r, radius - outline)
        inner = np.clip(radius / outline, 0, 1)
        shade = (0.55 + 0.5 * inner) * (0.82 + 0.18 * wave) * (1 + 0.22 * (dx * -side * 0.6 - dy * 0.6))
        region = mix(
            region * (1 - 0.28 * smooth(0.25, 0, radius - outline) * (1 - mask))[..., None],
            np.clip(colour * bright, 0, 1) * shade[..., None],
            mask[..., None],
        )
    if seed_head:
        heart = smooth(0.52, 0.46, radius)
        dots = 0.6 + 0.4 * np.sin(radius * 40) * np.sin(angle * 21)
        tone = rgb((0.28, 0.16, 0.06)) if colour[2] < 0.5 else rgb((0.92, 0.72, 0.15))
        region = mix(region, tone * dots[..., None], heart[..., None])
    out = picture.copy()
    out[y0:y1, x0:x1] = region
    return out


def _books(picture: Array, rng: Generator, cx: float, foot: float, short: float, dim: float, side: float) -> Array:
    height, width = picture.shape[:2]
    picture = _shadow(picture, cx, foot, short * 0.16, side)
    y = foot
    for _ in range(int(rng.integers(3, 6))):
        thick, half, shift = (
            short * float(rng.uniform(0.026, 0.045)),
            short * float(rng.uniform(0.13, 0.18)),
            float(rng.normal(0, 0.012)) * short,
        )
        colour = (
            rgb(
                [(0.50, 0.15, 0.14), (0.16, 0.28, 0.36), (0.70, 0.55, 0.30), (0.22, 0.34, 0.26), (0.80, 0.76, 0.68)][
                    int(rng.integers(5))
                ]
            )
            * dim
        )
        left, right = cx - half + shift, cx + half + shift
        picture = mix(
            picture,
            colour,
            polygon(height, width, [(left, y), (right, y), (right, y - thick), (left, y - thick)])[..., None],
        )
        picture = mix(
            picture,
            colour * 1.35,
            polygon(
                height,
                width,
                [(left, y - thick), (right, y - thick), (right, y - thick * 0.86), (left, y - thick * 0.86)],
            )[..., None],
        )
        picture = mix(
            picture,
            rgb((0.9, 0.86, 0.76)) * dim * 0.9,
            polygon(
                height,
                width,
                [
                    (left + half * 0.2, y - thick * 0.3),
                    (left + half * 0.5, y - thick * 0.3),
                    (left + half * 0.5, y - thick * 0.6),
                    (left + half * 0.2, y - thick * 0.6),
                ],
            )[..., None],
        )
        y -= thick
    return picture


# --- portraits --------------------------------------------------------------------------------------------------------


def backdrop(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """What stands, out of focus, behind a person."""
    words = brief.prompt.lower()
    h, w = height // 2, width // 2
    painter: Callable[..., Array] | None = None
    if any(word in words for word in ("city", "street", "neon", "cyberpunk", "skyline")):
        painter = city
    elif any(word in words for word in ("forest", "wood", "tree", "jungle")):
        painter = forest
    elif any(word in words for word in ("space", "galaxy", "planet", "astronaut", "nebula")):
        painter = space
    elif "abstract" in words:
        painter = abstract
    if painter:
        picture = painter(brief, light, rng, h, w)
    elif any(word in words for word in ("mountain", "field", "hill", "desert", "snow", "meadow", "garden", "sky")):
        horizon = int(h * 0.55)
        ground = (
            mountains(brief, light, rng, lake=False)
            if "mountain" in words or "snow" in words
            else hills(brief, light, rng)
        )
        picture = view(ground, sky(brief, light, rng, h, w, horizon), light, rng, horizon).picture
    elif any(word in words for word in ("sea", "beach", "ocean", "sunset", "night")):
        picture = sky(brief, light, rng, h, w, int(h * 0.9))
    else:
        tones: tuple[tuple[Colour, Colour], ...] = (
            ((0.18, 0.26, 0.30), (0.50, 0.62, 0.62)),
            ((0.30, 0.16, 0.14), (0.78, 0.48, 0.34)),
            ((0.16, 0.17, 0.26), (0.52, 0.48, 0.66)),
            ((0.24, 0.25, 0.18), (0.72, 0.68, 0.46)),
            ((0.55, 0.42, 0.36), (0.93, 0.80, 0.68)),
        )
        dark, bright = (rgb(tone) for tone in tones[int(rng.integers(len(tones)))])
        own = brief.own.get("background") or (brief.colours[0] if brief.colours else None)
        if own:
            dark, bright = rgb(own) * 0.35, mix(rgb(own), rgb((1, 1, 1)), 0.25)
        y, x = grid(h, w)
        spot = np.exp(-(((x / w - 0.40) / 0.45) ** 2) - ((y / h - 0.38) / 0.5) ** 2)
        wash = fbm(rng, h, w, cells=3, octaves=6)
        picture = mix(dark, bright, np.clip(spot * 0.85 + (wash - 0.5) * 0.7, 0, 1)[..., None])
        return _enlarge(blur(picture, 1), height, width)
    soft = blur(picture, min(h, w) * 0.022)
    bokeh = _bokeh(picture, rng, min(h, w) * 0.022)
    return _enlarge(screen(soft, bokeh), height, width)


def _enlarge(picture: Array, height: int, width: int) -> Array:
    return np.clip(resize(picture, height, width), 0, 1)


def _bokeh(picture: Array, rng: Generator, radius: float) -> Array:
    height, width = picture.shape[:2]
    total = np.zeros_like(picture)
    bright = picture.max(-1)
    y, x = grid(height, width)
    for _ in range(26):
        rows, columns = rng.integers(0, height, 40), rng.integers(0, width, 40)
        best = int(np.argmax(bright[rows, columns]))
        cy, cx = int(rows[best]), int(columns[best])
        if bright[cy, cx] < 0.6:
            continue
        r = radius * float(rng.uniform(0.8, 2.0))
        disc = smooth(r, r * 0.9, np.sqrt((x - cx) ** 2 + (y - cy) ** 2))
        total += disc[..., None] * picture[cy, cx] * 0.20
    return np.clip(total, 0, 0.7)


def portrait(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """A bust, turned a little to the light, eyes lowered."""
    picture = backdrop(brief, light, rng, height, width)
    short = min(height, width * 1.15)
    traits = set(brief.traits)
    if not traits & {"female", "male"}:
        traits.add("female" if rng.random() < 0.5 else "male")
    female = "female" in traits and "male" not in traits
    unit = short * 0.168  # half a face wide
    cx, cy = width / 2 + float(rng.uniform(-0.03, 0.03)) * width, height * 0.42
    side = -1.0 if rng.random() < 0.5 else 1.0  # where the light comes from
    skins: tuple[Colour, ...] = (
        (0.93, 0.76, 0.65),
        (0.86, 0.65, 0.50),
        (0.68, 0.46, 0.33),
        (0.46, 0.30, 0.21),
        (0.96, 0.82, 0.73),
    )
    skin = rgb(skins[int(rng.integers(len(skins)))])
    shades = list(HAIR.values())
    hair_tone = rgb(
        brief.own.get("hair") or ((0.80, 0.79, 0.77) if "old" in traits else shades[int(rng.integers(len(shades) - 4))])
    )
    cloths: tuple[Colour, ...] = (
        (0.20, 0.28, 0.42),
        (0.62, 0.20, 0.18),
        (0.24, 0.36, 0.30),
        (0.85, 0.80, 0.70),
        (0.30, 0.20, 0.32),
        (0.80, 0.58, 0.22),
    )
    cloth = rgb(
        brief.own.get("clothes") or (brief.colours[-1] if brief.colours else cloths[int(rng.integers(len(cloths)))])
    )
    y, x = grid(height, width)
    u, v = (x - cx) / unit, (y - cy) / unit
    tilt = float(rng.uniform(-0.10, 0.10))
    u, v = u * math.cos(tilt) + v * math.sin(tilt), v * math.cos(tilt) - u * math.sin(tilt)
    bu, bv = (x - cx) / unit, (y - cy) / unit
    pixel = 1.4 / unit
    fine = fbm(rng, height, width, cells=50, octaves=3)

    def light_on(base: Array, nx: Array, ny: Array, *, warm: float = 1.0) -> Array:
        nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0.02, 1))
        lambert = np.clip(nx * side * 0.72 - ny * 0.42 + nz * 0.52, 0, 1)
        rim = np.clip(-nx * side, 0, 1) ** 2.5 * 0.55
        key = mix(rgb((1.05, 1.0, 0.93)), light.sun * 1.1, 0.5)
        fill = mix(rgb((0.34, 0.34, 0.38)), light.middle * 0.55, 0.4)
        return np.clip(
            base * (fill + key * (lambert * 0.95 * warm)[..., None])
            + (rim[..., None] * mix(light.horizon, light.sun, 0.4) * 0.55) * (0.35 + base),
            0,
            1,
        )

    long = "long" in traits or (female and not traits & {"short", "bun"} and rng.random() < 0.6)
    bald = "cropped" in brief.prompt.lower() or "bald" in brief.prompt.lower()
    flow = 0.72 + 0.5 * fbm(rng, height, width, cells=22, stretch=0.10, octaves=4)
    wave = fbm(rng, height, width, cells=6, stretch=0.2, octaves=3)
    strands = flow * (0.85 + 0.3 * np.sin(u * 30 + v * 3 + wave * 9) * 0.5)

    def hair_light(nx: Array, ny: Array) -> Array:
        gloss = np.exp(-(((v + 0.75 + 0.25 * u * side) / 0.20) ** 2)) * 0.42 * np.clip(0.5 + u * side * 0.6, 0, 1)
        return np.clip(
            light_on(hair_tone * strands[..., None], nx, ny) + gloss[..., None] * (hair_tone * 0.9 + 0.08), 0, 1
        )

    wavy = 0.06 * np.sin(v * 6.5 + 1.3) + (fine - 0.5) * 0.05
    if "curly" in traits:
        wavy = wavy + (fbm(rng, height, width, cells=15, octaves=3) - 0.5) * 0.55
    if long and not bald:  # hair behind the shoulders
        spread = 1.22 + 0.22 * smooth(-0.6, 2.2, v) + wavy
        field = np.where(v < -0.2, np.sqrt((u / 1.22) ** 2 + ((v + 0.2) / 1.32) ** 2) - 1, np.abs(u) / spread - 1)
        mask = smooth(pixel, -pixel, field) * smooth(2.75, 2.45, v + wavy * 0.8)
        picture = mix(picture, hair_light(np.clip(u / spread, -1, 1), np.zeros_like(u)) * 0.72, mask[..., None])
    # Shoulders and neck.
    broad = 2.15 if female else 2.55
    shoulder = 1.95 + 0.62 * np.clip(np.abs(bu) / broad, 0, 1.3) ** 2.2 + 0.05 * np.sin(bu * 3)
    body = smooth(-pixel * 2, pixel * 2, bv - shoulder) * smooth(
        broad + 0.05 * 1, broad - 0.05, np.abs(bu) - np.clip(bv - 2.4, 0, 2) * 0.28
    )
    folds = 0.86 + 0.28 * fbm(rng, height, width, cells=5, stretch=0.4, octaves=4)
    picture = mix(
        picture,
        light_on(cloth * folds[..., None], np.clip(bu / broad, -0.95, 0.95), np.full_like(bu, -0.25) + 0 * bv),
        body[..., None],
    )
    neck_half = (0.42 if female else 0.53) + 0.13 * smooth(1.4, 2.0, bv) + 0.5 * smooth(1.75, 2.15, bv)
    neck = (
        smooth(pixel, -pixel, np.abs(bu) - neck_half)
        * smooth(0.6, 0.65, bv)
        * smooth(0.06, -0.06, bv - 2.20 + np.abs(bu) * 0.35 - 0.28 * female)
    )
    under = 1 - 0.52 * np.exp(-np.clip(bv - 1.06, 0, None) * 2.4)
    picture = mix(
        picture,
        light_on(skin * under[..., None], np.clip(bu / neck_half, -0.95, 0.95), np.zeros_like(bu) + 0 * bv) * 0.92,
        neck[..., None],
    )
    collar = np.exp(-(((bv - 2.24 + np.abs(bu) * 0.35 - 0.28 * female) / 0.05) ** 2)) * (np.abs(bu) < 1.15)
    picture = mix(picture, np.clip(cloth * 0.55, 0, 1), (collar * body * 0.7)[..., None])
    # The head: an egg, its chin narrower.
    jaw = 0.99 - (0.30 if female else 0.20) * smooth(0.1, 1.3, v) ** 1.3
    head = np.sqrt((u / jaw) ** 2 + ((v - 0.02) / np.where(v < 0, 1.18, 1.30)) ** 2)
    ears = smooth(pixel, -pixel, np.sqrt(((np.abs(u) - 0.99) / 0.13) ** 2 + ((v - 0.08) / 0.27) ** 2) * 0.13 - 0.13)
    picture = mix(
        picture,
        light_on(skin * 0.86, np.clip(u, -0.9, 0.9), np.zeros_like(u) + 0 * v) * rgb((1.0, 0.90, 0.87)),
        ears[..., None],
    )
    face = smooth(pixel, -pixel, head - 1)
    nx, ny = np.clip(u / jaw * 0.92, -1, 1) * np.clip(head, 0, 1) ** 0.5, np.clip((v - 0.02) / 1.28 * 0.85, -1, 1)

    # Relief of the face: nose, brow, cheeks, sockets, lips.
    def bump(px: float, py: float, sx: float, sy: float) -> Array:
        return np.exp(-(((u - px) / sx) ** 2) - ((v - py) / sy) ** 2)

    relief = 0.20 * np.exp(-((u / 0.13) ** 2)) * smooth(-0.25, 0.42, v) * smooth(0.60, 0.46, v) + 0.10 * bump(
        0, 0.46, 0.16, 0.09
    )
    relief += 0.05 * (bump(-0.17, 0.50, 0.09, 0.06) + bump(0.17, 0.50, 0.09, 0.06)) + 0.07 * (
        bump(-0.52, 0.42, 0.26, 0.24) + bump(0.52, 0.42, 0.26, 0.24)
    )
    relief -= 0.075 * (bump(-0.42, 0.0, 0.24, 0.13) + bump(0.42, 0.0, 0.24, 0.13))
    relief += (
        0.05 * (bump(-0.42, -0.22, 0.30, 0.08) + bump(0.42, -0.22, 0.30, 0.08))
        + 0.05 * bump(0, 0.82, 0.26, 0.06)
        + 0.05 * bump(0, 1.14, 0.24, 0.12)
    )
    relief -= 0.03 * bump(0, 0.95, 0.22, 0.045)
    gy, gx = np.gradient(blur(relief.astype(np.float32), unit * 0.012), 1 / unit)
    nx, ny = np.clip(nx - gx * 0.75, -0.97, 0.97), np.clip(ny - gy * 0.75, -0.97, 0.97)
    tone = skin * (0.97 + 0.06 * fine)[..., None]
    blush = 0.30 * (bump(-0.55, 0.45, 0.26, 0.2) + bump(0.55, 0.45, 0.26, 0.2)) + 0.22 * bump(0, 0.46, 0.18, 0.12)
    tone = mix(tone, tone * rgb((1.02, 0.78, 0.74)), np.clip(blush, 0, 1)[..., None])
    picture = mix(picture, light_on(tone, nx, ny), face[..., None])

    def stroke(mask: Array, colour: Array | Colour, strength: float) -> None:
        nonlocal picture
        picture = mix(picture, rgb(colour), (np.clip(mask, 0, 1) * face * strength)[..., None])

    dark = skin * rgb((0.30, 0.22, 0.20))
    for eye in (-0.42, 0.42):
        e = (u - eye) / 0.235
        within = smooth(1.06, 0.94, np.abs(e))
        lower = 0.085 - 0.095 * e * e  # lowered lids
        upper = -0.015 - 0.075 * (1 - e * e)
        lash = np.exp(-(((v - 0.02 - lower * 0.75) / (0.020 + 0.012 * (1 - e * e).clip(0))) ** 2)) * within
        crease = np.exp(-(((v - 0.015 - upper) / 0.014) ** 2)) * within
        stroke(crease, dark, 0.38)
        stroke(
            np.exp(-(((v - 0.0) / 0.055) ** 2)) * np.exp(-(e**4)),
            mix(skin * 0.75, cloth * 0.6, 0.3 if female else 0.1),
            0.28,
        )
        stroke(lash, rgb((0.07, 0.05, 0.05)), 0.9 if female else 0.75)
        if female:
            wing = (
                np.exp(-(((v - 0.03 + (np.abs(u) - 0.62) * 0.45) / 0.016) ** 2))
                * smooth(0.56, 0.62, np.abs(u))
                * smooth(0.74, 0.66, np.abs(u))
                * (np.sign(u) == np.sign(eye))
            )
            stroke(wing, rgb((0.07, 0.05, 0.05)), 0.75)
        arch = -0.235 - 0.055 * (1 - ((u - eye * 1.05) / 0.30) ** 2)
        brow = np.exp(-(((v - arch) / (0.026 if female else 0.038)) ** 2)) * smooth(
            1.05, 0.85, np.abs((u - eye * 1.05) / 0.30)
        )
        stroke(brow, hair_tone * 0.55, 0.85)
    nostril = np.exp(-(((np.abs(u) - 0.095) / 0.040) ** 2) - ((v - 0.535) / 0.022) ** 2)
    stroke(nostril, dark, 0.6)
    lip = rgb((0.74, 0.28, 0.28)) * (0.55 + 0.55 * float(skin.mean())) if female else skin * rgb((0.80, 0.58, 0.54))
    width_ = 0.33
    across = np.clip(np.abs(u) / width_, 0, 1.2)
    bow = 0.775 + 0.035 * np.abs(np.sin(np.clip(across, 0, 1) * math.pi * 0.9)) * -1 + 0.055 * across**2
    bottom = 0.955 - 0.17 * across**2
    middle = 0.855 + 0.012 * np.cos(across * 6) - 0.04 * across**2
    mouth = smooth(-0.015, 0.015, v - bow) * smooth(0.018, -0.018, v - bottom) * smooth(1.02, 0.94, across)
    stroke(
        mouth, lip * (0.78 + 0.35 * smooth(0.84, 0.93, v) + 0.2 * bump(0.08 * side, 0.905, 0.10, 0.02))[..., None], 0.85
    )
    stroke(np.exp(-(((v - middle) / 0.013) ** 2)) * smooth(1.05, 0.92, across), dark * 0.6, 0.8)
    if "old" in traits:
        for at in (-0.62, -0.48, -0.36):
            stroke(np.exp(-(((v - at - 0.03 * np.cos(u * 4)) / 0.010) ** 2)) * smooth(0.55, 0.4, np.abs(u)), dark, 0.22)
        stroke(
            np.exp(-(((np.abs(u) - 0.24 - (v - 0.5) * 0.30) / 0.014) ** 2))
            * smooth(0.48, 0.56, v)
            * smooth(0.95, 0.85, v),
            dark,
            0.3,
        )
    if "beard" in traits or (not female and "young" not in traits and rng.random() < 0.35):
        edge = 0.52 + 0.30 * np.clip(0.62 - np.abs(u), 0, 1) * 1.3 + (fine - 0.5) * 0.12
        length = 1.36 + ("beard" in traits) * 0.42 + (fine - 0.5) * 0.2
        field = smooth(-0.05, 0.05, v - edge) * smooth(
            0.06, -0.06, np.sqrt((u / (jaw + 0.05)) ** 2 + (np.clip(v, 0, None) / length) ** 2) - 1
        )
        beard = field * (1 - mouth)
        picture = mix(
            picture,
            light_on(hair_tone * (0.9 * strands)[..., None], np.clip(u, -0.9, 0.9), np.zeros_like(u) + 0.1 * v),
            (beard * 0.93)[..., None],
        )
    if not bald:
        part = float(rng.choice([-0.35, 0.0, 0.35]))
        fringe = -0.42 - 0.50 * (1 - np.clip(np.abs(u - part) / 1.25, 0, 1) ** 1.6) + (fine - 0.5) * 0.07
        if female and not long:
            fringe = np.where(np.abs(u) > 0.80, 0.95 + wavy, fringe)
        elif long:
            fringe = np.where(np.abs(u) > 0.86 - 0.10 * smooth(-0.5, 0.5, v), 3.0, fringe)
        else:
            fringe = np.where(np.abs(u) > 0.90, 0.02, fringe + 0.10)
        outer = (
            np.sqrt((u / (1.13 + 0.05 * female)) ** 2 + ((v + 0.08) / (1.26 + 0.05 * female)) ** 2) - 1 + wavy * 0.35
        )
        outer = np.where(v > 0.1, np.minimum(outer, np.abs(u) / (1.17 + wavy) - 1), outer) if female else outer
        mask = smooth(pixel * 1.5, -pixel * 1.5, outer) * smooth(0.035, -0.035, v - fringe)
        shadow = blur(mask, unit * 0.05) * face * (1 - mask)
        picture = picture * (1 - 0.45 * shadow)[..., None]
        picture = mix(
            picture, hair_light(np.clip(u / 1.2, -0.96, 0.96), np.clip((v + 0.1) / 1.35, -0.9, 0.6)), mask[..., None]
        )
        if "bun" in traits:
            bun = smooth(pixel, -pixel, np.sqrt((u / 0.48) ** 2 + ((v + 1.48) / 0.42) ** 2) - 1)
            picture = mix(
                picture,
                hair_light(np.clip(u / 0.5, -0.95, 0.95), np.clip((v + 1.48) / 0.45, -0.9, 0.9)),
                bun[..., None],
            )
    if "glasses" in traits:
        for eye in (-0.42, 0.42):
            ring = np.sqrt(((u - eye) / 0.31) ** 2 + ((v - 0.03) / 0.27) ** 2)
            picture = mix(picture, rgb((0.08, 0.07, 0.07)), smooth(0.12, 0.07, np.abs(ring - 1))[..., None])
            picture = screen(
                picture,
                (smooth(1, 0.95, ring) * smooth(0.02, 0.10, (u - eye) * side - (v - 0.03)) * 0.12)[..., None]
                * rgb((1, 1, 1)),
            )
        picture = mix(
            picture, rgb((0.08, 0.07, 0.07)), (np.exp(-(((v + 0.02) / 0.025) ** 2)) * (np.abs(u) < 0.13))[..., None]
        )
    if "hat" in traits:
        hat = rgb(brief.own.get("hat", tuple(cloth * 0.6)))
        crown = smooth(
            pixel, -pixel, np.maximum(np.abs(u) - 0.92 + 0.12 * (v + 1.9).clip(-1, 0), np.abs(v + 1.22) - 0.58)
        )
        brim = smooth(1.04, 0.98, (u / 1.75) ** 2 + ((v + 0.68) / 0.20) ** 2)
        picture = mix(
            picture, light_on(hat * flow[..., None], np.clip(u, -0.95, 0.95), np.zeros_like(u) - 0.1), crown[..., None]
        )
        picture = mix(picture, rgb((0.06, 0.05, 0.05)), (crown * (np.abs(v + 0.86) < 0.10))[..., None])
        picture = mix(
            picture,
            light_on(hat * flow[..., None], np.clip(u / 1.8, -0.95, 0.95), np.full_like(u, -0.4)),
            brim[..., None],
        )
    if "crown" in traits:
        points = -1.15 - 0.34 * np.abs(((u * 2.4) % 1) - 0.5) * 2
        gold = smooth(pixel, -pixel, points - v) * smooth(pixel, -pixel, v + 0.80 - 0.10 * u * u) * (np.abs(u) < 0.95)
        gold = gold if gold.ndim == 2 else np.broadcast_to(gold, face.shape)
        picture = mix(
            picture,
            light_on(
                rgb((0.95, 0.72, 0.25)) * (0.8 + 0.4 * fine)[..., None],
                np.clip(u * 1.1, -0.95, 0.95),
                np.zeros_like(u) - 0.2,
            ),
            gold[..., None],
        )
    if "helmet" in traits:
        bowl = np.sqrt((u / 1.62) ** 2 + ((v + 0.02) / 1.66) ** 2)
        glass = smooth(1, 0.97, bowl)
        arc = np.exp(-(((bowl - 0.80) / 0.05) ** 2)) * smooth(0.1, 0.7, u * side - v * 0.8)
        picture = mix(picture, picture * rgb((0.86, 0.93, 1.0)) + 0.03, glass[..., None])
        picture = screen(picture, (arc * 0.6)[..., None] * rgb((1, 1, 1)))
        ring = smooth(0.10, 0.07, np.abs(bowl - 1.05))
        picture = mix(
            picture,
            light_on(rgb((0.92, 0.92, 0.94)), np.clip(u / 1.7, -0.95, 0.95), np.clip(v / 1.7, -0.9, 0.9)),
            ring[..., None],
        )
    return np.clip(picture, 0, 1)

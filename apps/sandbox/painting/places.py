"""Cities, streets, woods, space, the deep sea, a room, and what has no place."""

from __future__ import annotations

import math

import numpy as np
from PIL import ImageDraw

from apps.sandbox.painting.brief import Brief
from apps.sandbox.painting.canvas import Array, Colour, blur, drawn, grid, mix, polygon, resize, rgb, screen, smooth
from apps.sandbox.painting.noise import Generator, fbm, line, sample, tile
from apps.sandbox.painting.sky import Light, sky
from apps.sandbox.painting.terrain import lay_water

NEONS: tuple[Colour, ...] = (
    (1.0, 0.15, 0.60),
    (0.10, 0.85, 1.0),
    (0.65, 0.25, 1.0),
    (1.0, 0.55, 0.15),
    (0.20, 1.0, 0.60),
)


def city(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """A skyline in three rows, far to near, above water."""
    horizon = int(height * float(rng.uniform(0.60, 0.70)))
    picture = sky(brief, light, rng, height, width, horizon)
    evening = light.night or brief.time in ("dusk", "sunset") or brief.style == "neon"
    unit = min(height, width) / 100
    neon = brief.style == "neon"
    for row, (mist, tall, wide) in enumerate(((0.72, 0.62, 3.2), (0.42, 0.52, 4.6), (0.10, 0.34, 6.5))):
        outline = line(rng, width, cells=2.5, octaves=2)
        x = -float(rng.uniform(0, 5)) * unit
        while x < width:
            w = float(rng.uniform(0.7, 1.5)) * wide * unit
            centre = int(np.clip(x + w / 2, 0, width - 1))
            h = horizon * tall * (0.18 + 1.25 * float(outline[centre]) ** 1.5) * float(rng.uniform(0.55, 1.25))
            if rng.random() < 0.07:
                h *= 1.5
                w *= 0.8
            _tower(
                picture,
                rng,
                light,
                x,
                horizon,
                w,
                min(h, horizon * 0.86),
                unit * (0.55 + 0.3 * row),
                mist,
                evening,
                neon,
            )
            x += w * float(rng.uniform(0.82, 1.25))
        haze = np.exp(-(((horizon - grid(height, width)[0]) / (height * 0.10)).clip(0) ** 1.2)) * (0.32 - 0.09 * row)
        tint = mix(light.haze, light.horizon, 0.5)
        picture[:horizon] = mix(picture[:horizon], tint, haze[:horizon, :, None])
    if evening:
        picture = screen(picture, blur(np.clip(picture - 0.55, 0, 1), unit * 2.2) * 1.1)
    water = np.zeros((height, width), np.float32)
    water[horizon:] = 1
    return lay_water(
        picture, water, light, rng, horizon, waves=0.28, tint=mix(light.top * 0.5, rgb((0.03, 0.05, 0.08)), 0.4)
    )


def _tower(
    picture: Array,
    rng: Generator,
    light: Light,
    x: float,
    foot: int,
    w: float,
    h: float,
    pane: float,
    mist: float,
    evening: bool,
    neon: bool,
) -> None:
    left, right, top = max(0, round(x)), min(picture.shape[1], round(x + w)), max(0, round(foot - h))
    if right - left < 3 or foot - top < 3:
        return
    stone = rgb(
        [(0.45, 0.43, 0.42), (0.32, 0.35, 0.40), (0.55, 0.48, 0.42), (0.25, 0.30, 0.36), (0.48, 0.36, 0.31)][
            int(rng.integers(5))
        ]
    )
    dim = 0.28 if light.night else 0.55 if evening else 1.0
    ambient = (light.middle * 0.55 + light.horizon * 0.35) * dim
    split = round(left + (right - left) * float(rng.uniform(0.55, 0.8)))
    lit_left = light.x < 0.5
    rows, columns = np.arange(top, foot, dtype=np.float32)[:, None], np.arange(left, right, dtype=np.float32)[None, :]
    front = (columns < split).astype(np.float32)
    sun = light.sun * light.strength * (0.2 if light.night else 0.55)
    faces = ambient * stone + stone * sun * (front if lit_left else 1 - front)[..., None]
    body = np.broadcast_to(faces, (foot - top, right - left, 3)).copy()
    u, v = (columns - left) / (pane * 1.5), (rows - top) / (pane * 1.9)
    window = ((u % 1) > 0.30) & ((u % 1) < 0.82) & ((v % 1) > 0.28) & ((v % 1) < 0.78) & (v > 0.8)
    chance = rng.random((int(v.max()) + 2, int(u.max()) + 2))
    on = chance[np.floor(v).astype(int), np.floor(u).astype(int)]
    if evening:
        share = float(rng.uniform(0.25, 0.6)) if not light.night else float(rng.uniform(0.35, 0.65))
        warm = mix(rgb((1, 0.72, 0.36)), rgb((1, 0.93, 0.78)), (on * 3 % 1)[..., None])
        if neon:
            warm = np.where((on * 7 % 1)[..., None] < 0.6, rgb(NEONS[int(rng.integers(len(NEONS)))]), warm)
        body = np.where(
            (window & (on < share))[..., None],
            warm * (0.55 + 0.45 * (on * 5 % 1))[..., None],
            np.where(window[..., None], body * 0.6, body),
        )
    else:
        glass = mix(light.top, light.horizon, (0.3 + 0.7 * on)[..., None]) * 0.75
        body = np.where(window[..., None], mix(body, glass, 0.75), body)
    body = mix(
        body, light.haze if not evening else mix(light.haze, light.horizon, 0.35), mist * (0.75 if evening else 1)
    )
    picture[top:foot, left:right] = body
    kind = rng.random()
    middle = (left + right) // 2
    if kind < 0.25 and top > 20:
        mast = max(1, int(w / 40))
        picture[max(0, top - int(h * 0.16)) : top, middle : middle + mast] = body[0, 0] * 0.9
        if evening:
            picture[
                max(0, top - int(h * 0.16)) : max(0, top - int(h * 0.16)) + mast + 1, middle : middle + mast + 1
            ] = (1, 0.2, 0.15)
    elif kind < 0.45:
        inset = (right - left) // 5
        step = min(top, int(h * 0.07))
        picture[top - step : top, left + inset : right - inset] = body[:1, inset : right - left - inset]


def street(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """Two rows of houses that run to a vanishing point, over wet or dry ground."""
    hx, hy = width * float(rng.uniform(0.42, 0.58)), height * float(rng.uniform(0.50, 0.58))
    horizon = int(hy)
    evening = light.night or brief.time in ("dusk", "sunset") or brief.style == "neon"
    wet = brief.weather in ("rain", "storm") or brief.style == "neon" or bool(rng.random() < 0.35 and evening)
    picture = sky(brief, light, rng, height, width, horizon)
    y, x = grid(height, width)
    focal = min(height, width) * 0.9
    half = 1.0
    side = np.where(x < hx, 0, 1)
    z = focal * half / np.maximum(np.abs(x - hx), 0.6)  # depth of the walls, by column
    up = (hy - y) / focal * z  # height on the wall
    plot = np.floor(np.log(np.maximum(z, 0.4)) / math.log(1.42)).astype(int) + 8
    plots = 40
    tall = rng.uniform(1.1, 3.4, (2, plots)).astype(np.float32)
    stones = rng.uniform(0.25, 0.60, (2, plots, 1)).astype(np.float32) * rng.uniform(0.85, 1.15, (2, plots, 3)).astype(
        np.float32
    )
    stones = mix(stones, stones * rgb((1.15, 0.92, 0.75)), 0.7)
    plot = np.clip(plot, 0, plots - 1)
    roof = tall[side, plot]
    inside = (up < roof - 0.0) & (up > -0.42) & (z < 60)
    soft = smooth(0, 1, (roof - up) * focal / z) * (z < 60)
    stone = stones[side, plot]
    begin = np.exp((plot - 8) * math.log(1.42))
    across = (z - begin) / (begin * 0.42)
    floors = np.maximum(2, np.round(roof / 0.42))
    v, u = up / (roof / floors), across * 4
    window = ((u % 1) > 0.24) & ((u % 1) < 0.76) & ((v % 1) > 0.25) & ((v % 1) < 0.80) & (v > 0.9) & (v < floors)
    shop = (up < 0.10) & (up > -0.30) & ((across * 2 % 1) > 0.10) & ((across * 2 % 1) < 0.90)
    number = (
        side * 7919
        + plot * 104729
        + np.floor(u).astype(int) * 31337
        + np.floor(np.broadcast_to(v, window.shape)).astype(int) * 6151
    ) % 9973
    chance = number / 9973
    facing = 0.75 if light.x < 0.5 else 1.0
    ambient = (light.middle * 0.5 + light.horizon * 0.4) * (0.42 if light.night else 0.6 if evening else 1.0)
    sunny = (
        light.sun
        * light.strength
        * np.where(side == 1, facing, 1.75 - facing)[..., None]
        * (0.08 if light.night else 0.3)
    )
    wall = stone * (ambient + sunny)
    grain = 0.92 + 0.16 * fbm(rng, height, width, cells=60, octaves=3)
    wall = np.broadcast_to(wall, (height, width, 3)) * grain[..., None]
    ledge = ((v % 1) < 0.06) & (up > 0.1)
    wall = np.where(ledge[..., None], wall * 1.25, wall)
    if evening:
        on = chance < 0.48
        warm = mix(rgb((1, 0.68, 0.32)), rgb((1, 0.88, 0.66)), ((chance * 13) % 1)[..., None])
        wall = np.where((window & on)[..., None], warm * 0.85, np.where(window[..., None], wall * 0.45, wall))
        colours = rgb(
            NEONS
            if brief.style == "neon"
            else ((1, 0.75, 0.42), (1, 0.85, 0.6), (0.95, 0.55, 0.30), (0.75, 0.85, 1), (1, 0.68, 0.5))
        )
        front = colours[(plot * 3 + side + np.floor(across * 2).astype(int)) % len(colours)]
        wall = np.where(shop[..., None], front * (0.65 + 0.35 * grain)[..., None], wall)
        # Signs stand out of the walls, upright bars with rows of strokes.
        if brief.style == "neon" or light.night:
            sign = (
                ((across % 1) > 0.55)
                & ((across % 1) < 0.80)
                & (up > 0.25)
                & (up < np.minimum(roof * 0.75, 1.5))
                & ((plot * 7 + side * 3) % 3 != 0)
            )
            strokes = (np.sin(up * 55) > -0.2) & (((across * 16) % 1) > 0.25)
            colour = rgb(NEONS)[(plot * 5 + side * 2) % len(NEONS)]
            wall = np.where(sign[..., None], np.where(strokes[..., None], colour, wall * 0.2), wall)
    else:
        glass = mix(light.top, light.horizon, 0.4 + 0.5 * ((chance * 5) % 1)[..., None]) * 0.7
        wall = np.where(window[..., None], glass, wall)
        awning = (up < 0.20) & (up > 0.06)
        cloth = rgb(((0.72, 0.20, 0.16), (0.20, 0.42, 0.36), (0.85, 0.66, 0.30), (0.24, 0.32, 0.52)))[
            (plot * 3 + side) % 4
        ]
        wall = np.where(
            awning[..., None], cloth * (ambient + 0.3) * np.where((across * 14 % 1) < 0.5, 1.0, 1.5)[..., None], wall
        )
        wall = np.where((shop & ~awning)[..., None], wall * 0.45, wall)
    mist = (1 - np.exp(-((z / (26 / light.fog)) ** 1.1)))[..., None]
    wall = mix(wall, mix(light.haze, light.horizon, 0.4), mist)
    picture = mix(picture, wall, (inside * soft)[..., None])
    # Ground: below the walls' foot.
    depth = focal * 0.42 / np.maximum(y - hy, 0.5)
    lateral = (x - hx) * depth / focal
    ground_mask = (y > hy) & (np.abs(lateral) < half)
    stonework = fbm(rng, height, width, cells=90, octaves=3)
    slabs = (((depth * 3.2) % 1) < 0.05) | (((lateral * 5 + np.floor(depth * 3.2) * 0.5) % 1) < 0.03)
    pavement = np.abs(lateral) > 0.62
    base = rgb((0.30, 0.29, 0.29)) * (ambient + light.sun * 0.2 * light.strength) * (0.75 + 0.5 * stonework)[..., None]
    base = np.where(pavement[..., None], base * 1.45, base)
    base = np.where((slabs & pavement)[..., None], base * 0.72, base)
    kerb = np.abs(np.abs(lateral) - 0.62) < 0.012
    base = np.where(kerb[..., None], base * 1.5, base)
    dashes = (np.abs(lateral) < 0.012) & ((depth * 0.9 % 1) < 0.5)
    base = np.where(dashes[..., None], base * 2.2, base)
    rows = height - horizon
    if wet:
        ripple = fbm(rng, rows, width, cells=16, stretch=5, octaves=5) - 0.5
        yy = np.arange(rows, dtype=np.float32)[:, None]
        source = np.clip(
            horizon - yy * min(1.0, horizon / rows) * 1.0 + ripple * 90 * (yy / rows) * height / 1000, 0, horizon - 1
        ).astype(int)
        sideways = np.clip(np.arange(width)[None, :] + ripple * 40 * (yy / rows), 0, width - 1).astype(int)
        mirrored = blur(picture, 1.0)[source, sideways]
        puddle = 0.45 + 0.5 * smooth(0.42, 0.6, fbm(rng, rows, width, cells=5, stretch=3))
        base[horizon:] = mix(base[horizon:] * 0.55, mirrored, (puddle * 0.85)[..., None])
    fog = (1 - np.exp(-((depth / (16 / light.fog)) ** 1.2)))[..., None]
    base = mix(base, mix(light.haze, light.horizon, 0.4), fog)
    picture = mix(picture, base, ground_mask[..., None].astype(np.float32))
    if evening:
        picture = _lamps(picture, rng, light, hx, hy, focal)
        picture = screen(picture, blur(np.clip(picture - 0.5, 0, 1), min(height, width) * 0.02) * 1.2)
    return picture


def _lamps(picture: Array, rng: Generator, light: Light, hx: float, hy: float, focal: float) -> Array:
    height, width = picture.shape[:2]
    for depth in (9.0, 5.5, 3.4, 2.1):
        for side in (-0.64, 0.64):
            x = hx + side / depth * focal
            if not 0 < x < width:
                continue
            foot, top = hy + 0.42 / depth * focal, hy - 0.75 / depth * focal
            wide = max(1.0, focal * 0.010 / depth)
            mast = polygon(
                height,
                width,
                [(x - wide, foot), (x + wide, foot), (x + wide * 0.6, top), (x - wide * 0.6, top)],
                finer=1,
            )
            picture = mix(picture, light.shade * 0.25, mast[..., None])
            y, xx = grid(height, width)
            distance = np.sqrt((xx - x) ** 2 + (y - top) ** 2) / focal * depth
            lamp = np.exp(-distance * 26) * 1.2 + np.exp(-distance * 4.5) * 0.38
            picture = screen(picture, lamp[..., None] * rgb((1, 0.80, 0.50)))
    return picture


def forest(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """Trunks in the mist, the nearest dark, light falling through."""
    short = min(height, width)
    leaves = {
        "autumn": ((0.82, 0.42, 0.08), (0.92, 0.66, 0.16), (0.66, 0.22, 0.08)),
        "winter": ((0.80, 0.84, 0.90), (0.92, 0.94, 0.97), (0.66, 0.72, 0.80)),
        "spring": ((0.62, 0.78, 0.30), (0.92, 0.72, 0.80), (0.48, 0.68, 0.28)),
    }.get(brief.season, ((0.24, 0.40, 0.14), (0.42, 0.55, 0.20), (0.14, 0.30, 0.14)))
    shine = mix(light.haze, light.horizon, 0.55)
    green = mix(rgb(leaves[1]), shine, 0.55) * (0.35 if light.night else 1)
    y, x = grid(height, width)
    sx, sy = light.x * width, height * 0.30
    distance = np.sqrt((x - sx) ** 2 + ((y - sy) * 0.9) ** 2) / short
    picture = mix(green * 0.55, mix(shine, light.sun, 0.3), np.exp(-distance * 1.9)[..., None])
    if light.night:
        picture = picture * 0.6
    bark = rgb((0.82, 0.80, 0.76) if "birch" in brief.prompt.lower() else (0.20, 0.14, 0.11))
    bamboo = "bamboo" in brief.prompt.lower()
    if bamboo:
        bark = rgb((0.34, 0.48, 0.18))
    ground0 = height * float(rng.uniform(0.60, 0.68))
    layers = 6
    for layer in range(layers):
        near = layer / (layers - 1)
        mist = (1 - near) ** 1.2 * min(1.0, 0.80 + 0.1 * light.fog)
        foot = ground0 + (height * 1.02 - ground0) * near**1.9
        bump = (line(rng, width, cells=5, octaves=5) - 0.5) * short * 0.05 * (0.5 + near)
        ground = smooth(-1.5, 1.5, y - (foot + bump[None, :]))
        floor_tone = rgb(leaves[2]) * 0.55 if brief.season != "winter" else rgb((0.82, 0.86, 0.92))
        litter = fbm(rng, height, width, cells=30 + 20 * near, stretch=2.5, octaves=3)
        floor = mix(floor_tone * (0.5 + litter)[..., None] * (0.85 - 0.35 * near), shine, mist * 0.85)
        picture = mix(picture, floor * (0.4 if light.night else 1), ground[..., None])
        crowns = fbm(rng, height, width, cells=5 + 3 * (1 - near), octaves=7, gain=0.62)
        level = smooth(height * (0.50 - 0.22 * near), 0, y) * 0.42
        veil = smooth(0.56, 0.62, crowns + level - 0.12) * (0.9 if layer < layers - 1 else 0.75)
        dapple = fbm(rng, height, width, cells=46, octaves=3, gain=0.8)
        foliage = mix(rgb(leaves[2]), rgb(leaves[0]), smooth(0.35, 0.6, dapple)[..., None])
        foliage = mix(foliage, rgb(leaves[1]), smooth(0.58, 0.75, dapple)[..., None]) * (0.75 - 0.35 * near)
        tone = mix(foliage * (0.35 if light.night else 1.0), shine, mist)
        picture = mix(picture, tone, veil[..., None] * (0.55 + 0.45 * near))
        count = int((26, 20, 15, 11, 7, 3)[layer] * max(1.0, width / height) * (1.6 if bamboo else 1))
        shapes = []
        for _ in range(count):
            cx = float(rng.uniform(-0.03, 1.03)) * width
            if near > 0.7 and abs(cx - width / 2) < width * 0.17:
                continue
            half = short * (0.004 + 0.028 * near**1.5) * float(rng.uniform(0.6, 1.4)) * (0.45 if bamboo else 1)
            base = foot + float(rng.uniform(0, 1)) * short * 0.05
            steps = 8
            sway = np.cumsum(rng.normal(0, half * 0.22, steps + 1))
            left = [
                (
                    cx + sway[i] - half * (1.5 if i == 0 and not bamboo else 1.05 - 0.06 * i),
                    base - i / steps * (base + 20),
                )
                for i in range(steps + 1)
            ]
            right = [
                (
                    cx + sway[i] + half * (1.5 if i == 0 and not bamboo else 1.05 - 0.06 * i),
                    base - i / steps * (base + 20),
                )
                for i in range(steps + 1)
            ]
            shapes.append(left + right[::-1])
            if not bamboo:
                for _ in range(int(rng.integers(2, 5))):
                    at = int(rng.integers(3, steps))
                    bx, by = cx + sway[at], base - at / steps * (base + 20)
                    reach, sign = (
                        short * float(rng.uniform(0.04, 0.13)) * (0.35 + near),
                        1 if rng.random() < 0.5 else -1,
                    )
                    shapes.append(
                        [
                            (bx, by),
                            (bx + sign * reach, by - reach * float(rng.uniform(0.2, 0.8))),
                            (bx, by - half * 0.9),
                        ]
                    )
        if shapes:
            mask = polygon(height, width, *shapes)
            rough = fbm(rng, height, width, cells=26, stretch=0.12, octaves=4)
            glowing = np.clip(np.exp(-distance * 1.5) * 0.55 * (1 - near * 0.6), 0, 1)[..., None] * light.sun
            trunk = (
                bark * (0.35 + 0.9 * rough)[..., None] * (0.95 - 0.45 * near) * (0.4 if light.night else 1)
                + glowing * 0.3
            )
            if "birch" in brief.prompt.lower():
                trunk = np.where((rough < 0.36)[..., None], trunk * 0.25, trunk)
            if bamboo:
                trunk = np.where(((y + 37 * layer) % (short * 0.10) < short * 0.006)[..., None], trunk * 0.5, trunk)
            picture = mix(picture, mix(trunk, shine, mist), mask[..., None])
    beams = _beams(rng, height, width, sx, -height * 0.12)
    strength = 0.5 if light.night else 0.85
    return screen(picture, beams[..., None] * light.sun * (0.22 + 0.2 * light.fog / 3.2 + 0.12 * brief.rich) * strength)


def _beams(rng: Generator, height: int, width: int, sx: float, sy: float) -> Array:
    h, w = height // 4, width // 4
    y, x = grid(h, w)
    angle = np.arctan2(x - sx / 4, y - sy / 4) / 1.2 + 0.5
    pattern = line(rng, 512, cells=16, octaves=4)
    value = pattern[np.clip(angle * 511, 0, 511).astype(int)]
    down = smooth(h * 1.05, h * 0.25, y)
    return resize(blur(smooth(0.5, 0.85, value) * down, 1.0), height, width)


def space(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    short = min(height, width)
    schemes = (
        ((0.45, 0.12, 0.55), (0.10, 0.35, 0.75), (0.95, 0.45, 0.35)),
        ((0.05, 0.40, 0.50), (0.30, 0.15, 0.55), (0.95, 0.75, 0.45)),
        ((0.65, 0.18, 0.22), (0.20, 0.12, 0.45), (1.0, 0.65, 0.35)),
        ((0.12, 0.25, 0.60), (0.05, 0.50, 0.55), (0.85, 0.55, 0.90)),
    )
    scheme = schemes[int(rng.integers(len(schemes)))]
    if brief.colours:
        scheme = (brief.colours[0], brief.colours[-1], tuple(np.clip(rgb(brief.colours[0]) * 0.5 + 0.5, 0, 1)))
    h, w = height // 2, width // 2
    warp = fbm(rng, h, w, cells=2, octaves=4) - 0.5
    texture = tile(rng, 512, cells=4, octaves=8)
    y, x = grid(h, w)
    scale = 330 / min(h, w)
    one = sample(texture, y * scale + warp * 200, x * scale - warp * 160)
    two = sample(texture, y * scale * 0.7 + 200 - warp * 240, x * scale * 0.7 + 120 + warp * 120)
    cloud = (
        smooth(0.42, 0.85, one)[..., None] * rgb(scheme[0]) * 0.95
        + smooth(0.45, 0.9, two)[..., None] * rgb(scheme[1]) * 1.05
    )
    cloud += (smooth(0.62, 0.95, one * 0.6 + two * 0.5)[..., None]) * rgb(scheme[2]) * 0.9
    dust = smooth(0.55, 0.75, sample(texture, y * scale * 1.4 + warp * 300 + 77, x * scale * 1.4 + 300))
    cloud *= (1 - 0.65 * dust)[..., None]
    picture: Array = rgb((0.012, 0.014, 0.035)) + resize(blur(cloud, 1) * 0.85, height, width)
    stars = np.zeros((height, width), np.float32)
    count = int(height * width / 900)
    stars[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.random(count) ** 5 + 0.10
    bright = stars * (stars > 0.82)
    picture = screen(
        picture,
        (np.minimum(stars * 1.1 + blur(bright, 1.3) * 9 + blur(bright, 5) * 24, 1))[..., None] * rgb((0.93, 0.95, 1)),
    )
    if "galaxy" in brief.prompt.lower():
        picture = _galaxy(picture, rng, scheme)
    if "galaxy" not in brief.prompt.lower() or "planet" in brief.prompt.lower():
        cx, cy, radius = (
            width * float(rng.uniform(0.35, 0.65)),
            height * float(rng.uniform(0.40, 0.62)),
            short * float(rng.uniform(0.20, 0.31)),
        )
        turn = float(rng.uniform(0, 6.28))
        ringed = "rings" in brief.props or "saturn" in brief.prompt.lower() or bool(rng.random() < 0.4)
        if rng.random() < 0.8:
            mx, my = cx + math.cos(turn) * short * 0.42, cy + math.sin(turn) * short * 0.30
            picture = _planet(
                picture,
                rng,
                brief,
                mx,
                my,
                radius * float(rng.uniform(0.12, 0.24)),
                (-0.6, -0.45, 0.55),
                False,
                (0.6, 0.58, 0.56),
                rocky=True,
            )
        picture = _planet(
            picture,
            rng,
            brief,
            cx,
            cy,
            radius,
            (-0.65, -0.5, 0.5),
            ringed,
            brief.colour("planet", otherwise=scheme[2]),
            rocky=bool(rng.random() < 0.4),
        )
    return picture


def _galaxy(picture: Array, rng: Generator, scheme: tuple[Colour, ...]) -> Array:
    height, width = picture.shape[:2]
    short = min(height, width)
    y, x = grid(height, width)
    tilt, turn = float(rng.uniform(0.35, 0.7)), float(rng.uniform(0, 3.1))
    dx, dy = (x - width / 2) / short, (y - height / 2) / short
    u, v = dx * math.cos(turn) + dy * math.sin(turn), (-dx * math.sin(turn) + dy * math.cos(turn)) / tilt
    radius, angle = np.sqrt(u * u + v * v) + 1e-4, np.arctan2(v, u)
    arms = 0.5 + 0.5 * np.cos(2 * (angle - 5.2 * np.log(radius + 0.05)))
    grain = fbm(rng, height, width, cells=14, octaves=6)
    disc = np.exp(-radius * 5.2) * (0.25 + arms**2 * (0.4 + grain) * 1.6)
    light = disc[..., None] * mix(rgb(scheme[1]) + 0.15, rgb((1, 0.9, 0.75)), np.exp(-radius * 7)[..., None]) * 1.7
    light = light + (np.exp(-radius * 22) * 1.1)[..., None] * rgb((1, 0.94, 0.82))
    speck = (rng.random((height, width)) > 0.985) * disc * 1.5
    return screen(screen(picture, np.clip(light, 0, 1)), speck[..., None] * rgb((1, 1, 1)))


def _planet(
    picture: Array,
    rng: Generator,
    brief: Brief,
    cx: float,
    cy: float,
    radius: float,
    sun: Colour,
    ringed: bool,
    colour: Colour,
    *,
    rocky: bool,
) -> Array:
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    dx, dy = (x - cx) / radius, (y - cy) / radius
    r2 = dx * dx + dy * dy
    z = np.sqrt(np.clip(1 - r2, 0, 1))
    toward = rgb(sun) / np.linalg.norm(sun)
    lean = 0.35
    latitude = dy * math.cos(lean) - dx * math.sin(lean)
    across = dx * math.cos(lean) + dy * math.sin(lean)
    longitude = np.arctan2(across, z + 1e-3)
    texture = tile(rng, 512, cells=5, octaves=8)
    swirl = sample(texture, latitude * 130 + 256, longitude * 130 + 200)
    if rocky:
        relief = sample(texture, latitude * 260 + 99, longitude * 260 + 300)
        value = smooth(0.35, 0.65, swirl * 0.7 + relief * 0.3)
        surface = mix(rgb(colour) * 0.45, rgb(colour) * 0.9 + 0.12, value[..., None]) * (0.75 + 0.5 * relief)[..., None]
    else:
        bands = 0.5 + 0.5 * np.sin(latitude * 15 + (swirl - 0.5) * 5.5 + np.sin(latitude * 41) * 0.6)
        surface = mix(rgb(colour) * 0.62, np.clip(rgb(colour) * 0.75 + 0.28, 0, 1), bands[..., None])
        surface = mix(surface, rgb((0.95, 0.88, 0.78)), (smooth(0.55, 0.8, swirl) * 0.45)[..., None])
    lambert = np.clip(dx * toward[0] + dy * toward[1] + z * toward[2], 0, 1)
    edge = smooth(1.5 / radius, -1.5 / radius, np.sqrt(r2) - 1)
    rim = (1 - z) ** 3 * np.clip(lambert * 1.6 + 0.15, 0, 1)
    body = np.clip(surface * (lambert**0.85)[..., None] * 1.25 + rim[..., None] * rgb((0.55, 0.75, 1.0)) * 0.8, 0, 1)
    shell = np.exp(-np.clip(np.sqrt(r2) - 1, 0, None) * 16) * np.clip(
        (dx * toward[0] + dy * toward[1]) * 0.8 + 0.35, 0, 1
    )
    picture = screen(picture, (shell * (1 - edge))[..., None] * rgb((0.45, 0.65, 1.0)) * 0.55)
    tilt = 0.26
    u = across
    v = (dy * math.cos(lean) - dx * math.sin(lean)) / tilt
    ring_r = np.sqrt(u * u + v * v)
    profile = line(rng, 256, cells=14, octaves=4)
    value = profile[np.clip((ring_r - 1.3) / 1.0 * 255, 0, 255).astype(int)]
    ring = smooth(1.32, 1.36, ring_r) * smooth(2.3, 2.2, ring_r) * smooth(0.25, 0.6, value) * 0.9
    shadow = (np.abs(-u * toward[1] + v * tilt * toward[0]) < 0.95) & ((u * toward[0] + v * toward[1]) < 0)
    tone = rgb((0.93, 0.85, 0.72)) * (0.55 + 0.5 * value)[..., None] * np.where(shadow, 0.35, 1.0)[..., None]
    if ringed:
        picture = mix(picture, tone, (ring * (v < 0) * (1 - edge))[..., None])
    picture = mix(picture, body, edge[..., None])
    if ringed:
        picture = mix(picture, tone, (ring * (v >= 0))[..., None])
    return picture


def underwater(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    y, _x = grid(height, width)
    deep = rgb(brief.colours[0]) * 0.35 if brief.colours else rgb((0.01, 0.12, 0.24))
    t = (y / height) ** 0.8
    top = rgb((0.30, 0.78, 0.82)) if not light.night else rgb((0.08, 0.25, 0.42))
    picture = np.broadcast_to(mix(top, deep, t[..., None]), (height, width, 3)).copy()
    caustic = fbm(rng, height, width, cells=8, octaves=4)
    lines = np.exp(-np.abs(caustic - 0.5) * 26) * smooth(height * 0.5, 0, y)
    picture = screen(picture, lines[..., None] * rgb((0.6, 0.9, 0.9)) * 0.35)
    picture = screen(
        picture, _beams(rng, height, width, light.x * width, -height * 0.3)[..., None] * rgb((0.55, 0.85, 0.85)) * 0.55
    )
    for layer in range(4):
        near = layer / 3
        bed = height * (0.80 + 0.06 * layer) + (line(rng, width, cells=4, octaves=5) - 0.5) * height * 0.20
        mask = smooth(-1.5, 1.5, y - bed[None, :])
        rough = fbm(rng, height, width, cells=26, octaves=4)
        tone = (
            mix(deep * 1.6, rgb((0.40, 0.34, 0.26)), 0.25 + 0.3 * near)
            * (0.55 + 0.9 * rough)[..., None]
            * (1 - 0.25 * near)
        )
        picture = mix(picture, tone, mask[..., None])
        for _ in range(3 + layer * 2):
            cx = float(rng.uniform(0, 1)) * width
            foot = float(bed[int(np.clip(cx, 0, width - 1))]) + 8
            colour = rgb(
                [(0.92, 0.40, 0.42), (0.95, 0.62, 0.30), (0.72, 0.35, 0.72), (0.30, 0.65, 0.45), (0.95, 0.80, 0.55)][
                    int(rng.integers(5))
                ]
            )
            mask = _coral(rng, height, width, cx, foot, height * float(rng.uniform(0.06, 0.15)) * (0.5 + near))
            picture = mix(
                picture, mix(colour * (0.5 + 0.6 * rough)[..., None], deep * 2, 0.65 - 0.5 * near), mask[..., None]
            )
    dots = np.zeros((height, width), np.float32)
    count = 160
    dots[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.random(count)
    return screen(picture, (blur(dots, 2) * 14 + blur(dots, 1) * 3)[..., None].clip(0, 0.35) * rgb((0.8, 0.95, 0.95)))


def _coral(rng: Generator, height: int, width: int, x: float, foot: float, tall: float) -> Array:
    branches: list[tuple[float, float, float, float, float]] = []

    def grow(px: float, py: float, angle: float, length: float, thick: float, depth: int) -> None:
        qx, qy = px + math.sin(angle) * length, py - math.cos(angle) * length
        branches.append((px, py, qx, qy, thick))
        if depth:
            for _ in range(2 + (rng.random() < 0.4)):
                grow(
                    qx,
                    qy,
                    angle + float(rng.normal(0, 0.5)),
                    length * float(rng.uniform(0.6, 0.9)),
                    thick * 0.72,
                    depth - 1,
                )

    grow(x, foot, float(rng.normal(0, 0.2)), tall * 0.34, tall * 0.10, 4)

    def draw(pen: ImageDraw.ImageDraw, scale: int) -> None:
        for ax, ay, bx, by, thick in branches:
            pen.line([ax * scale, ay * scale, bx * scale, by * scale], fill=255, width=max(1, int(thick * scale)))
            r = thick * scale / 2
            pen.ellipse([bx * scale - r, by * scale - r, bx * scale + r, by * scale + r], fill=255)

    return drawn(height, width, draw)


def room(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    """A wall, a sill and a window with the weather behind it."""
    outside = sky(brief, light, rng, height, width, int(height * 0.75))
    y, x = grid(height, width)
    hill = height * (0.52 + 0.10 * line(rng, width, cells=3, octaves=5))
    green = rgb((0.30, 0.42, 0.24)) if brief.season != "winter" else rgb((0.85, 0.88, 0.92))
    if brief.season == "autumn":
        green = rgb((0.60, 0.36, 0.14))
    outside = mix(
        outside, mix(green * (light.middle + 0.2), light.haze, 0.35), smooth(-2, 2, y - hill[None, :])[..., None]
    )
    outside = blur(outside, min(height, width) * 0.006)
    wall_tone = (
        rgb(brief.colours[0])
        if brief.colours
        else rgb([(0.74, 0.62, 0.50), (0.45, 0.55, 0.55), (0.80, 0.72, 0.62), (0.40, 0.42, 0.52)][int(rng.integers(4))])
    )
    dim = 0.30 if light.night else 0.75
    wash = np.exp(-(((x / width - light.x) / 0.7) ** 2) - (((y / height) - 0.4) / 0.9) ** 2)
    wall = (
        wall_tone
        * (dim * (0.55 + 0.55 * wash) * (0.97 + 0.06 * fbm(rng, height, width, cells=80, octaves=2)))[..., None]
    )
    left, right, top, sill = width * 0.16, width * 0.84, height * 0.08, height * 0.80
    frame = min(height, width) * 0.026
    inside = smooth(-1, 1, x - left) * smooth(1, -1, x - right) * smooth(-1, 1, y - top) * smooth(1, -1, y - sill)
    bars = np.minimum(np.abs(x - width / 2), np.abs(y - height * 0.40)) < frame * 0.28
    edge = (
        (np.minimum(np.minimum(np.abs(x - left), np.abs(x - right)), np.abs(y - top)) < frame * 0.8)
        & (y < sill)
        & (x > left - frame)
        & (x < right + frame)
        & (y > top - frame)
    )
    picture = mix(wall, outside, inside[..., None])
    wood = (
        rgb((0.88, 0.85, 0.80))
        * (0.34 if light.night else 0.9)
        * (0.9 + 0.15 * fbm(rng, height, width, cells=18, stretch=8, octaves=3))[..., None]
    )
    picture = np.where(((bars & (inside > 0.5)) | edge)[..., None], wood, picture)
    bench = smooth(-1, 1, y - sill)
    board = (
        rgb((0.50, 0.33, 0.20))
        * (0.4 if light.night else 1.0)
        * (0.75 + 0.5 * fbm(rng, height, width, cells=6, stretch=14, octaves=5))[..., None]
    )
    board = (
        board * (1.25 - 0.9 * (y / height - 0.8).clip(0) / 0.2)[..., None]
        + (np.exp(-(((x / width - 0.5) / 0.35) ** 2)) * 0.10)[..., None] * light.sun
    )
    return mix(picture, board, bench[..., None])


def abstract(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    palettes: tuple[tuple[Colour, ...], ...] = (
        ((0.06, 0.13, 0.24), (0.13, 0.42, 0.55), (0.93, 0.80, 0.55), (0.87, 0.38, 0.25), (0.97, 0.94, 0.87)),
        ((0.18, 0.09, 0.26), (0.55, 0.18, 0.42), (0.94, 0.45, 0.38), (0.99, 0.80, 0.52), (0.98, 0.94, 0.90)),
        ((0.07, 0.20, 0.18), (0.18, 0.46, 0.38), (0.72, 0.78, 0.52), (0.95, 0.88, 0.68), (0.85, 0.45, 0.24)),
        ((0.10, 0.12, 0.30), (0.27, 0.33, 0.75), (0.58, 0.70, 0.95), (0.97, 0.86, 0.90), (0.95, 0.50, 0.60)),
        ((0.12, 0.10, 0.10), (0.45, 0.12, 0.10), (0.85, 0.35, 0.15), (0.96, 0.75, 0.35), (0.95, 0.92, 0.85)),
    )
    palette = palettes[int(rng.integers(len(palettes)))]
    if brief.colours:
        first, last = rgb(brief.colours[0]), rgb(brief.colours[-1])
        palette = tuple(
            tuple(np.clip(c, 0, 1))
            for c in (first * 0.28, first * 0.75, mix(first, last, 0.5), last, mix(last, rgb((1, 1, 1)), 0.7))
        )
    words = brief.prompt.lower()
    geometric = any(
        word in words for word in ("geometr", "shape", "kandinsky", "bauhaus", "circle", "composition", "cubis")
    )
    waves = any(word in words for word in ("wave", "layer", "paper", "flow"))
    mode = "shapes" if geometric else "layers" if waves else str(rng.choice(["marble", "layers", "shapes", "marble"]))
    if mode == "shapes":
        return _shapes(rng, height, width, palette)
    if mode == "layers":
        return _layers(rng, height, width, palette)
    h, w = height, width
    texture = tile(rng, 512, cells=3, octaves=6)
    y, x = grid(h, w)
    scale = float(rng.uniform(190, 300)) / min(h, w)
    a = sample(texture, y * scale, x * scale)
    b = sample(texture, y * scale + 130 + a * 190, x * scale + 60 - a * 150)
    c = sample(texture, y * scale * 0.8 + b * 260, x * scale * 0.8 + a * 210)
    value = np.clip((c - c.min()) / (c.max() - c.min() + 1e-6), 0, 1)
    value = smooth(0.12, 0.88, value)
    picture = ramp(palette, value)
    vein = np.exp(-np.abs((c * 9 + b * 3) % 1 - 0.5) * 34)
    picture = mix(picture, rgb((0.98, 0.86, 0.58)), (vein * 0.5 * smooth(0.45, 0.62, b))[..., None])
    gy, gx = np.gradient(c * min(h, w) * 0.09)
    shine = np.clip((gx * 0.7 - gy * 0.9), -0.35, 0.5)
    return np.clip(picture * (1 + shine * 0.8)[..., None], 0, 1)


def ramp(palette: tuple[Colour, ...], value: Array) -> Array:
    stops = np.linspace(0, 1, len(palette))
    colours = rgb(palette)
    return np.stack([np.interp(value, stops, colours[:, channel]).astype(np.float32) for channel in range(3)], -1)


def _layers(rng: Generator, height: int, width: int, palette: tuple[Colour, ...]) -> Array:
    y, _ = grid(height, width)
    picture = np.broadcast_to(rgb(palette[-1]), (height, width, 3)).copy()
    count = int(rng.integers(8, 13))
    slope = float(rng.uniform(-0.25, 0.25))
    for layer in range(count):
        t = layer / (count - 1)
        edge = (
            height * (0.06 + 0.9 * t)
            + (line(rng, width, cells=float(rng.uniform(1.2, 2.6)), octaves=2, gain=0.3) - 0.5) * height * 0.36
        )
        edge = edge + (np.arange(width) - width / 2) * slope
        distance = y - edge[None, :]
        colour = ramp(palette[::-1], np.float32(t + rng.normal(0, 0.04)).reshape(1))[0]
        shade = np.exp(-np.clip(-distance, 0, None) / (height * 0.022)) * (distance < 0) * 0.42
        picture *= (1 - shade)[..., None]
        grain = 0.97 + 0.05 * fbm(rng, height, width, cells=120, octaves=1)
        lip = 1 + 0.16 * np.exp(-np.clip(distance, 0, None) / (height * 0.006))
        picture = mix(picture, colour * (grain * lip)[..., None], smooth(-0.8, 0.8, distance)[..., None])
    return np.clip(picture, 0, 1)


def _shapes(rng: Generator, height: int, width: int, palette: tuple[Colour, ...]) -> Array:
    short = min(height, width)
    paper = 0.95 + 0.07 * fbm(rng, height, width, cells=90, octaves=3)
    picture = rgb(palette[-1]) * paper[..., None]
    y, x = grid(height, width)
    for number in range(int(rng.integers(13, 20))):
        cx, cy = float(rng.uniform(0.08, 0.92)) * width, float(rng.uniform(0.08, 0.92)) * height
        size = short * float(rng.uniform(0.05, 0.30)) * (1.3 if number < 3 else 0.8)
        colour = rgb(palette[int(rng.integers(0, len(palette) - 1))])
        angle = float(rng.choice([0, 45, 90, 30, 60])) * math.pi / 180
        kind = int(rng.integers(5))
        distance = np.sqrt((x - cx) ** 2 + (y - cy) ** 2)
        u, v = (
            (x - cx) * math.cos(angle) + (y - cy) * math.sin(angle),
            -(x - cx) * math.sin(angle) + (y - cy) * math.cos(angle),
        )
        if kind == 0:
            mask = smooth(1, -1, distance - size)
        elif kind == 1:
            mask = smooth(1, -1, np.abs(distance - size) - size * 0.10)
        elif kind == 2:
            mask = smooth(1, -1, distance - size) * smooth(-1, 1, v)
        elif kind == 3:
            mask = smooth(1, -1, np.abs(u) - size * 1.4) * smooth(1, -1, np.abs(v) - size * 0.16)
        else:
            mask = smooth(1, -1, np.abs(u) + np.maximum(v, -v * 0.4) - size)
        see = 0.92 if number % 3 else 0.72
        soft = np.clip(0.88 + 0.24 * (u / (size * 2)), 0.75, 1.15)
        picture = mix(picture, colour * (soft * paper)[..., None], (mask * see)[..., None])
    return np.clip(picture, 0, 1)

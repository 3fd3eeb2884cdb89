"""Land as a height field, walked through slice by slice from the eye to the far end, and the water in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from apps.sandbox.painting.brief import Brief
from apps.sandbox.painting.canvas import Array, blur, mix, rgb, screen, smooth
from apps.sandbox.painting.noise import Generator, fbm, line, ridges, sample, tile
from apps.sandbox.painting.sky import Light

SIZE = 640  # of the height map
REACH, SIDE = 40.0, 30.0  # world it covers: depth, and half the width
NEAR = 0.9
EYE = 0.75  # above the ground


@dataclass
class View:
    picture: Array
    land: Array  # how much of a pixel is land
    depth: Array  # 0 near, 1 far, 1 in the sky
    tops: Array  # for each slice and column: the highest row that is covered up to it
    rows: Array  # for each slice and column: where its ground is
    distances: Array


@dataclass(frozen=True)
class Ground:
    heights: Array
    colours: Array
    level: float | None = None  # of water
    rough: float = 1.0


def _world() -> tuple[Array, Array]:
    z = np.linspace(0, REACH, SIZE, dtype=np.float32)[:, None]
    x = np.linspace(-SIDE, SIDE, SIZE, dtype=np.float32)[None, :]
    return z, x


def _shade(heights: Array, light: Light, *, soft: float = 0.0) -> tuple[Array, Array, Array]:
    """Sunlight on the slopes, how steep they are, and how deep in a hollow a place is."""
    field = blur(heights, soft) if soft else heights
    dz, dx = np.gradient(field, REACH / SIZE, 2 * SIDE / SIZE)
    normal = np.stack([-dx, np.ones_like(dx), -dz], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    toward = rgb(((light.x - 0.5) * 3.0 + (0.9 if light.x >= 0.5 else -0.9), 0.55 + light.y, -0.35))
    toward /= np.linalg.norm(toward)
    lit = np.clip(normal @ toward, 0, 1)
    hollow = np.clip(0.5 + (field - blur(field, 14)) * 0.55, 0, 1)
    return lit.astype(np.float32), (1 - normal[..., 1]).astype(np.float32), hollow


def _lit(albedo: Array, lit: Array, hollow: Array, light: Light) -> Array:
    power = 0.55 if light.night else 0.55 + 0.75 * light.strength
    ambient = (light.middle * 0.62 + light.horizon * 0.22) * (1.7 if light.night else 0.95)
    sun = light.sun * (lit * power)[..., None]
    return np.clip(albedo * (ambient * (0.55 + 0.6 * hollow)[..., None] + sun), 0, 1)


_GRASS = {
    "": ((0.19, 0.27, 0.12), (0.40, 0.43, 0.20)),
    "summer": ((0.22, 0.30, 0.12), (0.52, 0.49, 0.23)),
    "spring": ((0.22, 0.35, 0.13), (0.43, 0.50, 0.21)),
    "autumn": ((0.36, 0.27, 0.13), (0.56, 0.43, 0.20)),
    "winter": ((0.86, 0.89, 0.94), (0.95, 0.97, 1.00)),
}


def mountains(brief: Brief, light: Light, rng: Generator, *, lake: bool) -> Ground:
    z, x = _world()
    crest = ridges(rng, SIZE, cells=float(rng.uniform(2.6, 4.2)))
    rolling = fbm(rng, SIZE, SIZE, cells=5)
    centre = float(rng.uniform(-3, 3)) + 3 * np.sin(z / 7 + float(rng.uniform(0, 6)))
    valley = smooth(1.0, 15.0, np.abs(x - centre))
    far = smooth(7, 26, z)
    peak = float(rng.uniform(7.5, 11.5))
    heights = far * (0.28 + 0.72 * valley) * crest**1.25 * peak + rolling * (0.35 + 1.3 * far) * (0.3 + valley)
    if "volcano" in brief.props:
        distance = np.sqrt((x - centre.mean()) ** 2 + (z - 30) ** 2)
        cone = 10.5 * np.exp(-distance / 8.5) * 1.35
        heights = np.maximum(heights * 0.35, np.minimum(cone, 10.0 + rolling * 0.6) + rolling * 0.3)
    heights += 0.9 * valley * smooth(3, 12, z) * rolling
    level = None
    if lake:
        basin = smooth(16, 9, z) * smooth(18, 9, np.abs(x - centre))
        heights -= basin * 1.2
        level = 0.02
    lit, steep, hollow = _shade(heights, light)
    rough = fbm(rng, SIZE, SIZE, cells=60, octaves=4)
    strata = 0.5 + 0.5 * np.sin(heights * 7 + rolling * 9)
    rock = mix(rgb((0.30, 0.29, 0.30)), rgb((0.50, 0.45, 0.41)), (rough * 0.6 + strata * 0.4)[..., None])
    low, high = _GRASS[brief.season]
    grass = mix(rgb(low), rgb(high), (rough * 0.5 + rolling * 0.5)[..., None])
    wood = mix(rgb((0.08, 0.16, 0.10)), rgb((0.17, 0.27, 0.12)), rough[..., None])
    if brief.season == "autumn":
        wood = mix(rgb((0.40, 0.20, 0.06)), rgb((0.78, 0.48, 0.12)), rough[..., None])
    if brief.season == "winter":
        wood = mix(wood, rgb((0.80, 0.84, 0.90)), 0.55)
    albedo = mix(grass, wood, smooth(0.42, 0.6, rolling + rough * 0.25 - 0.12)[..., None])
    line_ = 3.0 + rolling * 1.6
    albedo = mix(
        albedo, rock, np.clip(smooth(0.22, 0.45, steep) + smooth(line_ - 0.6, line_ + 0.8, heights), 0, 1)[..., None]
    )
    snow_line = {"winter": 0.2, "summer": 6.3, "autumn": 5.0}.get(brief.season, float(rng.uniform(4.0, 5.6)))
    snow = smooth(snow_line - 0.5, snow_line + 1.0, heights + rough * 1.5 - steep * 2.4)
    albedo = mix(albedo, rgb((0.95, 0.97, 1.0)), snow[..., None])
    return Ground(heights, _lit(albedo, lit, hollow, light), level)


def hills(brief: Brief, light: Light, rng: Generator) -> Ground:
    z, x = _world()
    wide = fbm(rng, SIZE, SIZE, cells=3.2, octaves=4, gain=0.34)
    heights = (wide - 0.32) * (0.5 + z * 0.16) + smooth(20, 38, z) * fbm(rng, SIZE, SIZE, cells=5, octaves=5) * 5.0
    lit, _, hollow = _shade(heights, light)
    rough = fbm(rng, SIZE, SIZE, cells=70, octaves=3)
    patch = fbm(rng, SIZE, SIZE, cells=9, octaves=2)
    low, high = _GRASS[brief.season]
    albedo = mix(rgb(low), rgb(high), (0.35 * rough + 0.65 * smooth(0.3, 0.7, patch))[..., None])
    if brief.season != "winter":
        crop = {"autumn": (0.62, 0.42, 0.16), "spring": (0.85, 0.80, 0.25)}.get(brief.season, (0.72, 0.62, 0.26))
        bloom = rgb(crop)
        if "lavender" in brief.prompt.lower():
            bloom = rgb((0.46, 0.32, 0.66))
        elif "poppy" in brief.prompt.lower() or "poppies" in brief.prompt.lower():
            bloom = rgb((0.78, 0.16, 0.10))
        furrows = 0.75 + 0.25 * np.sin(x * 13 + patch * 30)
        fields = smooth(0.53, 0.56, fbm(rng, SIZE, SIZE, cells=6, octaves=2))
        share = 0.9 if "lavender" in brief.prompt.lower() else 0.75
        albedo = mix(albedo, bloom * furrows[..., None], (fields * share)[..., None])
        hedge = np.abs(fbm(rng, SIZE, SIZE, cells=8, octaves=2) - 0.5) < 0.008
        albedo = mix(albedo, rgb((0.10, 0.18, 0.08)), (blur(hedge.astype(np.float32), 0.8) * 0.9)[..., None])
        woods = smooth(0.60, 0.66, patch + (rough - 0.5) * 0.2) * smooth(4, 9, z)
        heights = heights + woods * (0.25 + rough * 0.35)
        tone = (0.42, 0.22, 0.07) if brief.season == "autumn" else (0.09, 0.19, 0.09)
        albedo = mix(albedo, rgb(tone) * (0.6 + rough[..., None]), woods[..., None])
    return Ground(heights, _lit(albedo, lit, hollow, light))


def dunes(brief: Brief, light: Light, rng: Generator) -> Ground:
    z, x = _world()
    bend = fbm(rng, SIZE, SIZE, cells=2.2, octaves=3, gain=0.4)
    tilt = float(rng.uniform(-0.5, 0.5))
    phase = (z + x * tilt) / float(rng.uniform(5.5, 8.0)) + bend * 4.2
    part = phase - np.floor(phase)
    crest = np.where(part < 0.72, smooth(0, 0.72, part), smooth(1.0, 0.72, part))
    amount = smooth(0.25, 0.6, fbm(rng, SIZE, SIZE, cells=3.5, octaves=2))
    heights = crest * (0.35 + 0.9 * amount) * (0.35 + z * 0.085) + bend * z * 0.06
    heights = blur(heights.astype(np.float32), 0.9)
    lit, _, hollow = _shade(heights, light)
    lit = smooth(0.1, 0.85, lit)
    ripple = 0.94 + 0.08 * np.sin(z * 26 + x * 9 + bend * 90)
    sand = brief.own.get("sand") or (brief.colours[0] if brief.colours else (0.90, 0.64, 0.38))
    albedo = (
        rgb(mix(rgb((0.90, 0.64, 0.38)), rgb(sand), 0.55))
        * (ripple * (0.93 + 0.1 * fbm(rng, SIZE, SIZE, cells=50)))[..., None]
    )
    return Ground(heights, _lit(albedo, lit, hollow, light), rough=0.22)


def coast(brief: Brief, light: Light, rng: Generator) -> Ground:
    z, x = _world()
    side = 1 if rng.random() < 0.5 else -1
    rough = fbm(rng, SIZE, SIZE, cells=5, octaves=7)
    edge = 2.4 + z * 0.14 + (line(rng, SIZE, cells=6) - 0.5)[:, None] * (2.0 + z * 0.4)
    inland = side * x - edge
    cliff = float(rng.uniform(0.9, 2.4))
    heights = (
        smooth(-0.2, 1.3, inland) * cliff * (0.4 + z * 0.055) * (0.6 + 0.8 * rough)
        + smooth(0, 16, inland) * rough * 2.5
    )
    heights = np.where(inland < -0.2, -0.4, heights - 0.05).astype(np.float32)
    islands = smooth(0.66, 0.8, fbm(rng, SIZE, SIZE, cells=6)) * smooth(12, 22, z) * 2.2
    heights = np.maximum(heights, islands * rough * 1.6 - 0.2)
    lit, steep, hollow = _shade(heights, light)
    fine = fbm(rng, SIZE, SIZE, cells=70, octaves=3)
    rock = mix(rgb((0.32, 0.28, 0.25)), rgb((0.66, 0.58, 0.48)), (fine * 0.6 + rough * 0.4)[..., None])
    low, high = _GRASS[brief.season]
    albedo = mix(
        mix(rgb(low), rgb(high), fine[..., None]), rock, smooth(0.10, 0.3, steep + (fine - 0.5) * 0.2)[..., None]
    )
    sand = smooth(0.28, 0.08, heights) * smooth(0.45, 0.2, steep)
    albedo = mix(albedo, rgb((0.86, 0.76, 0.58)), sand[..., None])
    return Ground(heights, _lit(albedo, lit, hollow, light), 0.0)


def view(ground: Ground, backdrop: Array, light: Light, rng: Generator, horizon: int) -> View:
    """Look at the land; `backdrop` is the sky."""
    height, width = backdrop.shape[:2]
    focal = max(height, width) * 0.83
    count = int(height * 0.8)
    z = (NEAR * (REACH * 0.985 / NEAR) ** (np.arange(count) / (count - 1))).astype(np.float32)
    place = z / REACH * (SIZE - 1)
    low = np.minimum(place.astype(int), SIZE - 2)
    part = (place - low)[:, None]
    columns = (np.arange(width, dtype=np.float32) - width / 2) / focal
    at = np.clip((z[:, None] * columns[None, :] + SIDE) / (2 * SIDE) * (SIZE - 1), 0, SIZE - 1.001)
    left = at.astype(np.int32)
    across = at - left

    def walk(field: Array) -> Array:
        flat = field[low] * (1 - part[..., None] if field.ndim == 3 else 1 - part)
        flat = flat + field[low + 1] * (part[..., None] if field.ndim == 3 else part)
        index = np.arange(count)[:, None]
        weight = across[..., None] if field.ndim == 3 else across
        return (flat[index, left] * (1 - weight) + flat[index, np.minimum(left + 1, SIZE - 1)] * weight).astype(
            np.float32
        )

    heights = walk(ground.heights)
    water = None
    if ground.level is not None:
        water = heights <= ground.level
        heights = np.maximum(heights, ground.level)
    eye = EYE + max(0.0, float(np.percentile(ground.heights[: SIZE // 10, SIZE // 2 - 15 : SIZE // 2 + 15], 90)))
    rows = horizon + (eye - heights) / z[:, None] * focal
    fine = 2
    tops = np.minimum.accumulate(np.clip(rows * fine, 0, height * fine), axis=0)
    hits = np.bincount(
        (np.ceil(tops).astype(np.int64) * width + np.arange(width)[None, :]).ravel(),
        minlength=(height * fine + 1) * width,
    ).reshape(-1, width)[: height * fine + 1]
    covered = np.cumsum(hits[:-1], axis=0)  # slices whose top is at or above this row
    first = np.clip(count - covered, 0, count)
    land2 = first < count
    first = np.minimum(first, count - 1)

    colours = walk(ground.colours)
    detail = tile(rng, 256, cells=24, octaves=4)
    grain = sample(detail, np.broadcast_to(z[:, None] * 45, at.shape), at * 12) - 0.5
    blades = sample(detail, np.broadcast_to(z[:, None] * 230 + 91, at.shape), at * 95) - 0.5
    speckle = grain * np.exp(-z / 9)[:, None] * 0.6 + blades * np.exp(-z / 3.5)[:, None] * 1.5
    colours *= (1 + speckle * ground.rough)[..., None]
    mist = 1 - np.exp(-((z / (34 / light.fog)) ** 1.25))
    colours = colours * (1 - mist)[:, None, None] + light.haze * mist[:, None, None]
    flat_index = first * width + np.arange(width)[None, :]
    seen = colours.reshape(-1, 3)[flat_index]
    alpha = land2.astype(np.float32)
    if water is not None:
        alpha = alpha * ~water.reshape(-1)[flat_index]
    land_picture = seen * alpha[..., None]
    land_picture = (land_picture[0::2] + land_picture[1::2]) / 2
    land = (alpha[0::2] + alpha[1::2]) / 2
    picture = land_picture + backdrop * (1 - land)[..., None]
    far = (np.log(z / NEAR) / np.log(REACH / NEAR)).astype(np.float32)
    depth = np.where(land2[::2], far[first[::2]], 1).astype(np.float32)
    result = View(picture, land, depth, tops / fine, rows, z)
    if water is not None:
        flood = water.reshape(-1)[flat_index] & land2
        result.picture = lay_water(
            result.picture, (flood[0::2].astype(np.float32) + flood[1::2]) / 2, light, rng, horizon
        )
    return result


def lay_water(
    picture: Array,
    mask: Array,
    light: Light,
    rng: Generator,
    horizon: int,
    *,
    waves: float = 0.35,
    tint: Array | None = None,
) -> Array:
    """Water that mirrors what is above the horizon, with ripples that grow toward the eye."""
    height, width = picture.shape[:2]
    rows = height - horizon
    if rows < 4:
        return picture
    texture = tile(rng, 512, cells=12, octaves=5)
    y = np.arange(1, rows + 1, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :] - width / 2
    depth = height * 0.6 / (y + height * 0.012)
    v, u = depth * 60, x * depth / height * 105
    ripple = sample(texture, np.broadcast_to(v, (rows, width)), u) - 0.5
    ripple += (sample(texture, np.broadcast_to(v * 3.1 + 77, (rows, width)), u * 2.3 + 31) - 0.5) * 0.6
    near = y / rows
    shift = ripple * waves * (0.02 + 0.35 * near) * height
    squeeze = min(1.0, horizon * 0.97 / rows)
    source = np.clip(np.abs(horizon - y * squeeze + shift), 0, max(horizon - 1, 0)).astype(np.int32)
    sideways = np.abs(x + width / 2 + ripple * waves * 40 * near)
    sideways = np.minimum(sideways, 2 * (width - 1) - sideways).astype(np.int32)
    mirrored = picture[source, sideways]
    body = (light.middle * 0.42 + light.top * 0.22) if tint is None else tint
    facing = np.clip(0.24 + 0.42 * near + ripple * (0.55 + waves * 1.3), 0, 0.92)
    water = mix(mirrored, body, facing[..., None] * (0.75 if tint is None else 0.9))
    path = np.exp(-(((x + width / 2 - light.x * width) / (width * (0.03 + 0.12 * near))) ** 2))
    glint = smooth(0.10, 0.34, ripple + path * 0.1) * path * light.strength
    water = screen(water, light.sun * (glint * (0.75 if light.y < 0.35 or light.night else 0.25))[..., None])
    haze = np.exp(-near * 14) * 0.55
    water = mix(water, light.haze, haze[..., None])
    out = picture.copy()
    out[horizon:] = mix(picture[horizon:], water, mask[horizon:, :, None])
    return out


def plant(
    target: View,
    light: Light,
    rng: Generator,
    brief: Brief,
    *,
    count: int,
    kind: str,
    nearest: float = 3.0,
    size: float = 0.8,
) -> None:
    """Set trees on the land that can be seen, the far ones first."""
    height, width = target.picture.shape[:2]
    focal = max(height, width) * 0.83
    slices = np.sort(rng.integers(int(np.searchsorted(target.distances, nearest)), len(target.distances) - 40, count))[
        ::-1
    ]
    clusters = fbm(rng, 64, 64, cells=6)
    layer = Image.new("RGBA", (width * 2, height * 2))
    pen = ImageDraw.Draw(layer)
    leaf = {
        "autumn": ((0.75, 0.35, 0.08), (0.85, 0.58, 0.12), (0.60, 0.20, 0.08)),
        "winter": ((0.50, 0.56, 0.60), (0.70, 0.76, 0.82)),
        "spring": ((0.95, 0.70, 0.78), (0.45, 0.62, 0.24), (0.98, 0.82, 0.86)),
    }.get(brief.season, ((0.10, 0.22, 0.10), (0.16, 0.30, 0.12), (0.20, 0.34, 0.14)))
    if kind == "pine" and brief.season != "winter":
        leaf = ((0.06, 0.15, 0.10), (0.09, 0.20, 0.12), (0.12, 0.22, 0.10))
    glow = light.middle * 0.6 + light.horizon * 0.25 + light.sun * 0.45 * light.strength
    for index in slices:
        column = int(rng.integers(0, width))
        z = float(target.distances[index])
        row = float(target.rows[index, column])
        if clusters[int(z / REACH * 63), column * 63 // width] < 0.47 + 0.25 * np.exp(-z / 5) or row > height + 40:
            continue
        if (
            row > target.tops[max(index - 3, 0), column] + 1.5
            or target.land[min(height - 1, max(0, int(row))), column] < 0.5
        ):
            continue
        tall = size * float(rng.uniform(0.6, 1.25)) / z * focal
        if tall < 3:
            continue
        mist = 1 - np.exp(-((z / (34 / light.fog)) ** 1.25))
        base = rgb(leaf[int(rng.integers(len(leaf)))]) * glow * float(rng.uniform(0.8, 1.35))
        _tree(pen, rng, column * 2, row * 2, tall * 2, kind, base, light, float(mist))
    image = np.asarray(layer.reduce(2), np.float32) / 255
    alpha = image[..., 3:]
    target.picture = target.picture * (1 - alpha) + image[..., :3] * alpha


def _tree(
    pen: ImageDraw.ImageDraw,
    rng: Generator,
    x: float,
    y: float,
    tall: float,
    kind: str,
    base: Array,
    light: Light,
    mist: float,
) -> None:
    def tone(factor: float) -> tuple[int, int, int, int]:
        red, green, blue = (np.clip(mix(base * factor, light.haze, mist), 0, 1) * 255).astype(int)
        return int(red), int(green), int(blue), 255

    sun_side = 1 if light.x > 0.5 else -1
    if kind == "pine":
        steps = 9 if tall > 60 else 5
        for step in range(steps):
            t = step / steps
            half = tall * 0.23 * (1 - t) * float(rng.uniform(0.85, 1.1))
            bottom, top = y - tall * (0.08 + t * 0.84), y - tall * min(1.0, 0.08 + (t + 1.9 / steps) * 0.84)
            pen.polygon([(x - half, bottom), (x + half, bottom), (x, top)], fill=tone(0.75))
            pen.polygon([(x, bottom - tall * 0.012), (x + sun_side * half * 0.85, bottom), (x, top)], fill=tone(1.25))
        pen.rectangle([x - tall * 0.015, y - tall * 0.1, x + tall * 0.015, y], fill=tone(0.5))
        return
    pen.polygon([(x - tall * 0.035, y), (x + tall * 0.035, y), (x, y - tall * 0.6)], fill=tone(0.4))
    blobs = 150 if tall > 90 else 24
    for number in range(blobs):
        angle, far = float(rng.uniform(0, 6.28)), float(rng.uniform(0, 1)) ** 0.6
        bx, by = x + np.cos(angle) * far * tall * 0.30, y - tall * 0.66 + np.sin(angle) * far * tall * 0.27
        r = tall * float(rng.uniform(0.03, 0.075) if blobs > 30 else rng.uniform(0.06, 0.11))
        shade = 0.7 + 0.55 * number / blobs + 0.25 * (sun_side * (bx - x) - (by - y + tall * 0.66)) / tall
        pen.ellipse([bx - r, by - r * 0.85, bx + r, by + r * 0.85], fill=tone(shade))


def grass(picture: Array, light: Light, rng: Generator, brief: Brief, *, top: float = 0.86, count: int = 900) -> Array:
    """Blades and flowers right in front of the eye."""
    height, width = picture.shape[:2]
    layer = Image.new("RGBA", (width * 2, height * 2))
    pen = ImageDraw.Draw(layer)
    low, high = _GRASS[brief.season]
    glow = light.middle * 0.5 + light.horizon * 0.25 + light.sun * 0.4 * light.strength
    bloom = [
        rgb(colour)
        for colour in (brief.own.get("flowers"), (0.9, 0.3, 0.3), (0.95, 0.85, 0.4), (0.95, 0.95, 0.95))
        if colour
    ]
    for number in range(count):
        x = float(rng.uniform(-20, width + 20)) * 2
        base = height * 2 * (1.02 + 0.02 * float(rng.random()))
        tall = height * 2 * (1.02 - top) * float(rng.uniform(0.3, 1.1)) * (0.45 + 0.55 * number / count)
        lean = float(rng.normal(0, 0.25)) * tall
        wide = float(rng.uniform(1.2, 3.2)) * height / 700
        colour = mix(rgb(low), rgb(high), float(rng.random())) * glow * float(rng.uniform(0.35, 1.1))
        fill = (*(int(c) for c in np.clip(colour, 0, 1) * 255), 255)
        tip = (x + lean, base - tall)
        pen.polygon(
            [(x - wide, base), (x + wide, base), (x + lean * 0.45 + wide * 0.6, base - tall * 0.6), tip], fill=fill
        )
        if brief.season in ("spring", "summer") and rng.random() < 0.07:
            r = height / 700 * float(rng.uniform(4, 9))
            petal = (*(int(c) for c in np.clip(bloom[int(rng.integers(len(bloom)))] * (glow + 0.15), 0, 1) * 255), 255)
            pen.ellipse([tip[0] - r, tip[1] - r, tip[0] + r, tip[1] + r], fill=petal)
    image = np.asarray(layer.reduce(2), np.float32) / 255
    return picture * (1 - image[..., 3:]) + image[..., :3] * image[..., 3:]

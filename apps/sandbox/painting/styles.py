"""The hand that a scene is painted with."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from apps.sandbox.painting.brief import Brief
from apps.sandbox.painting.canvas import (
    Array,
    blur,
    from_image,
    grid,
    luminance,
    mix,
    resize,
    rgb,
    screen,
    slopes,
    smooth,
    to_image,
)
from apps.sandbox.painting.noise import Generator, fbm, sample, tile


def render(picture: Array, style: str, brief: Brief, rng: Generator) -> Array:
    return _STYLES[style](graded(picture, brief), brief, rng)


def graded(picture: Array, brief: Brief) -> Array:
    """The moods and colours of the whole."""
    picture = np.clip(picture, 0, 1)
    grey = luminance(picture)[..., None]
    if brief.colours and "mono" not in brief.moods and brief.scene != "abstract":
        tint = rgb(brief.colours[0])
        share = 0.16 if brief.scene in ("portrait", "still", "room") else 0.32
        chroma = tint - float(luminance(tint))
        second = rgb(brief.colours[-1])
        deep = mix(chroma, second - float(luminance(second)), smooth(0.25, 0.75, grey[..., 0])[..., None])
        picture = np.clip(mix(picture, grey + deep * (0.35 + 0.9 * grey * (1 - grey) * 2), share), 0, 1)
        grey = luminance(picture)[..., None]
    if "vivid" in brief.moods:
        picture = grey + (picture - grey) * 1.35
    if "soft" in brief.moods:
        picture = mix(grey + (picture - grey) * 0.82, rgb((0.97, 0.94, 0.91)), 0.10)
    if "dark" in brief.moods:
        picture = np.clip(picture, 0, 1) ** 1.22 * 0.96
    if "mono" in brief.moods:
        picture = np.repeat(smooth(0.02, 0.98, luminance(picture))[..., None], 3, -1)
    if "vintage" in brief.moods:
        grey = luminance(picture)[..., None]
        picture = mix(grey * 0.9 + 0.06, picture, 0.55) * rgb((1.04, 0.96, 0.80)) + rgb((0.03, 0.02, 0.03))
    return np.clip(picture, 0, 1)


def _vignette(picture: Array, strength: float) -> Array:
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    away = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2
    return picture * (1 - strength * away**1.3)[..., None]


def photo(picture: Array, brief: Brief, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    short = min(height, width)
    bloom = blur(np.clip(picture - 0.68, 0, 1), short * 0.022)
    picture = screen(picture, bloom * 0.75)
    picture = picture + (picture - blur(picture, 1.2)) * 0.45
    t = np.clip(picture, 0, 1)
    picture = mix(t, t * t * (3 - 2 * t), 0.32)
    picture = _vignette(picture, 0.36)
    grain = rng.standard_normal((height, width), np.float32) * 0.014
    return picture + grain[..., None]


def _noise_paper(rng: Generator, height: int, width: int) -> Array:
    return (fbm(rng, height, width, cells=110, octaves=3, gain=0.8) - 0.5) + (
        rng.random((height, width), np.float32) - 0.5
    ) * 0.12


def _smoothed(picture: Array, size: int, times: int = 1) -> Array:
    """Flat patches with firm edges: the median at half the size."""
    height, width = picture.shape[:2]
    image = to_image(picture).resize((width // 2, height // 2), Image.Resampling.BOX)
    for _ in range(times):
        image = image.filter(ImageFilter.MedianFilter(size))
    return from_image(image.resize((width, height), Image.Resampling.BICUBIC))


def _displaced(picture: Array, rng: Generator, amount: float, cells: float) -> Array:
    height, width = picture.shape[:2]
    dx, dy = ((fbm(rng, height, width, cells=cells, octaves=4) - 0.5) * amount for _ in range(2))
    y, x = grid(height, width)
    rows = np.clip(y + dy, 0, height - 1).astype(np.int32)
    columns = np.clip(x + dx, 0, width - 1).astype(np.int32)
    return picture[rows, columns]


def watercolour(picture: Array, brief: Brief, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    short = min(height, width)
    base = _displaced(picture, rng, short * 0.018, 24)
    base = _smoothed(base, 5)
    grey = luminance(base)[..., None]
    base = np.clip(grey + (base - grey) * 1.22, 0, 1)
    paper_tone = rgb((0.985, 0.972, 0.940))
    levels = 7
    wash = luminance(base)
    stepped = (np.floor(wash * levels) + smooth(0.35, 0.65, wash * levels % 1)) / levels
    base = base * (0.6 + 0.4 * (stepped + 0.02) / (wash + 0.02))[..., None]
    lift = 0.26 + 0.30 * fbm(rng, height, width, cells=3, octaves=5)
    base = mix(base, paper_tone, np.clip(lift - 0.16, 0, 0.5)[..., None] * (0.45 + 0.55 * luminance(base))[..., None])
    gy, gx = slopes(blur(luminance(base), 1.6))
    edges = np.clip(np.sqrt(gx * gx + gy * gy) * 16, 0, 1)
    edges = smooth(0.15, 0.9, edges) * (0.4 + 0.6 * smooth(0.4, 0.6, fbm(rng, height, width, cells=14, octaves=3)))
    base = base * (1 - 0.34 * edges)[..., None]
    blot = np.abs(fbm(rng, height, width, cells=6, octaves=5) - 0.5)
    base = base * (1 - 0.12 * np.exp(-blot * 70))[..., None]
    tooth = _noise_paper(rng, height, width)
    dark = 1 - luminance(base)
    base = base * (1 + tooth * (0.08 + 0.22 * dark))[..., None]
    y, x = grid(height, width)
    border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / short
    wet = smooth(0.018, 0.034, border + (fbm(rng, height, width, cells=12, octaves=5) - 0.5) * 0.07)
    rim = np.exp(-(((wet - 0.5) / 0.3) ** 2)) * 0.16
    return mix(paper_tone * (1 + tooth * 0.12)[..., None], base * (1 - rim)[..., None], wet[..., None])


def oil(picture: Array, brief: Brief, rng: Generator) -> Array:
    """Strokes laid along the forms, the large ones first, each with its own bristles."""
    height, width = picture.shape[:2]
    short = min(height, width)
    grey = luminance(picture)[..., None]
    source = np.clip(grey + (picture - grey) * 1.22, 0, 1)
    words = brief.prompt.lower()
    swirling = any(word in words for word in ("gogh", "swirl", "expression", "starry night"))
    soft = blur(luminance(source), short * 0.008)
    gy, gx = slopes(soft)
    jxx, jyy, jxy = (blur(value, short * 0.012) for value in (gx * gx, gy * gy, gx * gy))
    angle = 0.5 * np.arctan2(2 * jxy, jxx - jyy) + math.pi / 2
    drift = (fbm(rng, height, width, cells=2.5, octaves=3) - 0.5) * (9 if swirling else 2.2)
    power = smooth(0, 2e-5, jxx + jyy)
    angle = angle * power + drift * (1 - power * (0.4 if swirling else 0.85))
    canvas = to_image(blur(source, short * 0.01))
    ridges = Image.new("L", (width, height), 128)
    pen, relief = ImageDraw.Draw(canvas), ImageDraw.Draw(ridges)
    detail = np.abs(luminance(source) - blur(luminance(source), short * 0.012))
    for thick, spacing, length, wanted in (
        (0.030, 0.020, 2.6, 0.0),
        (0.015, 0.011, 3.4, 0.012),
        (0.007, 0.0062, 3.6, 0.022),
        (0.0038, 0.0036, 3.6, 0.060),
    ):
        step = spacing * short
        rows, columns = np.mgrid[step / 2 : height : step, step / 2 : width : step]
        places = np.stack([rows.ravel(), columns.ravel()], 1) + rng.normal(0, step * 0.45, (rows.size, 2))
        places = np.clip(places, 0, (height - 1, width - 1)).astype(int)
        if wanted:
            places = places[detail[places[:, 0], places[:, 1]] > wanted]
        rng.shuffle(places)
        colours = source[places[:, 0], places[:, 1]]
        colours = np.clip(
            colours * (1 + rng.normal(0, 0.055, (len(places), 1))) + rng.normal(0, 0.018, colours.shape), 0, 1
        )
        turns = angle[places[:, 0], places[:, 1]] + rng.normal(0, 0.16, len(places))
        lengths = thick * short * length * rng.uniform(0.55, 1.15, len(places))
        heights = rng.integers(70, 200, len(places))
        bend = rng.normal(0, 0.22, len(places))
        half = thick * short / 2
        for (row, column), colour, turn, reach, high, curl in zip(
            places.tolist(),
            (colours * 255).astype(int).tolist(),
            turns.tolist(),
            lengths.tolist(),
            heights.tolist(),
            bend.tolist(),
            strict=True,
        ):
            ux, uy = math.cos(turn), math.sin(turn)
            dx, dy = ux * reach / 2, uy * reach / 2
            mx, my = column - uy * curl * reach * 0.3, row + ux * curl * reach * 0.3
            wide = max(1, int(half * 2))
            points = [column - dx, row - dy, mx, my, column + dx, row + dy]
            fill = tuple(colour)
            pen.line(points, fill=fill, width=wide, joint="curve")
            relief.line(points, fill=high, width=wide)
            if wide >= 5:
                ox, oy = -uy * half * 0.62, ux * half * 0.62
                light = tuple(min(255, int(c * 1.10) + 5) for c in colour)
                dark = tuple(int(c * 0.88) for c in colour)
                pen.line(
                    [points[0] + ox, points[1] + oy, points[4] + ox, points[5] + oy], fill=dark, width=max(1, wide // 5)
                )
                pen.line(
                    [points[0] - ox, points[1] - oy, points[4] - ox, points[5] - oy],
                    fill=light,
                    width=max(1, wide // 6),
                )
    painted = from_image(canvas)
    bristle = np.asarray(ridges, np.float32) / 255 + luminance(painted) * 0.25
    bristle = blur(bristle, 0.9)
    gy, gx = slopes(bristle)
    weave = 0.985 + 0.03 * fbm(rng, height, width, cells=160, octaves=1)
    return _vignette(
        np.clip(painted * weave[..., None] + (gx * 0.42 + gy * 0.55)[..., None] * (0.35 + 0.65 * painted), 0, 1), 0.22
    )


def ink(picture: Array, brief: Brief, rng: Generator) -> Array:
    """Contours, hatching where it is dark, and a grey wash."""
    height, width = picture.shape[:2]
    short = min(height, width)
    words = brief.prompt.lower()
    pencil = "pencil" in words or "charcoal" in words or "sketch" in words
    brushy = any(word in words for word in ("sumi", "水墨", "calligraphy", "zen", "wash"))
    value = luminance(picture)
    low, high = np.percentile(value, (1.5, 98.5))
    value = np.clip((value - low) / (high - low + 1e-6), 0, 1)
    scale = short / 1000
    one, two = blur(value, 1.1 * scale + 0.4), blur(value, 2.4 * scale + 0.6)
    edge = np.clip((two - one) * 34 * (1.0 if not brushy else 1.5) - 0.12, 0, 1)
    wobble = fbm(rng, height, width, cells=30, octaves=3)
    contour = smooth(0.05, 0.5, edge) * (0.65 + 0.35 * wobble)
    tone = blur(value, 2.0 * scale)
    y, x = grid(height, width)
    wave = (wobble - 0.5) * 9 * scale
    total = contour
    if brushy:
        total = np.maximum(total * 0.9, smooth(0.55, 0.05, tone + (wobble - 0.5) * 0.15) * 0.85)
        total = np.maximum(total, (1 - tone) * 0.38 * fbm(rng, height, width, cells=5, octaves=5) * 1.3)
    else:
        for turn, level, spacing in ((0.78, 0.62, 7.0), (-0.70, 0.42, 6.4), (0.05, 0.27, 5.4), (1.5, 0.15, 4.6)):
            gap = spacing * scale * (0.85 if pencil else 1)
            phase = ((x * math.cos(turn) + y * math.sin(turn) + wave) / gap) % 1
            weight = np.clip((level - tone) / 0.30, 0, 1)
            line_ = smooth(0.5 * weight + 0.07, 0.5 * weight - 0.10, np.abs(phase - 0.5) * 1.6) * smooth(
                0, 0.10, weight
            )
            total = np.maximum(total, line_ * (0.55 if pencil else 0.86))
    tooth = _noise_paper(rng, height, width)
    if pencil:
        total = total * np.clip(0.78 + tooth * 2.2, 0, 1)
    paper = rgb((0.965, 0.945, 0.895)) * (1 + tooth * 0.05)[..., None]
    pigment = rgb((0.07, 0.075, 0.10)) if not pencil else rgb((0.20, 0.19, 0.20))
    if brief.colours and "mono" not in brief.moods:
        pigment = rgb(brief.colours[0]) * 0.45
        paper = mix(paper, mix(rgb(brief.colours[-1]), rgb((1, 1, 1)), 0.45), 0.25)
    wash = np.clip(1 - tone, 0, 1) ** 1.4 * 0.16
    paper = mix(paper, pigment, wash[..., None])
    if "red" in words or brushy:
        paper = _seal(paper, rng)
    return mix(paper, pigment, np.clip(total, 0, 0.97)[..., None])


def _seal(paper: Array, rng: Generator) -> Array:
    height, width = paper.shape[:2]
    side = int(min(height, width) * 0.045)
    y, x = int(height * 0.90) - side, int(width * 0.90) - side
    stamp = np.ones((side, side), np.float32) * 0.85
    third = max(2, side // 5)
    marks = resize((rng.random((5, 5)) < 0.5).astype(np.float32), side, side, Image.Resampling.NEAREST)
    stamp[third:-third, third:-third] *= 1 - 0.8 * marks[third:-third, third:-third]
    out = paper.copy()
    out[y : y + side, x : x + side] = mix(out[y : y + side, x : x + side], rgb((0.74, 0.14, 0.10)), stamp[..., None])
    return out


def flat(picture: Array, brief: Brief, rng: Generator) -> Array:
    """A poster of few colours with clean shapes."""
    height, width = picture.shape[:2]
    grey = luminance(picture)[..., None]
    source = np.clip(grey + (picture - grey) * 1.30, 0, 1)
    base = to_image(_smoothed(blur(source, 1.0), 5))
    small = base.resize((max(1, width * 3 // 4), max(1, height * 3 // 4)), Image.Resampling.BOX)
    count = 8 if any(word in brief.prompt.lower() for word in ("minimal", "bauhaus", "screenprint")) else 13
    quantised = small.quantize(count, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
    tones = np.asarray(quantised.convert("RGB").filter(ImageFilter.MedianFilter(5)), np.float32) / 255
    result = resize(tones, height, width, Image.Resampling.BICUBIC)
    grain = rng.standard_normal((height, width), np.float32) * 0.012
    words = brief.prompt.lower()
    if "ukiyo" in words or "woodcut" in words or "anime" in words or "cartoon" in words:
        value = luminance(result)
        lines = np.clip((blur(value, 2.0) - blur(value, 0.8)) * 22 - 0.1, 0, 0.85)
        result = mix(result, rgb((0.10, 0.10, 0.16)), lines[..., None])
    return np.clip(result + grain[..., None], 0, 1)


def comic(picture: Array, brief: Brief, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    scale = min(height, width) / 1000
    base = flat(picture, brief, rng)
    value = luminance(_smoothed(picture, 5))
    lines = smooth(0.05, 0.45, np.clip((blur(value, 3.2 * scale) - blur(value, 1.3 * scale)) * 30 - 0.05, 0, 1))
    y, x = grid(height, width)
    gap = 9 * scale
    dots = np.sin((x + y) / gap * 2.2) * np.sin((x - y) / gap * 2.2)
    shade = smooth(0.55, 0.15, luminance(base))
    base = base * (1 - 0.30 * smooth(0.05, 0.25, dots - 0.75 + shade))[..., None]
    grey = luminance(base)[..., None]
    base = np.clip(grey + (base - grey) * 1.25, 0, 1) ** 0.9
    return mix(base, rgb((0.05, 0.05, 0.08)), lines[..., None])


def lively(picture: Array, brief: Brief, rng: Generator) -> Array:
    grey = luminance(picture)[..., None]
    bright: Array = np.clip(grey + (picture - grey) * 1.6, 0, 1) ** 0.78
    bright = mix(bright, flat(bright, brief, rng), 0.7)
    return screen(bright, blur(np.clip(bright - 0.5, 0, 1), min(picture.shape[:2]) * 0.03) * 0.4)


def medieval(picture: Array, brief: Brief, rng: Generator) -> Array:
    """A panel painting on gold, cracked and framed."""
    height, width = picture.shape[:2]
    short = min(height, width)
    base = oil(picture, brief, rng)
    grey = luminance(base)[..., None]
    base = mix(base, grey * rgb((1.10, 0.92, 0.62)), 0.42) * rgb((1.0, 0.95, 0.84))
    cracks = np.exp(-np.abs(fbm(rng, height, width, cells=16, octaves=3) - 0.5) * 160) * 0.30
    base = base * (1 - cracks)[..., None]
    y, x = grid(height, width)
    border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / short
    gold = rgb((0.80, 0.60, 0.24)) * (0.72 + 0.55 * fbm(rng, height, width, cells=24, octaves=4))[..., None]
    ornament = 0.78 + 0.30 * np.sign(np.sin(x / short * 150) * np.sin(y / short * 150))
    gold = gold * np.where((border > 0.012) & (border < 0.032), ornament, 1.0)[..., None]
    framed = mix(gold, base, smooth(0.042, 0.044, border)[..., None])
    return framed * (1 - 0.75 * np.exp(-(((border - 0.043) / 0.003) ** 2)))[..., None]


_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 0.5


def pixel(picture: Array, brief: Brief, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    block = max(4, round(min(height, width) / 150))
    h, w = math.ceil(height / block), math.ceil(width / block)
    grey = luminance(picture)[..., None]
    small = resize(np.clip(grey + (picture - grey) * 1.35, 0, 1), h, w, Image.Resampling.BOX)
    small = np.clip(small + (small - blur(small, 1)) * 0.7, 0, 1)
    image = to_image(small)
    colours = 16 if "8-bit" in brief.prompt.lower() or "8bit" in brief.prompt.lower() else 28
    palette = image.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=2)
    pattern = np.tile(_BAYER, (h // 4 + 1, w // 4 + 1))[:h, :w]
    image = (
        to_image(small + pattern[..., None] * 0.055).quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")
    )
    return from_image(image.resize((w * block, h * block), Image.Resampling.NEAREST).crop((0, 0, width, height)))


def neon(picture: Array, brief: Brief, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    short = min(height, width)
    value = luminance(picture)
    low, high = np.percentile(value, (1, 99))
    value = np.clip((value - low) / (high - low + 1e-6), 0, 1)
    stops = rgb(
        (
            (0.015, 0.01, 0.05),
            (0.10, 0.03, 0.26),
            (0.42, 0.05, 0.52),
            (0.95, 0.16, 0.58),
            (1.0, 0.55, 0.62),
            (0.80, 0.97, 1.0),
        )
    )
    if brief.colours:
        first, last = rgb(brief.colours[0]), rgb(brief.colours[-1])
        stops = np.stack(
            [
                first * 0.05,
                first * 0.22,
                first * 0.6,
                mix(first, last, 0.6),
                np.clip(last * 1.1, 0, 1),
                mix(last, rgb((1, 1, 1)), 0.7),
            ]
        )
    places = np.array((0, 0.22, 0.45, 0.68, 0.85, 1))
    mapped = np.stack([np.interp(value, places, stops[:, channel]).astype(np.float32) for channel in range(3)], -1)
    grey = luminance(picture)[..., None]
    own = np.clip(grey * 0.5 + (picture - grey) * 1.7, 0, 1)
    base = mix(mapped, screen(mapped * 0.6, own), 0.42)
    scale = short / 1000
    edge = np.abs(blur(value, 1.0 * scale + 0.3) - blur(value, 2.6 * scale + 0.6))
    edge = smooth(0.02, 0.10, edge)
    y, x = grid(height, width)
    hue = smooth(0, 1, np.broadcast_to(x / width * 0.5 + y / height * 0.5, value.shape))
    glow_tone = (
        mix(rgb((0.05, 0.85, 1.0)), rgb((1.0, 0.15, 0.65)), hue[..., None])
        if not brief.colours
        else rgb(brief.colours[-1]) + 0 * base
    )
    base = screen(base, (edge * 0.75)[..., None] * glow_tone)
    base = screen(base, blur(edge, short * 0.010)[..., None] * glow_tone * 0.75)
    base = screen(base, blur(np.clip(base - 0.6, 0, 1), short * 0.03) * 0.9)
    lines = 1 - 0.055 * (0.5 + 0.5 * np.sin(y * math.pi / max(1.5, 2 * scale)))
    return _vignette(base * lines[..., None], 0.5)


def lowpoly(picture: Array, brief: Brief, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    short = min(height, width)
    step = short / 34
    rows, columns = int(height / step) + 2, int(width / step) + 2
    grey = luminance(picture)[..., None]
    source = np.clip(grey + (picture - grey) * 1.25, 0, 1)
    value = blur(luminance(source), 1.5)
    gy, gx = slopes(value)
    edge = np.sqrt(gx * gx + gy * gy)
    points = np.zeros((rows, columns, 2))
    for row in range(rows):
        for column in range(columns):
            px = column * step + float(rng.uniform(-0.36, 0.36)) * step + (step / 2 if row % 2 else 0)
            py = row * step + float(rng.uniform(-0.36, 0.36)) * step
            cx, cy, reach = int(px), int(py), int(step * 0.46)
            y0, y1, x0, x1 = max(0, cy - reach), min(height, cy + reach), max(0, cx - reach), min(width, cx + reach)
            if y1 > y0 and x1 > x0 and 0 < row < rows - 1 and 0 < column < columns - 1:
                window = edge[y0:y1, x0:x1]
                best = int(window.argmax())
                if window.ravel()[best] > 0.02:
                    px, py = x0 + best % (x1 - x0), y0 + best // (x1 - x0)
            points[row, column] = (px, py)
    points[0, :, 1], points[-1, :, 1] = -2, height + 2
    points[:, 0, 0], points[:, -1, 0] = -2, width + 2
    image = Image.new("RGB", (width * 2, height * 2))
    pen = ImageDraw.Draw(image)
    soft = blur(source, step * 0.16)
    for row in range(rows - 1):
        for column in range(columns - 1):
            a, b, c, d = (
                points[row, column],
                points[row, column + 1],
                points[row + 1, column],
                points[row + 1, column + 1],
            )
            for triangle in ((a, b, c), (b, d, c)) if row % 2 == 0 else ((a, b, d), (a, d, c)):
                corners = np.stack(triangle)
                middle = corners.mean(0)
                samples = np.clip(
                    np.concatenate([corners * 0.5 + middle * 0.5, middle[None]]), 0, (width - 1, height - 1)
                ).astype(int)
                colour = soft[samples[:, 1], samples[:, 0]].mean(0) * (1 + float(rng.normal(0, 0.035)))
                pen.polygon(
                    [(float(x) * 2, float(y) * 2) for x, y in corners],
                    fill=tuple(int(v) for v in np.clip(colour, 0, 1) * 255),
                )
    return _vignette(from_image(image.reduce(2)), 0.15)


_STYLES: dict[str, Callable[[Array, Brief, Generator], Array]] = {
    "photo": photo,
    "watercolour": watercolour,
    "oil": oil,
    "ink": ink,
    "flat": flat,
    "pixel": pixel,
    "neon": neon,
    "lowpoly": lowpoly,
    "comic": comic,
    "lively": lively,
    "medieval": medieval,
}


def weather(picture: Array, brief: Brief, rng: Generator) -> Array:
    """What falls between the eye and the scene."""
    if brief.scene in ("abstract", "space", "still", "underwater", "room", "portrait"):
        return picture
    height, width = picture.shape[:2]
    short = min(height, width)
    if brief.weather in ("rain", "storm"):
        streaks = np.zeros((height, width), np.float32)
        texture = tile(rng, 256, cells=100, octaves=1)
        y, x = grid(height, width)
        for size in (1.0, 1.8):
            value = sample(texture, y * 0.055 / size, (x + y * 0.16) * 0.62 / size + size * 91)
            streaks += smooth(0.80, 0.98, value) * 0.5
        picture = screen(picture, np.clip(streaks, 0, 1)[..., None] * rgb((0.75, 0.80, 0.88)) * 0.34)
    if brief.weather == "storm" and rng.random() < 0.75:
        picture = _lightning(picture, rng)
    if brief.weather == "snow":
        for size, count, strength in ((1.0, 900, 0.75), (2.0, 260, 0.85), (4.5, 46, 0.8)):
            flakes = np.zeros((height, width), np.float32)
            flakes[rng.integers(0, height, count), rng.integers(0, width, count)] = 1
            spread = size * short / 1000
            soft = blur(flakes, spread) * (spread * spread * 6 + 1)
            picture = mix(picture, rgb((0.97, 0.98, 1.0)), np.clip(soft, 0, 1)[..., None] * strength)
    return picture


def _lightning(picture: Array, rng: Generator) -> Array:
    height, width = picture.shape[:2]
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)

    def bolt(x: float, y: float, angle: float, left: int, thick: float) -> None:
        while left > 0 and y < height * 0.62:
            angle = angle * 0.8 + float(rng.normal(0, 0.42))
            length = height * float(rng.uniform(0.012, 0.035))
            nx, ny = x + math.sin(angle) * length, y + math.cos(angle) * length
            pen.line([x, y, nx, ny], fill=255, width=max(1, round(thick)))
            x, y, left = nx, ny, left - 1
            if rng.random() < 0.10 and thick > 1.2:
                bolt(x, y, angle + float(rng.choice([-0.8, 0.8])), left // 3, thick * 0.5)

    bolt(width * float(rng.uniform(0.25, 0.75)), 0, 0.0, 60, max(2.0, height / 320))
    flash = np.asarray(image, np.float32) / 255
    tone = rgb((0.85, 0.88, 1.0))
    lit = blur(flash, 1) + blur(flash, height * 0.012) * 1.6 + blur(flash, height * 0.07) * 2.6
    return screen(picture, np.clip(lit, 0, 1)[..., None] * tone)

"""The subject of a reference picture: cut out, lit like the scene, and set into it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from apps.sandbox.painting.canvas import Array, blur, from_image, grid, luminance, mix, resize, rgb, screen, smooth
from apps.sandbox.painting.noise import Generator, fbm
from apps.sandbox.painting.sky import Light

LONGEST = 900  # px; more of a reference is not needed


@dataclass(frozen=True)
class Subject:
    picture: Array
    mask: Array
    whole: bool  # it could not be told from its background, so a soft oval of the picture is taken


def read_subject(content: bytes) -> Subject:
    with Image.open(io.BytesIO(content)) as opened:
        opened.draft("RGB", (LONGEST * 2, LONGEST * 2))
        image = ImageOps.exif_transpose(opened)
        alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
        image = image.convert("RGB")
        image.thumbnail((LONGEST, LONGEST))
        picture = from_image(image)
        if alpha is not None:
            given = np.asarray(alpha.resize(image.size), np.float32) / 255
            if 0.03 < float(given.mean()) < 0.97:
                return Subject(picture, given, False)
    return _cut(picture)


def _cut(picture: Array) -> Subject:
    """What differs from the picture's border, near its middle."""
    height, width = picture.shape[:2]
    band = max(2, min(height, width) // 25)
    border = np.concatenate(
        [
            picture[:band].reshape(-1, 3),
            picture[: height * 2 // 3, :band].reshape(-1, 3),
            picture[: height * 2 // 3, -band:].reshape(-1, 3),
        ]
    )
    # The border in a few colours: each part of the ground is one of them.
    centres = border[np.linspace(0, len(border) - 1, 6).astype(int)]
    for _ in range(6):
        nearest = ((border[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        centres = np.stack([border[nearest == k].mean(0) if (nearest == k).any() else centres[k] for k in range(6)])
    spread = float(np.sqrt(((border[:, None] - centres[None]) ** 2).sum(-1).min(1)).mean())
    distance = np.sqrt(((picture[:, :, None] - centres[None, None]) ** 2).sum(-1).min(-1))
    y, x = grid(height, width)
    middle = np.exp(-((((x / width - 0.5) / 0.36) ** 2) ** 2) - np.clip((0.5 - y / height) / 0.55, 0, None) ** 4)
    score = blur(distance, max(1.0, min(height, width) / 160)) * middle
    threshold = max(0.07, spread * 2.6)
    mask = smooth(threshold * 0.75, threshold * 1.35, score)
    mask = smooth(0.35, 0.65, blur(mask, min(height, width) / 45))
    share = float(mask.mean())
    core = float(mask[height // 4 : height * 3 // 4, width // 3 : width * 2 // 3].mean())
    if spread < 0.16 and 0.08 < share < 0.75 and core > 0.5:
        return Subject(picture, mask, False)
    oval = np.sqrt(((x / width - 0.5) / 0.46) ** 2 + ((y / height - 0.52) / 0.50) ** 2)
    return Subject(picture, np.asarray(smooth(1.0, 0.80, oval), np.float32), True)


def place_subject(picture: Array, subject: Subject, light: Light, rng: Generator, *, portrait: bool) -> Array:
    height, width = picture.shape[:2]
    rows, columns = np.where(subject.mask > 0.5)
    y0, y1, x0, x1 = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    pad = 4
    y0, x0 = max(0, y0 - pad), max(0, x0 - pad)
    y1, x1 = min(subject.mask.shape[0], y1 + pad), min(subject.mask.shape[1], x1 + pad)
    cut, mask = subject.picture[y0:y1, x0:x1], subject.mask[y0:y1, x0:x1]
    reaches_bottom = float(subject.mask[-3:].mean()) > 0.12 or subject.whole
    share = 0.84 if portrait else 0.74
    scale = min(height * share / cut.shape[0], width * 0.80 / cut.shape[1])
    h, w = max(8, round(cut.shape[0] * scale)), max(8, round(cut.shape[1] * scale))
    cut, mask = np.clip(resize(cut, h, w, Image.Resampling.LANCZOS), 0, 1), np.clip(resize(mask, h, w), 0, 1)
    top = height - h if reaches_bottom and not subject.whole else round(height * 0.94) - h
    if subject.whole:
        top = (height - h) // 2
    left = round((width - w) / 2 + float(rng.uniform(-0.06, 0.06)) * (width - w))
    left = min(max(0, left), width - w)
    soft = picture if portrait else mix(picture, blur(picture, min(height, width) * 0.012), 0.75)
    out = soft.copy()
    around = blur(np.pad(mask, ((0, 0), (0, 0))), min(height, width) * 0.02)
    region = out[top : top + h, left : left + w]
    scenery = soft.mean((0, 1))
    grey = luminance(cut)[..., None]
    tone = mix(cut, grey * (scenery / max(0.05, float(luminance(scenery)))), 0.22)
    ambient = mix(rgb((1, 1, 1)), light.horizon / max(0.15, float(light.horizon.max())), 0.45)
    tone = tone * ambient * (0.72 if light.night else 1.0)
    y, x = grid(h, w)
    side = 1 if light.x > 0.5 else -1
    tone = tone * (1 + 0.20 * side * (x / w - 0.5) - 0.10 * (y / h - 0.5))[..., None]
    gy, gx = np.gradient(blur(mask, max(1.0, min(h, w) / 90)))
    rim = np.clip((-gx * side + gy * 0.4) * min(h, w) / 26, 0, 1) * mask
    tone = screen(np.clip(tone, 0, 1), rim[..., None] * light.sun * 0.4)
    shade = region * (1 - 0.30 * around * (1 - mask))[..., None]
    edge = mask
    if subject.whole:
        edge = np.clip(mask * 1.15 - 0.3 * (fbm(rng, h, w, cells=8, octaves=4) - 0.35) * (1 - mask), 0, 1)
    out[top : top + h, left : left + w] = mix(shade, tone, edge[..., None])
    return out

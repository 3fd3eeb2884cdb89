"""One picture: what the prompt asks for, painted with a seed, as a JPEG."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from apps.sandbox.painting import figures, places, props, still
from apps.sandbox.painting.brief import Brief, settle, understand
from apps.sandbox.painting.canvas import Array, mix, to_image
from apps.sandbox.painting.noise import Generator
from apps.sandbox.painting.reference import Subject, place_subject, read_subject
from apps.sandbox.painting.sky import Light, light_of, rays, sky
from apps.sandbox.painting.styles import render, weather
from apps.sandbox.painting.terrain import View, coast, dunes, grass, hills, lay_water, mountains, plant, view

QUALITY = 92
LIVE_STYLES = {"漫画": "comic", "元气": "lively", "中世纪": "medieval", "水彩": "watercolour"}


def make_picture(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The maker for `work`: writes `<number>.jpg`. A request names its reference by path."""
    reference = request.get("reference")
    subject = read_subject(Path(reference).read_bytes()) if reference else None
    (folder / f"{request['number']}.jpg").write_bytes(paint(request, request["number"], subject))
    return {}


def generator(request: dict[str, Any], number: int) -> Generator:
    named = [
        request["prompt"],
        request["seed"],
        number,
        request["width"],
        request["height"],
        request["prompt_optimizer"],
    ]
    return np.random.default_rng(list(hashlib.sha256(json.dumps(named).encode()).digest()))


def paint(request: dict[str, Any], number: int, subject: Subject | None = None) -> bytes:
    width, height = request["width"], request["height"]
    rng = generator(request, number)
    brief = settle(understand(request["prompt"], rich=request["prompt_optimizer"]), rng)
    light = light_of(brief, rng)
    if subject is not None:
        picture = (
            still.backdrop(brief, light, rng, height, width)
            if brief.scene in ("portrait", "still")
            else scene(brief, light, rng, height, width)
        )
        picture = place_subject(picture, subject, light, rng, portrait=brief.scene in ("portrait", "still"))
    else:
        picture = scene(brief, light, rng, height, width)
    picture = weather(picture, brief, rng)
    own = LIVE_STYLES.get(request.get("style_type") or "")
    finished = render(picture, own or brief.style, brief, rng)
    if own and (weight := request.get("style_weight", 0.8)) < 1:
        finished = mix(render(picture, "photo", brief, rng), finished, weight)
    image = to_image(finished)
    if request.get("aigc_watermark"):
        _watermark(image)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=False)
    return out.getvalue()


def _watermark(image: Image.Image) -> None:
    pen = ImageDraw.Draw(image, "RGBA")
    size = max(14, min(image.size) // 36)
    font = ImageFont.load_default(size)
    box = pen.textbbox((0, 0), "AI generated", font=font)
    x, y = image.width - box[2] - size, image.height - box[3] - size
    pen.rounded_rectangle(
        [x - size // 2, y - size // 4, x + box[2] + size // 2, y + box[3] + size // 3], size // 2, fill=(0, 0, 0, 90)
    )
    pen.text((x, y), "AI generated", font=font, fill=(255, 255, 255, 210))


def scene(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    painter = {
        "city": places.city,
        "street": places.street,
        "forest": places.forest,
        "space": places.space,
        "underwater": places.underwater,
        "room": places.room,
        "abstract": places.abstract,
        "still": still.still,
        "portrait": still.portrait,
    }.get(brief.scene, land)
    picture = painter(brief, light, rng, height, width)
    if brief.scene not in ("still", "portrait", "abstract"):
        picture = _inhabit(picture, brief, light, rng)
    return picture


def land(brief: Brief, light: Light, rng: Generator, height: int, width: int) -> Array:
    low = {"sea": (0.46, 0.58), "coast": (0.40, 0.50), "dunes": (0.34, 0.46), "hills": (0.38, 0.48)}.get(
        brief.scene, (0.42, 0.52)
    )
    horizon = int(height * float(rng.uniform(*low)))
    heaven = sky(brief, light, rng, height, width, horizon)
    short = min(height, width)
    if brief.scene == "sea":
        full = np.zeros((height, width), np.float32)
        full[horizon:] = 1
        rough = {"storm": 0.95, "rain": 0.6}.get(brief.weather, float(rng.uniform(0.28, 0.5)))
        tint = None
        if water := brief.own.get("water"):
            tint = np.asarray(water, np.float32) * (0.4 if light.night else 0.8)
        picture = lay_water(heaven, full, light, rng, horizon, waves=rough, tint=tint)
        target = None
    else:
        ground = {"coast": coast, "dunes": dunes, "hills": hills}.get(brief.scene)
        made = ground(brief, light, rng) if ground else mountains(brief, light, rng, lake=brief.scene == "lake")
        target = view(made, heaven, light, rng, horizon)
        if brief.scene == "hills":
            plant(
                target,
                light,
                rng,
                brief,
                count=220,
                kind="round" if rng.random() < 0.7 else "pine",
                nearest=4.5,
                size=0.62,
            )
        elif brief.scene in ("mountains", "lake"):
            plant(
                target,
                light,
                rng,
                brief,
                count=700,
                kind="pine" if brief.season != "autumn" or rng.random() < 0.5 else "round",
                nearest=3.2,
                size=0.62,
            )
        picture = target.picture
    low_sun = light.strength > 0.4 and not light.night and light.y < 0.4
    if low_sun and (brief.rich or brief.time in ("dawn", "golden")):
        picture = rays(picture, light, rng, horizon, 0.30 if brief.rich else 0.16)
    picture = _build(picture, target, brief, light, rng, horizon)
    if brief.scene in ("hills", "mountains") and (brief.rich or rng.random() < 0.55) and brief.season != "winter":
        picture = grass(
            picture, light, rng, brief, top=float(rng.uniform(0.82, 0.9)), count=int(700 * max(1, width / height))
        )
    if "birds" in brief.props or brief.rich or (brief.scene in ("sea", "coast") and rng.random() < 0.5):
        picture = figures.birds(picture, rng, light, horizon, 14 if brief.rich else 8)
    if brief.weather == "fog":
        band = np.exp(-(((np.arange(height, dtype=np.float32) - horizon * 1.04) / (short * 0.11)) ** 2))[:, None]
        picture = mix(picture, light.haze, (band * 0.5 * np.ones((1, width), np.float32))[..., None])
    return picture


def _spot(
    target: View | None, rng: Generator, width: int, near: float, far: float
) -> tuple[float, float, float] | None:
    """Column, row and size of a thing one unit tall, on land that can be seen."""
    if target is None:
        return None
    focal = max(target.picture.shape[:2]) * 0.83
    order = rng.permutation(60)
    columns = np.linspace(width * 0.18, width * 0.82, 60).astype(int)[order]
    begin, end = np.searchsorted(target.distances, (near, far))
    for column in columns:
        index = int(rng.integers(begin, end))
        row = float(target.rows[index, column])
        if row >= target.picture.shape[0] * 0.93 or row < 4:
            continue
        if row <= target.tops[max(index - 3, 0), column] + 1 and target.land[int(row), column] > 0.9:
            return float(column), row, focal / float(target.distances[index])
    return None


def _build(picture: Array, target: View | None, brief: Brief, light: Light, rng: Generator, horizon: int) -> Array:
    height, width = picture.shape[:2]
    short = min(height, width)
    if "castle" in brief.props:
        spot = _spot(target, rng, width, 9, 20)
        x, foot, _ = spot or (width * 0.5, horizon + height * 0.03, 0)
        picture = props.castle(picture, light, brief, x, foot, short * 0.26)
    if "lighthouse" in brief.props:
        spot = _spot(target, rng, width, 4, 11)
        x, foot, _ = spot or (width * float(rng.choice([0.26, 0.74])), horizon + height * 0.05, 0)
        picture = props.lighthouse(
            picture, light, brief, x, foot + short * 0.01, short * float(rng.uniform(0.30, 0.40))
        )
    if "windmill" in brief.props and (spot := _spot(target, rng, width, 4, 9)):
        picture = props.windmill(picture, light, rng, spot[0], spot[1], short * 0.30)
    if "house" in brief.props and (spot := _spot(target, rng, width, 3.5, 8)):
        picture = props.house(picture, light, brief, rng, spot[0], spot[1] + 2, short * float(rng.uniform(0.10, 0.14)))
    sails = "boat" in brief.props or (brief.scene == "sea" and not brief.animal and rng.random() < 0.4)
    if sails and (target is None or brief.scene in ("coast", "lake")):
        for _ in range(3 if "boats" in brief.prompt.lower() else 1):
            near = float(rng.uniform(0.05, 0.55)) ** 1.3
            x = width * float(rng.uniform(0.2, 0.8))
            row = horizon + (height - horizon) * (0.07 + 0.5 * near)
            if target is None or target.land[int(row), int(x)] < 0.2:
                picture = props.boat(picture, light, brief, rng, x, row, short * (0.09 + 0.34 * near))
    if "balloon" in brief.props:
        for _ in range(int(rng.integers(1, 4)) if "balloons" not in brief.prompt.lower() else 6):
            size = short * float(rng.uniform(0.03, 0.11))
            picture = props.balloon(
                picture,
                light,
                brief,
                rng,
                width * float(rng.uniform(0.12, 0.88)),
                horizon * float(rng.uniform(0.22, 0.75)),
                size,
            )
    return picture


def _inhabit(picture: Array, brief: Brief, light: Light, rng: Generator) -> Array:
    """Animals and people stand in front."""
    height, width = picture.shape[:2]
    short = min(height, width)
    name = brief.animal
    against = light.night or (brief.stated_time and brief.time in ("sunset", "dusk"))
    dark = 0.72 if against and brief.scene not in ("room", "underwater") else 0.0
    if name == "bird":
        count = 1 if brief.prompt.lower().count("birds") == 0 else 4
        for _ in range(count):
            tall = short * float(rng.uniform(0.22, 0.42)) / count**0.6
            x, foot = width * float(rng.uniform(0.25, 0.75)), height * float(rng.uniform(0.30, 0.5)) + tall / 2
            picture = figures.stand(
                picture, name, light, rng, brief, x=x, foot=foot, tall=tall, dark=dark * 0.8, shadow=0
            )
    elif name in ("fish", "whale"):
        count = 1 if name == "whale" else int(rng.integers(3, 7))
        for number in range(count):
            tall = short * (0.62 if name == "whale" else (0.20 + 0.24 * number / max(1, count - 1)))
            x, foot = width * float(rng.uniform(0.22, 0.78)), height * float(rng.uniform(0.25, 0.62)) + tall / 2
            if count == 1:
                x, foot = width * 0.5, height * 0.45 + tall / 2
            picture = figures.stand(picture, name, light, rng, brief, x=x, foot=foot, tall=tall, shadow=0)
    elif name:
        tall = short * {
            "cat": 0.50,
            "rabbit": 0.42,
            "fox": 0.52,
            "elephant": 0.58,
            "horse": 0.60,
            "deer": 0.58,
            "bear": 0.50,
        }.get(name, 0.52)
        foot = height * (0.90 if brief.scene == "room" else float(rng.uniform(0.86, 0.93)))
        x = width * float(rng.uniform(0.36, 0.64))
        picture = figures.stand(picture, name, light, rng, brief, x=x, foot=foot, tall=tall, dark=dark)
    if "figure" in brief.props and brief.scene not in ("space", "underwater"):
        tall = short * (0.30 if brief.scene in ("street", "forest", "room") else 0.20)
        foot = height * (0.86 if brief.scene in ("street", "forest") else 0.88)
        picture = figures.stand(
            picture,
            "figure",
            light,
            rng,
            brief,
            x=width * float(rng.uniform(0.40, 0.60)),
            foot=foot,
            tall=tall,
            dark=max(dark, 0.35),
        )
    return picture

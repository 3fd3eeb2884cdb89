"""A film from a prompt, from a first and a last picture, or around a subject."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from apps.sandbox.filming import brush
from apps.sandbox.filming.camera import Camera, View
from apps.sandbox.filming.finish import Finish
from apps.sandbox.filming.recording import FPS, record
from apps.sandbox.filming.sets import Builder
from apps.sandbox.filming.stage import ABOVE, SIDE, Layer, Stage
from apps.sandbox.scene import Scene, read_scene

SHORT_SIDES = {"512P": 512, "720P": 720, "768P": 768, "1080P": 1080}
PAINTED = 0.75
SETTLE_S = 0.4  # in which a given picture begins to live


def size_of(resolution: str, aspect: float | None = None) -> tuple[int, int]:
    """Width and height; without an aspect ratio of one's own 16:9."""
    short = SHORT_SIDES[resolution]
    if aspect is None:
        return {512: (912, 512), 720: (1280, 720), 768: (1366, 768), 1080: (1920, 1080)}[short]
    if aspect >= 1:
        return 2 * round(short * aspect / 2), short
    return short, 2 * round(short / aspect / 2)


def open_picture(path: Path) -> Image.Image:
    """Upright and opaque."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "P"):
            upright = upright.convert("RGBA")
            ground = Image.new("RGBA", upright.size, (255, 255, 255, 255))
            upright = Image.alpha_composite(ground, upright)
        return upright.convert("RGB")


def make_film(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """`request`: prompt, seconds, resolution, and the names of pictures in `folder`: first, last, subject."""
    seconds, prompt = int(request["seconds"]), request["prompt"]
    pictures = {
        name: open_picture(folder / request[name]) for name in ("first", "last", "subject") if request.get(name)
    }
    leading = pictures.get("first") or pictures.get("last")
    width, height = size_of(request["resolution"], leading.width / leading.height if leading else None)
    fitted = {
        name: ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
        for name, picture in pictures.items()
        if name != "subject"
    }
    scene = read_scene(prompt)
    count = seconds * FPS
    if fitted:
        frames = _from_pictures(scene, request["prompt"], fitted, width, height, count)
    else:
        frames = _from_scene(scene, prompt, pictures.get("subject"), width, height, count)
    record(frames, folder / "output.mp4", width, height)
    return {"width": width, "height": height, "frames": count}


def _from_scene(
    scene: Scene, prompt: str, subject: Image.Image | None, width: int, height: int, count: int
) -> Iterator[Image.Image]:
    # Painted smaller than filmed: soft forms lose nothing by it, and it takes half the time.
    width, height = round(width * PAINTED), round(height * PAINTED)
    builder = Builder(scene, width, height)
    if subject is not None:
        builder.named = [name for name in builder.named if name not in ("person", "cat", "dog")][:1]
    stage = builder.build()
    if subject is not None:
        stand_in(stage, subject)
    yield from play(stage, Camera(prompt, scene.seed), Finish(width, height, scene.seed), count)


def play(stage: Stage, camera: Camera, finish: Finish, count: int) -> Iterator[Image.Image]:
    for number in range(count):
        moment, seconds = number / max(1, count - 1), number / FPS
        frame = stage.paint(camera.at(moment), camera.shake_at(moment, seconds), seconds)
        yield finish.apply(frame, number, stage.light(moment), 1.0)


def cut_out(subject: Image.Image, height: int) -> Image.Image:
    """The middle of a picture, its edges fading: where the subject of a portrait is."""
    ratio = min(1.0, max(0.62, subject.width / subject.height))
    size = (round(height * ratio), height)
    # People and animals look out of the upper half.
    cut = ImageOps.fit(subject, size, Image.Resampling.LANCZOS, centering=(0.5, 0.35))
    mask = Image.new("L", (size[0] // 2, size[1] // 2))
    inset = round(min(mask.size) * 0.07)
    ImageDraw.Draw(mask).rounded_rectangle(
        (inset, inset, mask.width - inset, mask.height - inset), min(mask.size) * 0.42, fill=255
    )
    cut.putalpha(brush.soft(mask, inset * 0.7).resize(size))
    return cut


def stand_in(stage: Stage, subject: Image.Image) -> None:
    """The subject in the middle ground: it breathes and sways a little."""
    image = cut_out(subject, round(stage.height * 0.66))
    bob, sway = 0.008 * stage.height, 0.01 * stage.width

    def motion(s: float) -> tuple[float, float]:
        return sway * math.sin(s * 0.9), bob * math.sin(s * 2.2)

    layer = Layer.of(image, (stage.width - image.width) / 2, stage.height * 0.29, 0.6, motion=motion, followed=True)
    stage.layers.insert(max(1, len(stage.layers) - 1), layer)


# --- given pictures ---------------------------------------------------------------------------------------------------


class Plate:
    """A given picture with what lies beyond its edges: its own reflection."""

    def __init__(self, image: Image.Image) -> None:
        self.width, self.height = image.size
        self._side, self._above = round(SIDE * self.width), round(ABOVE * self.height)
        values = np.asarray(image)
        larger = np.pad(values, ((self._above, self._above), (self._side, self._side), (0, 0)), mode="reflect")
        self._image = image
        self._larger = Image.fromarray(larger)

    def seen(self, x: float, y: float, scale: float) -> Image.Image:
        """Looking `x`, `y` pixels aside; `scale` above 1 is nearer."""
        if abs(x) < 1e-6 and abs(y) < 1e-6 and abs(scale - 1) < 1e-6:
            return self._image.copy()
        half_x, half_y = self.width / 2 / scale, self.height / 2 / scale
        cx, cy = self._side + self.width / 2 + x, self._above + self.height / 2 + y
        cx = min(max(cx, half_x), self._larger.width - half_x)
        cy = min(max(cy, half_y), self._larger.height - half_y)
        box = (cx - half_x, cy - half_y, cx + half_x, cy + half_y)
        return self._larger.resize((self.width, self.height), Image.Resampling.BICUBIC, box=box)


def _path(camera: Camera, width: int, height: int) -> Callable[[float, float], tuple[float, float, float]]:
    """For a flat picture all ways to move come to the same; at the start the camera is at rest."""
    start = camera.at(0)

    def at(moment: float, seconds: float) -> tuple[float, float, float]:
        view: View = camera.at(moment)
        shake = camera.shake_at(moment, seconds)
        ease = brush.smooth(seconds / SETTLE_S)
        x = (
            (view.pan - start.pan)
            + 0.7 * (view.truck - start.truck)
            + 0.7 * (view.track - start.track)
            + shake[0] * ease
        )
        y = (view.tilt - start.tilt) + 0.7 * (view.pedestal - start.pedestal) + shake[1] * ease
        scale = (1 + view.zoom) * (1 + view.push) / ((1 + start.zoom) * (1 + start.push))
        return x * width, y * height, scale

    return at


def _from_pictures(
    scene: Scene, prompt: str, given: dict[str, Image.Image], width: int, height: int, count: int
) -> Iterator[Image.Image]:
    camera = Camera(prompt, scene.seed)
    path = _path(camera, width, height)
    finish = Finish(width, height, scene.seed, grain=2.0, vignette=0.12)
    air = _air(scene, width, height)
    last = Plate(given["last"]) if "last" in given else None
    first = Plate(given["first"]) if "first" in given else None
    stage = Builder(scene, width, height).build() if first is None else None
    veil = brush.noise(np.random.default_rng(scene.seed), width, height, width * 0.3, 4) if last else None
    end = path(1, (count - 1) / FPS)
    for number in range(count):
        moment, seconds = number / (count - 1), number / FPS
        x, y, scale = path(moment, seconds)
        if first is not None:
            frame = first.seen(x, y, scale)
        elif stage is not None:
            frame = stage.paint(camera.at(moment), camera.shake_at(moment, seconds), seconds)
        strength = brush.smooth(seconds / SETTLE_S) if first else 1.0
        if last is not None and veil is not None:
            strength = min(strength, brush.smooth((count - 1 - number) / FPS / SETTLE_S))
            share = brush.smooth((moment - 0.28) / 0.44)
            if share > 0:
                # the way ends where the last picture is at rest
                other = last.seen(x - end[0], y - end[1], max(0.8, scale / end[2]))
                if share < 1:
                    edge = brush.picture((share * 1.5 - veil * 0.5) * 510 - 127)
                    frame = Image.composite(other, frame, edge)
                else:
                    frame = other
        if strength > 0:
            for overlay in air.overlays:
                overlay(frame, seconds, strength)
        glow = 1 + 0.035 * math.sin(seconds * 1.1)
        yield finish.apply(frame, number, (glow, 1 + (glow - 1) * 0.7, 1.0), strength)


def _air(scene: Scene, width: int, height: int) -> Stage:
    """What moves in front of a given picture: the weather and the birds of the prompt, else motes in the light."""
    builder = Builder(scene, width, height)
    if "birds" in scene.things:
        builder.birds()
    if "rain" in scene.weather:
        builder.rain()
    if "snow" in scene.weather:
        builder.snow()
    if "lightning" in scene.weather:
        builder.lightning()
    if not builder.stage.overlays:
        builder.motes()
    return builder.stage

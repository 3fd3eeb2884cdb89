"""The templates: a given subject acts in a scene. Whatever the picture shows is cut out softly and moved about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from apps.sandbox.filming import brush
from apps.sandbox.filming.camera import Camera, View
from apps.sandbox.filming.film import cut_out, open_picture, size_of
from apps.sandbox.filming.finish import Finish
from apps.sandbox.filming.recording import FPS, record
from apps.sandbox.filming.sets import Builder
from apps.sandbox.filming.stage import Stage
from apps.sandbox.scene import Colour, Scene, read_scene

SECONDS = 6
WIDTH, HEIGHT = size_of("768P")
NO_SHAKE = (0.0, 0.0)
Act = Callable[["Actor", str], Iterator[Image.Image]]


class Actor:
    """The subject, in any size and at any angle."""

    def __init__(self, picture: Image.Image | None, name: str) -> None:
        self.name = name
        self.picture = picture
        self._cut = cut_out(picture, 520) if picture else None

    def put(
        self, frame: Image.Image, x: float, y: float, height: float, angle: float = 0.0, squeeze: float = 1.0
    ) -> None:
        """Its middle at x, y; `squeeze` above 1 is longer and thinner."""
        if self._cut is None:
            return
        tall = max(8, round(height * squeeze))
        wide = max(8, round(height / squeeze * self._cut.width / self._cut.height))
        image = self._cut.resize((wide, tall), Image.Resampling.BILINEAR)
        if angle:
            image = image.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        frame.paste(image, (round(x - image.width / 2), round(y - image.height / 2)), image)

    def shadow(self, frame: Image.Image, x: float, y: float, wide: float, strength: float = 0.4) -> None:
        size = (max(4, round(wide)), max(4, round(wide * 0.22)))
        mask = brush.spot(64, 0.8).resize(size).point([int(v * strength) for v in range(256)])
        frame.paste((10, 12, 20), (round(x - size[0] / 2), round(y - size[1] / 2)), mask)


def make_act(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    picture = open_picture(folder / request["subject"]) if request.get("subject") else None
    act = ACTS.get(request["template_id"], show)
    actor = Actor(picture, request["name"])
    frames = act(actor, request.get("text", ""))
    count = record(frames, folder / "output.mp4", WIDTH, HEIGHT)
    return {"width": WIDTH, "height": HEIGHT, "frames": count}


def _stage(prompt: str) -> tuple[Scene, Stage, Finish]:
    scene = read_scene(prompt)
    return scene, Builder(scene, WIDTH, HEIGHT).build(), Finish(WIDTH, HEIGHT, scene.seed)


def _moments() -> Iterator[tuple[int, float, float]]:
    """Number, seconds, and 0 to 1 over the film."""
    count = SECONDS * FPS
    for number in range(count):
        yield number, number / FPS, number / (count - 1)


def _caption(
    frame: Image.Image, text: str, y: float, size: int, strength: float, colour: Colour = (255, 248, 232)
) -> None:
    if strength <= 0 or not text:
        return
    font = ImageFont.load_default(size)
    mask = Image.new("L", frame.size)
    draw = ImageDraw.Draw(mask)
    width = draw.textlength(text, font=font)
    while width > frame.width * 0.9 and size > 14:
        size -= 4
        font = ImageFont.load_default(size)
        width = draw.textlength(text, font=font)
    at = ((frame.width - width) / 2, y)
    draw.text(at, text, fill=round(255 * strength), font=font)
    frame.paste((10, 10, 16), (3, 3), mask.point([v * 6 // 10 for v in range(256)]))
    frame.paste(colour, (0, 0), mask)


def _along(share: float, *points: tuple[float, float]) -> tuple[float, float]:
    """Straight from point to point, evenly in time."""
    place = min(len(points) - 1 - 1e-9, max(0.0, share) * (len(points) - 1))
    i = int(place)
    part = brush.smooth(place - i)
    return points[i][0] + (points[i + 1][0] - points[i][0]) * part, points[i][1] + (
        points[i + 1][1] - points[i][1]
    ) * part


# --- the six ----------------------------------------------------------------------------------------------------------


def dive(actor: Actor, text: str) -> Iterator[Image.Image]:
    """From the board in an arc into the pool, and up again."""
    scene, stage, finish = _stage("a calm turquoise sea on a bright summer day, stadium light")
    water = HEIGHT * 0.74
    board = (WIDTH * 0.27, HEIGHT * 0.36)
    hit = (WIDTH * 0.58, water)
    rng = np.random.default_rng(scene.seed)
    drops = [(float(rng.normal(0, 1)), float(rng.uniform(0.5, 1.3)), float(rng.uniform(2, 7))) for _ in range(120)]
    for number, seconds, moment in _moments():
        zoom = 0.18 * brush.smooth((seconds - 0.8) / 2)
        frame = stage.paint(View(zoom=zoom * 0.4, tilt=0.03 * brush.smooth(seconds / 3)), NO_SHAKE, seconds)
        draw = ImageDraw.Draw(frame)
        bend = (
            10 * math.exp(-max(0.0, seconds - 1.1) * 2) * math.sin(max(0.0, seconds - 1.1) * 22)
            if seconds > 1.1
            else 14 * abs(math.sin(seconds * 5))
        )
        tower = (60, 70, 92)
        draw.rectangle((WIDTH * 0.05, board[1] + 70, WIDTH * 0.13, HEIGHT), fill=tower)
        draw.rectangle((WIDTH * 0.065, board[1] + 70, WIDTH * 0.085, HEIGHT), fill=(84, 96, 122))
        draw.polygon(
            [
                (0, board[1] + 62),
                (board[0] - 30, board[1] + 70 + bend),
                (board[0] + 50, board[1] + 74 + bend * 2),
                (board[0] + 50, board[1] + 86 + bend * 2),
                (0, board[1] + 84),
            ],
            fill=(236, 238, 242),
        )
        jump, land = 1.1, 2.7
        if seconds < jump:
            actor.put(frame, board[0], board[1] - 36 + bend, 220, squeeze=1 + 0.1 * math.sin(seconds * 10))
        elif seconds < land:
            share = (seconds - jump) / (land - jump)
            x = board[0] + (hit[0] - board[0]) * share
            y = board[1] - 36 + (hit[1] - board[1] + 36) * share * share - 4 * 150 * share * (1 - share)
            actor.put(frame, x, y, 220, angle=-540 * share, squeeze=1 + 0.15 * share)
        else:
            since = seconds - land
            for side, power, size in drops:
                x = hit[0] + side * (60 + 150 * since)
                y = water - power * 520 * since + 700 * since * since
                if y < water + 12:
                    draw.ellipse((x - size, y - size * 1.4, x + size, y + size * 1.4), fill=(232, 246, 252))
            for ring in range(3):
                wide = 60 + (since * 260 - ring * 70)
                if wide > 60:
                    fade = max(0, 1 - wide / 620)
                    tone = tuple(round(150 + 100 * fade) for _ in range(3))
                    draw.ellipse(
                        (hit[0] - wide, water - wide * 0.14, hit[0] + wide, water + wide * 0.14),
                        outline=tone,
                        width=max(1, round(6 * fade)),
                    )
            if since > 1.0:  # it comes up and is happy
                rise = brush.smooth((since - 1.0) / 0.7)
                sunk = Image.new("RGB", frame.size)
                sunk.paste(frame)
                actor.put(
                    frame,
                    hit[0],
                    water + 150 - 175 * rise + 7 * math.sin(seconds * 4),
                    230,
                    angle=5 * math.sin(seconds * 3),
                )
                below = Image.new("L", frame.size)
                ImageDraw.Draw(below).rectangle((0, water + 14, WIDTH, HEIGHT), fill=215)
                frame = Image.composite(sunk, frame, below)
        yield finish.apply(frame, number, stage.light(moment), 1.0)


def _beast(size: int, phase: float, colour: Colour) -> Image.Image:
    """A running animal from the side, four-legged, with open jaws."""
    image = Image.new("RGBA", (size * 2, size))
    draw = ImageDraw.Draw(image)
    s = size
    stretch = math.sin(phase)
    lift = 0.05 * s * abs(stretch)
    fill = (*colour, 255)
    for x, way in ((0.5, 1), (0.62, -1), (1.22, 1), (1.34, -1)):
        swing = stretch * way * 0.26 * s
        hip = (x * s, 0.58 * s - lift)
        knee = (x * s + swing * 0.7, 0.76 * s - lift * 0.5)
        draw.line([hip, knee, (x * s + swing * 1.3, 0.96 * s)], fill=fill, width=round(0.09 * s), joint="curve")
    draw.ellipse((0.36 * s, 0.34 * s - lift, 1.0 * s, 0.72 * s - lift), fill=fill)
    draw.ellipse((0.82 * s, 0.28 * s - lift, 1.48 * s, 0.72 * s - lift), fill=fill)
    draw.ellipse((1.26 * s, 0.1 * s - lift, 1.7 * s, 0.5 * s - lift), fill=fill)
    draw.polygon(
        [
            (1.56 * s, 0.2 * s - lift),
            (1.9 * s, 0.24 * s - lift),
            (1.88 * s, 0.32 * s - lift),
            (1.58 * s, 0.34 * s - lift),
        ],
        fill=fill,
    )
    draw.polygon(
        [
            (1.54 * s, 0.36 * s - lift),
            (1.84 * s, 0.44 * s - lift),
            (1.8 * s, 0.5 * s - lift),
            (1.5 * s, 0.48 * s - lift),
        ],
        fill=fill,
    )
    for x in (1.66, 1.74, 1.82):
        draw.polygon(
            [(x * s, 0.31 * s - lift), (x * s + 0.03 * s, 0.31 * s - lift), (x * s + 0.015 * s, 0.37 * s - lift)],
            fill=(250, 246, 236, 255),
        )
    draw.polygon(
        [(1.34 * s, 0.14 * s - lift), (1.36 * s, -0.02 * s - lift + 0.04 * s), (1.46 * s, 0.12 * s - lift)], fill=fill
    )
    draw.line(
        [(0.42 * s, 0.44 * s - lift), (0.2 * s, 0.3 * s), (0.04 * s, 0.36 * s + 0.08 * s * stretch)],
        fill=fill,
        width=round(0.055 * s),
        joint="curve",
    )
    draw.ellipse((1.54 * s, 0.19 * s - lift, 1.59 * s, 0.24 * s - lift), fill=(255, 214, 90, 255))
    return image


def run_for_life(actor: Actor, text: str) -> Iterator[Image.Image]:
    """It runs through the savannah; behind it the beast, and its name."""
    scene, stage, finish = _stage(f"a savannah meadow at sunset, chased by a {text.lower()}")
    ground = HEIGHT * 0.86
    rng = np.random.default_rng(scene.seed)
    dust = [(float(rng.random()), float(rng.uniform(0.3, 1)), float(rng.uniform(10, 34))) for _ in range(40)]
    beast_colour = (26, 20, 26)
    puff = brush.spot(64, 1.3)
    for number, seconds, moment in _moments():
        near = 0.5 - 0.5 * math.cos(seconds * 1.1)
        view = View(truck=-0.14 + 0.28 * moment, track=0)
        frame = stage.paint(view, (0.002 * math.sin(seconds * 31), 0.004 * math.sin(seconds * 27)), seconds)
        x = WIDTH * (0.62 + 0.08 * math.sin(seconds * 0.9) - 0.04 * near)
        hop = abs(math.sin(seconds * 8.5))
        beast = _beast(330, seconds * 11, beast_colour)
        bx = x - 470 - 190 * (1 - near)
        actor.shadow(frame, bx, ground + 4, 420)
        frame.paste(beast, (round(bx - beast.width / 2), round(ground - beast.height + 8)), beast)
        for place, power, size in dust:
            age = (place + seconds * 1.4) % 1
            level = (1 - age) * 0.5 * power
            r = max(4, round(size * (0.6 + 1.6 * age)))
            px, py = x - 40 - age * 420 * power, ground - 4 - age * 46 * power
            mask = puff.resize((r * 2, r * 2)).point([int(v * level) for v in range(256)])
            frame.paste((206, 168, 128), (round(px - r), round(py - r)), mask)
        actor.shadow(frame, x, ground + 6, 190 - 50 * hop)
        actor.put(
            frame,
            x,
            ground - 118 - 52 * hop,
            240,
            angle=-8 + 9 * math.sin(seconds * 8.5),
            squeeze=1 + 0.09 * math.cos(seconds * 17),
        )
        _caption(
            frame,
            text.upper()[:60],
            HEIGHT * 0.06,
            76,
            brush.smooth((seconds - 0.4) / 0.4) * brush.smooth((5.8 - seconds) / 0.4),
        )
        yield finish.apply(frame, number, stage.light(moment), 1.0)


def transform(actor: Actor, text: str) -> Iterator[Image.Image]:
    """The picture comes apart into plates; they put themselves together as a figure, and back in between."""
    scene, stage, finish = _stage("futuristic city at night, neon")
    picture = actor.picture
    columns, rows = 10, 6
    tiles: list[Image.Image] = []
    wide, tall = 620, round(620 * 0.6)
    body = cut = Image.new("RGB", (wide, tall), (120, 130, 150))
    if picture is not None:
        ratio = picture.width / picture.height
        body = (
            picture.resize((wide, round(wide / ratio)))
            if ratio > wide / tall
            else picture.resize((round(tall * ratio), tall))
        )
        cut = Image.new("RGB", (wide, tall), (26, 30, 40))
        cut.paste(body, ((wide - body.width) // 2, (tall - body.height) // 2))
    tw, th = wide // columns, tall // rows
    for row in range(rows):
        for column in range(columns):
            tiles.append(cut.crop((column * tw, row * th, (column + 1) * tw, (row + 1) * th)))
    # A figure of 60 plates: head, chest, arms, legs; rows of how many stand side by side, with a gap between legs.
    plan: list[tuple[float, int]] = []
    for level, xs in (
        (0, (-0.5, 0.5)), (1, (-0.5, 0.5)),
        (2, (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)), (3, (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)),
        (4, (-3.5, -1.5, -0.5, 0.5, 1.5, 3.5)), (5, (-3.5, -1.5, -0.5, 0.5, 1.5, 3.5)), (6, (-3.5, -1, 0, 1, 3.5)),
        (7, (-1.6, -0.6, 0.6, 1.6)), (8, (-1.6, -0.6, 0.6, 1.6)), (9, (-1.7, -0.7, 0.7, 1.7)),
        (10, (-1.7, -0.7, 0.7, 1.7)), (11, (-1.8, -0.8, 0.8, 1.8)), (12, (-2.4, -1.5, 1.5)),
    ):  # fmt: skip
        plan += [(side, level) for side in xs]
    plan = (plan * 2)[: len(tiles)]
    order = np.random.default_rng(scene.seed).permutation(len(tiles))
    middle, top = WIDTH * 0.5, HEIGHT * 0.1
    floor = HEIGHT * 0.9
    for number, seconds, moment in _moments():
        frame = stage.paint(View(push=0.12 * moment, truck=0.04 * math.sin(seconds * 0.8)), NO_SHAKE, seconds)
        driving = brush.smooth(seconds / 1.2)
        base_x = middle - (1 - driving) * WIDTH * 0.55
        actor.shadow(frame, base_x, floor, 640, 0.6)
        stand = 1.0 if seconds > 3.8 else 0.0
        step = 5 * math.sin(seconds * 5) * stand
        for place in range(len(tiles)):
            tile = int(order[place])
            column, row = tile % columns, tile // columns
            car = (
                base_x + (column - (columns - 1) / 2) * tw,
                floor - tall + (row + 0.5) * th - 20 + 3 * math.sin(seconds * 20) * (driving < 1),
            )
            px, py = plan[place]
            figure = (
                middle + px * tw * 0.9 + (step if py > 6 and px > 0 else -step if py > 6 else 0.0),
                top + py * th * 0.8 + 20 + (6 * math.sin(seconds * 3) if py < 7 else 0.0) * stand,
            )
            delay = 1.4 + 1.2 * (place / len(tiles))
            share = brush.smooth((seconds - delay) / 1.1)
            swirl = math.sin(share * math.pi)
            angle = share * 6.28 + place
            x = car[0] + (figure[0] - car[0]) * share + swirl * math.cos(angle) * 190
            y = car[1] + (figure[1] - car[1]) * share + swirl * math.sin(angle) * 110 - swirl * 60
            image = tiles[tile]
            if swirl > 0.02:
                image = image.convert("RGBA").rotate(swirl * 200 * (1 if place % 2 else -1), expand=True)
                frame.paste(image, (round(x - image.width / 2), round(y - image.height / 2)), image)
            else:
                frame.paste(image, (round(x - image.width / 2), round(y - image.height / 2)))
                if share >= 1:
                    left, up = round(x - tw / 2), round(y - th / 2)
                    ImageDraw.Draw(frame).rectangle(
                        (left, up, left + tw - 1, up + th - 1), outline=(18, 22, 30), width=2
                    )
        if stand:
            glow = 0.6 + 0.4 * math.sin(seconds * 6)
            eye = brush.spot(41, 1.4).point([int(v * glow) for v in range(256)])
            for side in (-1, 1):
                frame.paste(
                    (110, 226, 255), (round(middle + side * tw * 0.45 - 20), round(top + 20 + th * 0.4 - 20)), eye
                )
        flash = math.exp(-(((seconds - 3.7) / 0.16) ** 2)) * 0.55
        if flash > 0.02:
            frame = Image.blend(frame, Image.new("RGB", frame.size, (196, 226, 255)), flash)
        yield finish.apply(frame, number, stage.light(moment), 1.0)


def _hall(warm: bool) -> tuple[Image.Image, Finish]:
    """A sports hall with spot lights."""
    rng = np.random.default_rng(7 if warm else 11)
    tones: list[tuple[float, Colour]] = [
        (0, (24, 26, 44)),
        (0.6, (58, 52, 74)),
        (0.72, (74, 62, 78)),
        (0.7201, (146, 104, 74)),
        (1, (96, 66, 50)),
    ]
    if not warm:
        tones = [
            (0, (16, 26, 44)),
            (0.6, (36, 62, 90)),
            (0.72, (48, 74, 98)),
            (0.7201, (60, 92, 116)),
            (1, (28, 48, 70)),
        ]
    values = brush.gradient(WIDTH, HEIGHT, tones)
    crowd = np.clip(brush.noise(rng, WIDTH, HEIGHT, 18, 2) - 0.45, 0, 1)
    y = np.linspace(0, 1, HEIGHT)[:, None]
    values += (crowd * np.exp(-(((y - 0.46) / 0.14) ** 2)) * 120)[..., None]
    x = np.linspace(0, 1, WIDTH)[None, :]
    for at in (0.16, 0.5, 0.84):
        lean = (0.5 - at) * 0.55
        cone = np.exp(-(((x - at - lean * y) / (0.02 + 0.13 * y)) ** 2)) * (1 - 0.55 * y)
        values += cone[..., None] * np.array((96, 90, 76), np.float32)
    boards = (np.sin(x * 160 * (1.3 - 0.3 * y)) > 0.96) & (y > 0.72)
    values[boards] *= 0.86
    return brush.soft(brush.picture(values), 1.2), Finish(WIDTH, HEIGHT, 3, vignette=0.4)


def rings(actor: Actor, text: str) -> Iterator[Image.Image]:
    """Swings, a turn, a hold, and the landing."""
    hall, finish = _hall(True)
    anchor_y, middle = -40.0, WIDTH / 2
    for number, seconds, moment in _moments():
        frame = _drift(hall, moment)
        draw = ImageDraw.Draw(frame)
        if seconds < 2.4:
            swing = 26 * math.sin(seconds * 2.9) * min(1.0, 0.3 + seconds / 2)
            turn = swing * 1.6
        elif seconds < 3.4:
            share = brush.smooth(seconds - 2.4)
            swing, turn = 14 * math.sin(share * math.pi), 360 * share
        elif seconds < 4.7:
            swing, turn = 1.5 * math.sin(seconds * 9) * 0.5, 180 * brush.smooth((seconds - 3.4) / 0.5)
        else:
            swing, turn = 0.0, 180 + 180 * brush.smooth((seconds - 4.7) / 0.6)
        rope = HEIGHT * 0.42
        x = middle + math.sin(math.radians(swing)) * rope
        y = anchor_y + math.cos(math.radians(swing)) * rope
        fallen = seconds > 4.9
        for side in (-1, 1):
            ring = (
                (x + side * 105, y)
                if not fallen
                else (middle + side * 105 + 10 * math.sin(seconds * 4 + side), anchor_y + rope)
            )
            draw.line([(middle + side * 90, 0), (ring[0], ring[1] - 26)], fill=(226, 216, 196), width=6)
            draw.ellipse((ring[0] - 26, ring[1] - 26, ring[0] + 26, ring[1] + 26), outline=(214, 160, 96), width=9)
        if not fallen:
            hang = 105 * (1 if seconds < 3.4 else -0.15 if seconds < 4.7 else 0.6)
            bx = x + math.sin(math.radians(turn)) * 60 * (seconds < 2.4)
            actor.shadow(frame, bx, HEIGHT * 0.9, 200, 0.3)
            actor.put(frame, bx, y + hang, 270, angle=-turn)
            draw = ImageDraw.Draw(frame)
            for side in (-1, 1):
                draw.line(
                    [(x + side * 100, y + 6), (bx + side * 52, y + hang * 0.62)],
                    fill=(238, 212, 186),
                    width=15,
                    joint="curve",
                )
        else:
            down = brush.smooth((seconds - 4.9) / 0.35)
            squat = 0.2 * math.exp(-max(0.0, seconds - 5.2) * 5)
            actor.shadow(frame, middle, HEIGHT * 0.9, 220, 0.5)
            actor.put(frame, middle, y + 60 + (HEIGHT * 0.9 - 130 - y - 60) * down, 270, squeeze=1 - squat)
        yield finish.apply(frame, number, (1.02, 1.0, 0.98), 1.0)


def _drift(hall: Image.Image, moment: float) -> Image.Image:
    scale = 1.02 + 0.05 * moment
    half_x, half_y = WIDTH / 2 / scale, HEIGHT / 2 / scale
    cx = WIDTH / 2 + 9 * math.sin(moment * 3)
    return hall.resize(
        (WIDTH, HEIGHT),
        Image.Resampling.BILINEAR,
        box=(cx - half_x, HEIGHT / 2 - half_y, cx + half_x, HEIGHT / 2 + half_y),
    )


def lift(actor: Actor, text: str) -> Iterator[Image.Image]:
    """It bends down, pulls, pushes up, trembles, and lets go."""
    hall, finish = _hall(False)
    middle, floor = WIDTH / 2, HEIGHT * 0.88
    for number, seconds, moment in _moments():
        shaking = 3.0 < seconds < 4.8
        quake = 9 * math.exp(-(seconds - 5.25) * 7) * math.sin(seconds * 70) if seconds > 5.25 else 0.0
        frame = _drift(hall, moment)
        if quake:
            frame = ImageChops.offset(frame, 0, round(quake))
        draw = ImageDraw.Draw(frame)
        draw.polygon(
            [(WIDTH * 0.16, floor + 14), (WIDTH * 0.84, floor + 14), (WIDTH * 0.9, HEIGHT), (WIDTH * 0.1, HEIGHT)],
            fill=(34, 42, 56),
        )
        low, chest, up = floor - 66, floor - 250, floor - 470
        bar = (
            _along((seconds - 1.0) / 2.0, (0, low), (0, chest), (0, chest + 16), (0, up))[1]
            if seconds < 4.8
            else up + (low - up) * min(1.0, ((seconds - 4.8) / 0.45) ** 2)
        )
        bar += 4 * math.sin(seconds * 46) if shaking else 0
        crouch = brush.smooth(1 - abs(seconds - 0.9) / 0.9) * 0.2 + (0.13 if 1.9 < seconds < 2.4 else 0)
        body = 330.0
        actor.shadow(frame, middle, floor + 12, 320, 0.6)
        wobble = 1.6 * math.sin(seconds * 40) if shaking else 0.0
        actor.put(frame, middle + wobble, floor - body * (1 - crouch) / 2 + 8, body, angle=wobble, squeeze=1 - crouch)
        draw = ImageDraw.Draw(frame)
        shoulder = floor - body * (1 - crouch) * 0.6
        if seconds < 4.85:
            for side in (-1, 1):
                elbow = (middle + side * 150, (bar + shoulder) / 2 + 10)
                draw.line(
                    [(middle + side * 70, shoulder), elbow, (middle + side * 132, bar)],
                    fill=(238, 208, 184),
                    width=19,
                    joint="curve",
                )
        bend = 16 * brush.smooth((seconds - 1.0) / 0.5) * (seconds < 4.8)
        points = [(middle + t * 400, bar + bend * t * t) for t in (i / 12 - 1 for i in range(25))]
        draw.line(points, fill=(206, 212, 222), width=11, joint="curve")
        for side in (-1, 1):
            for gap, r, tone in ((300, 98, (196, 56, 52)), (334, 84, (232, 184, 66)), (364, 64, (58, 112, 186))):
                x, y = middle + side * gap, bar + bend * (gap / 400) ** 2
                draw.rounded_rectangle((x - 13, y - r, x + 13, y + r), 8, fill=tone)
                draw.rounded_rectangle((x - 13, y - r, x - 5, y + r), 5, fill=tuple(min(255, v + 34) for v in tone))
        if shaking:
            for i in range(3):
                drop = (seconds * 1.7 + i / 3) % 1
                x, y = middle + (i - 1) * 120, shoulder - 100 + drop * 90
                draw.ellipse((x - 5, y - 7, x + 5, y + 7), fill=(190, 226, 250))
            _caption(frame, "!" * (1 + int(seconds * 3) % 3), HEIGHT * 0.05, 90, 0.9, (255, 214, 90))
        yield finish.apply(frame, number, (1.0, 1.02, 1.04), 1.0)


def climb(actor: Actor, text: str) -> Iterator[Image.Image]:
    """Hand over hand up a rock face; the valley sinks, and the sun stands at the top."""
    scene, stage, finish = _stage("mountains at dawn, epic cliff valley")
    rng = np.random.default_rng(scene.seed)
    tall = HEIGHT * 3
    rock = brush.noise(rng, WIDTH, tall, 150, 6)
    lines = np.abs(brush.noise(rng, WIDTH, tall, 260, 5) - 0.5)
    values = np.array((122, 104, 98), np.float32) * (0.55 + 0.75 * rock[..., None])
    values *= np.clip(0.45 + lines * 9, 0.45, 1)[..., None]
    slope = np.gradient(rock, axis=1)[..., None]
    values += slope * 2600
    edge = WIDTH * 0.36 + 90 * (brush.ridge(rng, tall, 240, 5) - 0.5) * 2
    x = np.arange(WIDTH, dtype=np.float32)[None, :]
    mask = np.clip(x - edge[:, None], 0, 1) * 255
    summit = round(HEIGHT * 0.62)
    mask[:summit] *= np.clip(
        (np.arange(summit)[:, None] - (summit - 30) + 26 * (brush.ridge(rng, WIDTH, 120, 4)[None, :] - 0.5)) / 3, 0, 1
    )
    shade_left = np.clip(1 - (x - edge[:, None]) / 90, 0, 1)[..., None]
    values += shade_left * np.array((96, 70, 46), np.float32)
    wall, cover = brush.picture(values), brush.picture(mask)
    holds = [(0.62 + 0.07 * (-1) ** i + float(rng.uniform(-0.02, 0.02)), i) for i in range(26)]
    colours: list[Colour] = [(222, 82, 62), (236, 186, 72), (76, 164, 150), (86, 120, 206)]
    step = 86
    for number, seconds, moment in _moments():
        climbing = min(1.0, seconds / 4.6)
        whole = climbing * 9
        height = (int(whole) + brush.smooth(whole - int(whole))) * step
        top = max(0, round(tall - HEIGHT - height - 760 * brush.smooth(climbing) - 40 * math.sin(seconds * 0.6)))
        frame = stage.paint(View(pedestal=0.06 - 0.12 * climbing, push=0.05 * moment), NO_SHAKE, seconds)
        frame.paste(wall.crop((0, top, WIDTH, top + HEIGHT)), (0, 0), cover.crop((0, top, WIDTH, top + HEIGHT)))
        draw = ImageDraw.Draw(frame)
        foot = tall - HEIGHT * 0.28
        lane = (foot - summit + 60) / 25
        for share, i in holds:
            hx, hy = share * WIDTH, foot - i * lane - top
            if -20 < hy < HEIGHT + 20 and foot - i * lane > summit + 40:
                tone = colours[i % 4]
                draw.ellipse((hx - 19, hy - 12, hx + 19, hy + 12), fill=tuple(v * 6 // 10 for v in tone))
                draw.ellipse((hx - 18, hy - 14, hx + 16, hy + 8), fill=tone)
        way = foot - brush.smooth(climbing) * (foot - summit + 110) - top
        sway = math.sin(whole * math.pi)
        done = seconds > 4.6
        bx, by = WIDTH * 0.62 + 16 * sway, way - 8
        if not done:
            draw.line([(bx, by - 60), (bx + 10, 0)], fill=(236, 96, 70), width=4)
            for side in (-1, 1):
                reach = 150 + 34 * sway * side
                draw.line([(bx + side * 54, by - 50), (bx + side * 88, by - reach)], fill=(238, 208, 184), width=17)
                draw.line(
                    [(bx + side * 40, by + 90), (bx + side * 72, by + 165 - 28 * sway * side)],
                    fill=(58, 62, 80),
                    width=19,
                )
        joy = abs(math.sin((seconds - 4.6) * 6)) * 26 if done else 0
        actor.put(frame, bx, by - joy, 240, angle=5 * sway if not done else 0)
        if done:
            draw = ImageDraw.Draw(frame)
            draw.line([(bx + 120, by + 110), (bx + 120, by - 130)], fill=(70, 56, 52), width=8)
            wave = [
                (bx + 120 + t * 110, by - 130 + 9 * math.sin(seconds * 7 + t * 5)) for t in (i / 10 for i in range(11))
            ]
            draw.polygon([*wave, *[(px, py + 64) for px, py in reversed(wave)]], fill=(226, 74, 62))
        yield finish.apply(frame, number, stage.light(moment), 1.0)


def show(actor: Actor, text: str) -> Iterator[Image.Image]:
    """For every other template: the subject, or the words, on a stage of light that fits the template's name."""
    scene, stage, finish = _stage(f"{actor.name} {text} dreamy abstract")
    camera = Camera("[Push in]", scene.seed)
    rng = np.random.default_rng(scene.seed)
    confetti = [
        (float(rng.random()), float(rng.random()), float(rng.uniform(4, 10)), int(rng.integers(3))) for _ in range(70)
    ]
    colours = (scene.palette.accent, scene.palette.light, (255, 255, 255))
    spot = brush.spot(96, 1.2).resize((round(HEIGHT * 1.1), round(HEIGHT * 1.1)))
    for number, seconds, moment in _moments():
        frame = stage.paint(camera.at(moment), NO_SHAKE, seconds)
        glow = spot.point([int(v * (0.5 + 0.12 * math.sin(seconds * 2))) for v in range(256)])
        frame.paste((255, 240, 214), ((WIDTH - spot.width) // 2, (HEIGHT - spot.height) // 2), glow)
        draw = ImageDraw.Draw(frame)
        for x, y, size, tone in confetti:
            py = ((y + seconds * 0.09 * (1 + size / 10)) % 1.1 - 0.05) * HEIGHT
            px = x * WIDTH + 24 * math.sin(seconds * 2 + y * 9)
            flat = abs(math.sin(seconds * 4 + x * 20)) * size
            draw.ellipse((px - size, py - flat, px + size, py + flat), fill=colours[tone])
        enter = brush.smooth(seconds / 0.8)
        if actor.picture is not None:
            actor.shadow(frame, WIDTH / 2, HEIGHT * 0.89, 380 * enter, 0.5)
            actor.put(
                frame,
                WIDTH / 2,
                HEIGHT * (0.5 + 0.3 * (1 - enter)) + 9 * math.sin(seconds * 2),
                HEIGHT * 0.66 * (0.6 + 0.4 * enter),
                angle=4 * math.sin(seconds * 1.4),
            )
        words = [text[i : i + 28] for i in range(0, min(len(text), 84), 28)]
        for line, part in enumerate(words):
            y = HEIGHT * (0.4 if actor.picture is None else 0.84) + (line - (len(words) - 1) / 2) * 96
            _caption(frame, part.strip(), y, 84, brush.smooth((seconds - 0.5 - 0.3 * line) / 0.6))
        yield finish.apply(frame, number, stage.light(moment), 1.0)


ACTS: dict[str, Act] = {
    "392747428568649728": dive,
    "392753057216684038": dive,
    "393769180141805569": run_for_life,
    "397087679467597833": transform,
    "393881433990066176": rings,
    "393498001241890824": lift,
    "393488336655310850": climb,
}

"""The drum kit, and what it plays in each style."""

from __future__ import annotations

from functools import cache

import numpy as np

from apps.sandbox.composing.synth import RATE, Wave, clock, falling, filtered, level, noise, shape


def _kick(start_hz: float, end_hz: float, seconds: float, click: float, drop: float = 0.035) -> Wave:
    time = clock(seconds)
    pitch = end_hz + (start_hz - end_hz) * np.exp(-time / drop)
    wave = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * falling(seconds, seconds / 5)
    wave = np.tanh(1.6 * wave)
    attack = filtered(noise(0.02, 11), 1200, 6000) * falling(0.02, 0.004)
    wave[: len(attack)] += click * attack
    return shape(level(wave.astype(np.float32)), 0.001, 0.02)


def _snare(tone_hz: float, seconds: float, snap: float, low: float = 900) -> Wave:
    time = clock(seconds)
    body = (np.sin(2 * np.pi * tone_hz * time) + 0.5 * np.sin(2 * np.pi * tone_hz * 1.72 * time)) * falling(
        seconds, 0.03
    )
    wires = filtered(noise(seconds, 12), low, 9000) * falling(seconds, seconds / 6)
    return shape(level((body * 0.7 + snap * level(wires)).astype(np.float32)), 0.001, 0.02)


def _clap() -> Wave:
    wave = np.zeros(int(0.24 * RATE), np.float32)
    for number, start in enumerate((0.0, 0.011, 0.022, 0.031)):
        length = 0.02 if number < 3 else 0.2
        burst = filtered(noise(length, 20 + number), 800, 5200) * falling(length, length / 5)
        begin = int(start * RATE)
        wave[begin : begin + len(burst)] += burst
    return shape(level(wave), 0.001, 0.02)


def _metal(seconds: float, half_life: float, low: float, seed: int) -> Wave:
    time = clock(seconds)
    ring = sum(np.sign(np.sin(2 * np.pi * frequency * time)) for frequency in (2043, 3017, 3691, 4507, 5423, 6733))
    wave = filtered((0.12 * ring + noise(seconds, seed)).astype(np.float32), low, 13500, 3) * falling(
        seconds, half_life
    )
    return shape(level(wave), 0.001, 0.01)


def _tom(tone_hz: float) -> Wave:
    time = clock(0.5)
    pitch = tone_hz * (1 + 0.5 * np.exp(-time / 0.03))
    wave = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * falling(0.5, 0.09)
    return shape(level((wave + 0.05 * noise(0.5, 31) * falling(0.5, 0.02)).astype(np.float32)), 0.001, 0.05)


def _brush() -> Wave:
    wave = filtered(noise(0.28, 41), 600, 7000)
    bow = np.sin(np.linspace(0, np.pi, len(wave), dtype=np.float32)) ** 2
    return level(wave * bow)


def _riser(seconds: float) -> Wave:
    wave = filtered(noise(seconds, 51), 1500, 9000)
    return level(wave * np.linspace(0, 1, len(wave), dtype=np.float32) ** 3)


@cache
def drum(name: str) -> Wave:
    match name:
        case "kick":
            return _kick(150, 52, 0.34, 0.25)
        case "kick_deep":
            return _kick(170, 46, 0.42, 0.35)
        case "kick_soft":
            return _kick(110, 50, 0.3, 0.06)
        case "snare":
            return _snare(185, 0.26, 0.8)
        case "snare_big":
            return _snare(165, 0.42, 1.0, 500)
        case "snare_dull":
            return filtered(_snare(175, 0.24, 0.7, 600), 80, 3800)
        case "clap":
            return _clap()
        case "rim":
            return level(filtered(noise(0.05, 14) * falling(0.05, 0.006), 1400, 4200))
        case "hat":
            return _metal(0.09, 0.014, 6500, 15)
        case "hat_open":
            return _metal(0.42, 0.09, 6000, 16)
        case "ride":
            return _metal(0.8, 0.16, 4200, 17)
        case "crash":
            return _metal(2.4, 0.5, 2600, 18)
        case "shaker":
            return filtered(_brush()[::2], 3500, 12000)
        case "brush":
            return _brush()
        case "tom_low":
            return _tom(88)
        case "tom_mid":
            return _tom(124)
        case "tom_high":
            return _tom(165)
        case "boom":
            return _kick(95, 38, 1.5, 0.02, 0.08)
        case "riser":
            return _riser(2.0)
    raise KeyError(name)


GAINS = {
    "kick": 0.92,
    "kick_deep": 0.95,
    "kick_soft": 0.7,
    "snare": 0.6,
    "snare_big": 0.66,
    "snare_dull": 0.5,
    "clap": 0.46,
    "rim": 0.3,
    "hat": 0.36,
    "hat_open": 0.32,
    "ride": 0.3,
    "crash": 0.42,
    "shaker": 0.24,
    "brush": 0.34,
    "tom_low": 0.6,
    "tom_mid": 0.55,
    "tom_high": 0.5,
    "boom": 0.8,
    "riser": 0.16,
}
PAN = {"hat": 0.25, "hat_open": 0.25, "ride": -0.3, "shaker": -0.35, "tom_high": 0.3, "tom_low": -0.3, "crash": -0.15}

# One bar in sixteenths (twelve of them in three-four time): x loud, o soft, . nothing.
PATTERNS: dict[str, dict[str, str]] = {
    "none": {},
    "pop": {
        "kick": "x.....x.x.......",
        "snare": "....x.......x...",
        "hat": "x.o.x.o.x.o.x.o.",
        "shaker": "o.o.o.o.o.o.o.o.",
    },
    "rock": {"kick": "x.......x.x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    "metal": {"kick_deep": "xoxoxoxoxoxoxoxo", "snare_big": "....x.......x...", "hat_open": "x...x...x...x..."},
    "punk": {"kick": "x.x...x.x.x...x.", "snare": "..x...x...x...x.", "hat": "x.x.x.x.x.x.x.x."},
    "brushes": {"kick_soft": "x.......x.......", "brush": "....x.......x...", "shaker": "o.o.o.o.o.o.o.o."},
    "train": {"kick": "x.......x.......", "brush": "o.o.x.o.o.o.x.o."},
    "swing": {
        "ride": "x...x.o.x...x.o.",
        "hat": "....x.......x...",
        "kick_soft": "o.......o.......",
        "rim": "..............o.",
    },
    "bossa": {"kick_soft": "x.....x.x.....x.", "rim": "x.....x.....x...", "shaker": "x.o.x.o.x.o.x.o."},
    "shuffle": {"kick": "x.......x.....x.", "snare": "....x.......x...", "ride": "x...x.o.x...x.o."},
    "soul": {"kick": "x......ox.o.....", "snare": "....x..o....x...", "hat": "x.o.x.o.x.o.x.o."},
    "funk": {"kick": "x..x......x..x..", "snare": "....x..o.o..x..o", "hat": "xoxoxoxoxoxoxoxo"},
    "onedrop": {"kick": "........x.......", "rim": "........x.......", "hat": "x.o.x.o.x.o.x.oo"},
    "boombap": {"kick_deep": "x......x..x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.xo"},
    "trap": {"kick_deep": "x.........x..x..", "clap": "........x.......", "hat": "x.x.x.xxx.x.xooo"},
    "lofi": {"kick_soft": "x......x..x.....", "snare_dull": "....x.......x...", "hat": "x.o.x.o.x.o.x.oo"},
    "house": {
        "kick_deep": "x...x...x...x...",
        "clap": "....x.......x...",
        "hat_open": "..x...x...x...x.",
        "shaker": "oooooooooooooooo",
    },
    "techno": {
        "kick_deep": "x...x...x...x...",
        "hat": "..x...x...x...x.",
        "shaker": "o.o.o.o.o.o.o.o.",
        "rim": "...o.....o....o.",
    },
    "synthwave": {"kick_deep": "x.......x.x.....", "snare_big": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    "epic": {"boom": "x.........o.....", "tom_low": "x..x..x.x..x..xo", "tom_mid": "......x.......x."},
    "ballad": {"kick_soft": "x.........x.....", "snare": "........x.......", "hat": "x.o.o.o.x.o.o.o."},
    "waltz": {"kick_soft": "x...........", "brush": "....x...x...", "shaker": "..o...o...o."},
    "reggaeton": {"kick_deep": "x...x...x...x...", "snare": "...x..x....x..x.", "shaker": "o.o.o.o.o.o.o.o."},
}
_TRIPLE = {"kick": "x...........", "snare": "........x...", "hat": "x.o.x.o.x.o."}
_FILLS = (
    {"snare": "........o.x.x.xx", "tom_high": "............x..."},
    {"tom_high": "........x.x.....", "tom_mid": "..........xx....", "tom_low": "............x.xx"},
    {"snare": "............xxxx"},
)
QUIET = {"shaker", "hat", "ride", "brush", "rim", "kick_soft", "hat_open"}


def bar_of(style_drums: str, beats: int, energy: float, *, fills: bool, number: int) -> dict[str, str]:
    """What is hit in a bar. Little energy leaves the loud drums out; the last bar of a section may have a fill."""
    pattern = PATTERNS[style_drums]
    if not pattern or energy < 0.34:
        return {}
    if beats == 3 and style_drums != "waltz":
        pattern = _TRIPLE
    if energy < 0.46:
        return {name: hits for name, hits in pattern.items() if name in QUIET}
    if energy < 0.56:
        pattern = {name: hits for name, hits in pattern.items() if name != "hat_open" or len(pattern) < 4}
    if fills and beats == 4 and style_drums not in ("swing", "bossa", "brushes", "house", "techno", "trap"):
        fill = _FILLS[number % len(_FILLS)]
        half = {name: hits[:8] + "........" for name, hits in pattern.items()}
        return {**half, **{name: half.get(name, "........")[:8] + hits[8:] for name, hits in fill.items()}}
    return pattern


def is_kick(name: str) -> bool:
    return name.startswith("kick")

"""Camera commands: `[Pan left,Zoom in]` at once, `[Pan left] then [Zoom in]` one after the other."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass

from apps.sandbox.filming.brush import smooth
from apps.sandbox.scene import seed_of

# Where a command leads: pan and tilt turn the camera, truck and pedestal move it (near things move more), push goes
# forward, zoom narrows the view. x grows to the right, y downwards.
MOVES: dict[str, dict[str, float]] = {
    "truck left": {"truck": -1},
    "truck right": {"truck": 1},
    "pan left": {"pan": -1},
    "pan right": {"pan": 1},
    "push in": {"push": 1},
    "pull out": {"push": -1},
    "pedestal up": {"pedestal": -1},
    "pedestal down": {"pedestal": 1},
    "tilt up": {"tilt": -1},
    "tilt down": {"tilt": 1},
    "zoom in": {"zoom": 1},
    "zoom out": {"zoom": -1},
    "shake": {"shake": 1},
    "tracking shot": {"track": 1},
    "static shot": {},
}
CHINESE = {
    "左移": "truck left",
    "右移": "truck right",
    "左摇": "pan left",
    "右摇": "pan right",
    "推进": "push in",
    "拉远": "pull out",
    "上升": "pedestal up",
    "下降": "pedestal down",
    "上摇": "tilt up",
    "下摇": "tilt down",
    "变焦推近": "zoom in",
    "变焦拉远": "zoom out",
    "晃动": "shake",
    "跟随": "tracking shot",
    "固定": "static shot",
}
REACH = {"truck": 0.15, "pan": 0.13, "push": 0.24, "pedestal": 0.12, "tilt": 0.12, "zoom": 0.26, "track": 0.17}
CENTRED = ("truck", "pan", "pedestal", "tilt", "track")


@dataclass(frozen=True)
class View:
    """One moment of the camera, in shares of the frame's width (pan, truck, track) and height (tilt, pedestal)."""

    pan: float = 0.0
    tilt: float = 0.0
    truck: float = 0.0
    pedestal: float = 0.0
    push: float = 0.0  # at least 0
    zoom: float = 0.0  # at least 0
    track: float = 0.0  # as truck, but what is followed stays where it is


def read_commands(prompt: str) -> list[list[str]]:
    """The brackets in their order, each with the commands that are known."""
    groups = []
    for bracket in re.findall(r"[\[【]([^\]】]*)[\]】]", prompt):
        words = [" ".join(word.lower().split()) for word in re.split(r"[,，+]", bracket)]
        names = [CHINESE.get(word, word) for word in words]
        if known := [name for name in names if name in MOVES]:
            groups.append(known)
    return groups


class Camera:
    def __init__(self, prompt: str, seed: int, *, drifts: bool = True) -> None:
        """`drifts`: without a command the camera still moves a little."""
        self._groups = read_commands(prompt)
        self.commanded = bool(self._groups)
        self._targets: list[dict[str, float]] = [dict.fromkeys(REACH, 0.0)]
        self._shakes = []
        if self._groups:
            for group in self._groups:
                target = dict(self._targets[-1])
                for command in group:
                    for name, amount in MOVES[command].items():
                        if name in REACH:
                            target[name] += amount * REACH[name]
                self._targets.append(target)
                self._shakes.append(any("shake" in MOVES[command] for command in group))
        elif drifts:
            chance = random.Random(seed_of(seed, "drift"))  # noqa: S311 - nothing secret
            target = dict(self._targets[-1])
            target["push"] = 0.07
            target["truck"] = chance.choice([-0.05, 0.05])
            self._targets.append(target)
            self._shakes.append(False)
        self._settle()
        self._phases = [random.Random(seed_of(seed, "shake", i)).random() * 7 for i in range(6)]  # noqa: S311

    def _settle(self) -> None:
        """Keep the path within what is painted: sideways around the middle, forwards from the widest view."""
        for name, reach in REACH.items():
            values = [target[name] for target in self._targets]
            low, high = min(values), max(values)
            most = reach * (1.0 if name in CENTRED else 1.6)
            squeeze = most / (high - low) if high - low > most else 1.0
            start = (low + high) / 2 if name in CENTRED else low
            for target in self._targets:
                target[name] = (target[name] - start) * squeeze

    def at(self, moment: float) -> View:
        """`moment`: 0 at the beginning, 1 at the end."""
        moves = len(self._targets) - 1
        if moves <= 0:
            return View()
        place = min(moves - 1e-9, max(0.0, moment) * moves)
        index = int(place)
        share = place - index
        # nearly even speed; a short start and stop
        share = 0.75 * share + 0.25 * smooth(share)
        before, after = self._targets[index], self._targets[index + 1]
        values = {name: before[name] + (after[name] - before[name]) * share for name in REACH}
        return View(**values)

    def shake_at(self, moment: float, seconds: float) -> tuple[float, float]:
        if not self._shakes:
            return 0.0, 0.0
        index = min(len(self._shakes) - 1, int(moment * len(self._shakes)))
        if not self._shakes[index]:
            return 0.0, 0.0
        a, b, c, d, e, f = self._phases
        x = math.sin(seconds * 17.1 + a) + 0.7 * math.sin(seconds * 29.3 + b) + 0.4 * math.sin(seconds * 41.7 + c)
        y = math.sin(seconds * 19.7 + d) + 0.7 * math.sin(seconds * 31.9 + e) + 0.4 * math.sin(seconds * 43.1 + f)
        return x * 0.0055, y * 0.008

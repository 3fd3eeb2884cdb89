"""The camera's commands: written in square brackets in the prompt, several in one bracket at the same time."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.minimax import catalogue


@dataclass(frozen=True)
class Move:
    command: str  # MiniMax's own word, as it stands in the prompt
    group: str  # of each group only one goes at a time
    label: str | Promise
    icon: str  # a name at lucide.dev


_LOOKS: dict[str, tuple[Promise, str]] = {
    "Truck left": (_("Truck left"), "move-left"),
    "Truck right": (_("Truck right"), "move-right"),
    "Pan left": (_("Pan left"), "undo-2"),
    "Pan right": (_("Pan right"), "redo-2"),
    "Push in": (_("Push in"), "maximize-2"),
    "Pull out": (_("Pull out"), "minimize-2"),
    "Pedestal up": (_("Pedestal up"), "move-up"),
    "Pedestal down": (_("Pedestal down"), "move-down"),
    "Tilt up": (_("Tilt up"), "chevrons-up"),
    "Tilt down": (_("Tilt down"), "chevrons-down"),
    "Zoom in": (_("Zoom in"), "zoom-in"),
    "Zoom out": (_("Zoom out"), "zoom-out"),
    "Shake": (_("Shake"), "vibrate"),
    "Tracking shot": (_("Tracking shot"), "footprints"),
    "Static shot": (_("Static shot"), "lock"),
}

MOVES = [
    Move(command, group, *_LOOKS.get(command, (command, "video")))
    for group, commands in catalogue.video.camera.items()
    for command in commands
]

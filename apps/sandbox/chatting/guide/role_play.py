"""M2-her plays roles: a character from the system message, in a few lines by rule."""

from __future__ import annotations

import re

from apps.sandbox.chatting.guide.task import Finding, Task

_ACTS = ("smiles", "leans back", "looks up", "nods slowly", "thinks for a moment")
_LINES = (
    "You say “{said}”, and I take it to heart. Tell me how it goes on.",
    "“{said}” – that is how it begins, is it not? I am with you.",
    "So it is “{said}”. Stay a while and tell me the rest.",
)


def play(task: Task) -> Finding | None:
    if task.ask.model != "M2-her":
        return None
    role = re.search(r"\byou are (?:an? |the )?([\w' -]{2,40}?)(?=[.,;!\n]|$)", task.ask.system, re.I)
    if (
        not role
        or not task.text
        or (re.search(r"\b(?:who|what) are you\b", task.text, re.I) is None and len(task.text) > 300)
    ):
        return None
    if re.search(r"\b(?:who|what) are you\b|你是谁", task.text, re.I):
        return Finding(f"I am {role[1].strip()}. (Played by the sandbox's guide, a small program.)", [])
    said = " ".join(task.text.split())[:120]
    act = task.chance.choice(_ACTS)
    return Finding(f"*{role[1].strip()} {act}.* {task.chance.choice(_LINES).format(said=said)}", [])

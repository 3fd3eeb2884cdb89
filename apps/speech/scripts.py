"""Texts on their way to a voice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from apps.minimax.text import find_problems

UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # NUL and half characters: PostgreSQL and a request refuse them


@dataclass(frozen=True)
class TextProblem:
    """Something about a text, from code point `start` up to `end`."""

    sentence: str
    start: int
    end: int
    blocking: bool  # MiniMax would refuse it; otherwise it would only sound other than meant


def normalise(text: str) -> str:
    """One kind of newline, which MiniMax reads as a new paragraph, and no NUL, which PostgreSQL refuses."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def find_text_problems(text: str, model: str) -> list[TextProblem]:
    return [
        TextProblem(gettext(problem.message) % problem.params, problem.start, problem.end, problem.blocking)
        for problem in find_problems(text, model)
    ]


def join_texts(before: str, text: str) -> str:
    """Add a sentence; scripts that write without spaces get none."""
    text = text.strip()
    needs_space = before and not before[-1].isspace() and ord(before[-1]) < 0x2E80
    return f"{before} {text}" if needs_space else before + text


def storable(value: Any) -> Any:
    """The same without what a database refuses, for what came from elsewhere; also inside lists and dictionaries."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", str(value))
    if isinstance(value, dict):
        return {key: storable(part) for key, part in value.items()}
    return [storable(part) for part in value] if isinstance(value, list) else value

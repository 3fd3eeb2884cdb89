"""Texts on their way to a voice."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from apps.minimax.text import find_problems


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

"""What people call models and voices; an id that the catalogue does not know is its own name."""

from __future__ import annotations

from collections.abc import Callable

from apps.minimax import catalogue

_namers: list[Callable[[str], str]] = []


def name_voices_by(namer: Callable[[str], str]) -> None:
    """Let an app name voices that no catalogue knows; it returns "" for one that it does not know either."""
    _namers.append(namer)


def model_label(model: str) -> str:
    known = catalogue.speech.models.get(model)
    return known.label if known else model


def voice_label(voice_id: str) -> str:
    known = catalogue.voices.system.get(voice_id)
    if known:
        return known.name
    return next((name for namer in _namers if (name := namer(voice_id))), voice_id) if voice_id else ""

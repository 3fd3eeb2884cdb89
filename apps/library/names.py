"""What people call models and voices; an id that the catalogue does not know is its own name."""

from __future__ import annotations

from apps.minimax import catalogue


def model_label(model: str) -> str:
    known = catalogue.speech.models.get(model)
    return known.label if known else model


def voice_label(voice_id: str) -> str:
    known = catalogue.voices.system.get(voice_id)
    return known.name if known else voice_id

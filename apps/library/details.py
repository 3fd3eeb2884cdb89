"""An asset's settings in words."""

from __future__ import annotations

import json
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.library.models import Asset

# MiniMax's own words, and what a person calls them. What is not here is shown under its own name.
LABELS: dict[str, str | Promise] = {
    "language_boost": gettext_lazy("Language"),
    "emotion": gettext_lazy("Emotion"),
    "speed": gettext_lazy("Speed"),
    "vol": gettext_lazy("Volume"),
    "pitch": gettext_lazy("Pitch"),
    "modify_pitch": gettext_lazy("Voice: pitch"),
    "modify_intensity": gettext_lazy("Voice: intensity"),
    "modify_timbre": gettext_lazy("Voice: timbre"),
    "sound_effects": gettext_lazy("Effect"),
    "timbre_weights": gettext_lazy("Mixed from"),
    "text_normalization": gettext_lazy("Numbers read out"),
    "latex_read": gettext_lazy("Formulas read out"),
    "format": gettext_lazy("Format"),
    "sample_rate": gettext_lazy("Sample rate"),
    "bitrate": gettext_lazy("Bit rate"),
    "channel": gettext_lazy("Channels"),
    "continuous_sound": gettext_lazy("Continuous sound"),
    "use_dictionary": gettext_lazy("Pronunciation dictionary"),
    "aspect_ratio": gettext_lazy("Shape"),
    "width": gettext_lazy("Width"),
    "height": gettext_lazy("Height"),
    "n": gettext_lazy("How many"),
    "seed": gettext_lazy("Seed"),
    "prompt_optimizer": gettext_lazy("Prompt improved by MiniMax"),
    "reference": gettext_lazy("Reference picture"),
    "style_type": gettext_lazy("Style"),
    "style_weight": gettext_lazy("Strength of the style"),
    "is_instrumental": gettext_lazy("Instrumental"),
    "lyrics_optimizer": gettext_lazy("Words by MiniMax"),
}
SHOWN_ELSEWHERE = {"text", "prompt", "lyrics", "title", "model", "voice_id", "remade_from"}


def describe_request(asset: Asset) -> list[tuple[str, str]]:
    """Every setting that was in force, as (label, value)."""
    rows = []
    for name, value in asset.request.items():
        if name not in SHOWN_ELSEWHERE and value not in (None, "", [], {}):
            rows.append((str(LABELS.get(name, name)), _in_words(name, value)))
    return rows


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "timbre_weights" and isinstance(value, list):
        return ", ".join(
            f"{part.get('voice_id', '')} {part.get('weight', '')}" for part in value if isinstance(part, dict)
        )
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if name == "channel":
        return _("stereo") if str(value) == "2" else _("mono")
    if name == "bitrate" and isinstance(value, int):
        return f"{value / 1000:g} kbit/s"
    if name == "sample_rate" and isinstance(value, int):
        return f"{value:,} Hz"
    return str(value)

"""An asset's settings in words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.library.lineage import FIELDS
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
    "resolution": gettext_lazy("Size"),
    "duration": gettext_lazy("Seconds"),
    "fast_pretreatment": gettext_lazy("Prepared quickly"),
    "first_frame_image": gettext_lazy("First frame"),
    "last_frame_image": gettext_lazy("Last frame"),
    "subject_reference": gettext_lazy("Person"),
    "from_video": gettext_lazy("Taken from"),
    "at_s": gettext_lazy("Second"),
    "clips": gettext_lazy("Joined from"),
    "template_id": gettext_lazy("Template"),
    "picture": gettext_lazy("Picture"),
    "subject": gettext_lazy("Subject"),
    "taken_from": gettext_lazy("Taken from"),
    "media": gettext_lazy("Picture"),
    "name": gettext_lazy("Name"),
    "preview_text": gettext_lazy("Preview"),
    "need_noise_reduction": gettext_lazy("Noise reduced"),
    "need_volume_normalization": gettext_lazy("Volume evened out"),
    "text_validation": gettext_lazy("What is said in the recording"),
    "accuracy": gettext_lazy("How closely it must match"),
    "prompt_text": gettext_lazy("What is said in the example"),
    "loudness_lufs": gettext_lazy("Loudness (LUFS)"),
    "file_id": gettext_lazy("File at MiniMax"),
}
SHOWN_ELSEWHERE = {"text", "prompt", "lyrics", "title", "model", "voice_id", "remade_from", "mode"}
SHOWN_ELSEWHERE |= {"purpose", "confirmed", "found", "brought"}  # samples of voices: what was checked
SHOWN_ELSEWHERE |= {"book", "edition", "chapter", "voice", "words", "limit_usd"}  # what only its app can read


@dataclass(frozen=True)
class Making:
    """What is known of how an asset came to be, from the row that made it."""

    estimate_usd: Decimal | None = None  # before it ran
    charged: str = ""  # in words, where it is not certain
    is_on_sandbox: bool = False  # the price is what MiniMax would have asked
    wallet: str = ""  # which key paid, and why: a sentence
    took_s: float | None = None  # from sending to the end
    first_ms: int | None = None  # to the first sound


_makings: list[Callable[[Asset], Making | None]] = []


def register_making(find: Callable[[Asset], Making | None]) -> None:
    """In the `ready()` of an app that makes assets. The first that knows the asset is asked no more."""
    if find not in _makings:
        _makings.append(find)


def making_of(asset: Asset) -> Making:
    return next((making for find in _makings if (making := find(asset))), Making())


def describe_request(asset: Asset) -> list[tuple[str, str]]:
    """Every setting that was in force, as (label, value)."""
    rows = []
    for name, value in asset.request.items():
        if name not in SHOWN_ELSEWHERE and value not in (None, "", [], {}):
            words = _assets_in_words(asset, value) if name in FIELDS else in_words(name, value)
            rows.append((str(LABELS.get(name, name)), words))
    return rows


def _assets_in_words(asset: Asset, value: Any) -> str:
    """Links to what it was made from; what is in the library no more is said to be so."""
    try:
        wanted = [uuid.UUID(str(pk)) for pk in (value if isinstance(value, list) else [value])]
    except ValueError:
        return str(value)
    found = (
        Asset.objects.filter(workspace=asset.workspace_id, trashed_at=None).only("title", "workspace").in_bulk(wanted)
    )
    links = [
        format_html('<a href="{}">{}</a>', reverse("library:asset", args=[asset.workspace.slug, pk]), found[pk].title)
        if pk in found
        else _("not in the library any more")
        for pk in wanted
    ]
    return format_html_join(", ", "{}", ((link,) for link in links))


def in_words(name: str, value: Any) -> str:
    """One setting as a person reads it."""
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

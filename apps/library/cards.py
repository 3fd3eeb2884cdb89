"""What a card shows, split in two, so that a page of dozens of cards is drawn quickly.

Most of a card is the same on each. Its template is drawn once for each mixture of *traits* (a sound, with a star, not
yet measured …), with places where one asset's own *words* go; after that, only the places are filled.
"""

from __future__ import annotations

from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from apps.library.lengths import duration
from apps.library.models import Asset, AssetStatus
from apps.library.names import voice_label
from apps.library.waveform import draw

BARS = 76  # of the waveform
Traits = tuple[str, bool, bool, bool, bool, bool, bool, bool, bool, bool]


def traits_of(asset: Asset, *, is_favourite: bool) -> Traits:
    """What decides which parts its card has; the names are in `shape`."""
    return (
        asset.medium,
        asset.is_measured,
        asset.status == AssetStatus.DAMAGED,
        asset.has_subtitles,
        bool(asset.poster),
        bool(asset.peaks),
        bool(asset.rating),
        is_favourite,
        bool(asset.voice_id),
        bool(asset.created_by.name),
    )


def shape(traits: Traits, words: dict[str, str]) -> dict[str, Any]:
    """The variables of the card's template; `words` are an asset's own, or places for them."""
    medium, is_measured, is_damaged, has_subtitles, has_poster, has_peaks, is_rated, is_favourite, *named = traits
    has_voice, has_person = named
    return {
        **words,
        "is_measured": is_measured,
        "is_damaged": is_damaged,
        "is_rated": is_rated,
        "is_favourite": is_favourite,
        "has_voice": has_voice,
        "has_person": has_person,
        "subtitles_url": words["subtitles_url"] if has_subtitles else "",
        "peaks": has_peaks,
        "asset": {
            "medium": medium,
            "poster": has_poster,
            "title": words["title"],
            "measurements": {"width": words["width"], "height": words["height"]},
        },
    }


def words_of(asset: Asset, day: SafeString) -> dict[str, str]:
    """What is the asset's own, ready to stand in HTML. `day`: when it was made, as the page says it."""
    url = escape(asset.get_absolute_url())
    is_sound, is_film = asset.medium == "audio", asset.medium == "video"
    return {
        "pk": str(asset.pk),
        "url": url,
        "src": f"{url}file",
        "poster_url": f"{url}poster",
        "subtitles_url": f"{url}subtitles.vtt",
        "title": escape(asset.title),
        "rating": str(asset.rating),
        "wave": draw(asset.peaks, BARS) if is_sound else "",
        "total": duration(asset.duration_s),
        "duration_s": "" if asset.duration_s is None else str(asset.duration_s),
        "width": str(asset.measurements.get("width") or (16 if is_film else 1)),
        "height": str(asset.measurements.get("height") or (9 if is_film else 1)),
        "voice": escape(voice_label(asset.voice_id)),
        "person": escape(asset.created_by.name),
        "day": day,
    }

"""Many cards at once. Their template is rendered once for each way that a card can look, with marks where the assets
differ; for each asset only the marks are filled in. A page of cards takes a tenth of the time so.

What the template asks of an asset stands in `StandIn`; it may ask nothing else.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.template import Engine
from django.template.defaultfilters import date, filesizeformat
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.library.models import Asset, AssetStatus
from apps.library.names import voice_label
from apps.library.waveform import bars_path

BARS = 76  # of a waveform in library/_player.html
KINDS_OF_CARDS = 512  # ways to look that are remembered
MARKED_ID = uuid.UUID("fedcba98-7654-7321-8fed-cba987654321")
MARKED_MOMENT = datetime.datetime(1987, 9, 26, 23, 47, 51, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Look:
    """What decides about a card's markup, beyond the values that are written into it."""

    language: str
    slug: str
    status: str
    medium: str
    rating: int
    is_favourite: bool
    has_poster: bool
    has_subtitles: bool
    has_voice: bool
    has_person: bool
    has_peaks: bool
    has_duration: bool
    has_shape: bool


class NotForCardsError(Exception):
    """The card's template asks for something that `cards` does not know."""


@dataclass
class StandIn:
    """An asset made of marks."""

    look: Look
    pk: uuid.UUID = MARKED_ID
    title: str = "\ue000title\ue000"
    size: int = 987_654_321
    created_at: datetime.datetime = MARKED_MOMENT
    workspace: Any = field(init=False)
    created_by: Any = field(init=False)

    def __post_init__(self) -> None:
        self.workspace = SimpleNamespace(slug=self.look.slug)
        self.created_by = SimpleNamespace(name="\ue000person\ue000" if self.look.has_person else "")
        self.status, self.medium, self.rating = self.look.status, self.look.medium, self.look.rating
        self.is_measured = self.status != AssetStatus.SAVED
        self.poster, self.subtitles = self.look.has_poster, self.look.has_subtitles
        self.voice_id = "\ue000voice\ue000" if self.look.has_voice else ""
        self.peaks = [100, *[37] * (BARS - 2), 41] if self.look.has_peaks else []
        self.duration_s = 86_398.25 if self.look.has_duration else None
        self.measurements = {"width": 1_234_567, "height": 7_654_321} if self.look.has_shape else {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotForCardsError(name)


@cache
def _duration_filter() -> Callable[[Any], str]:
    """The templates' own, which every template has."""
    libraries = Engine.get_default().template_builtins
    return next(library.filters["duration"] for library in libraries if "duration" in library.filters)


@lru_cache
def _day(day: datetime.date, language: str | None) -> str:
    return escape(date(day, "MONTH_DAY_FORMAT"))


# What is written into a card, the longer forms of a value before the shorter ones.
VALUES: dict[str, Callable[[Any], str]] = {
    "pk": lambda asset: str(asset.pk),
    "title": lambda asset: escape(asset.title),
    "person": lambda asset: escape(asset.created_by.name),
    "voice": lambda asset: escape(voice_label(asset.voice_id)),
    "wave": lambda asset: bars_path(asset.peaks, BARS),
    "moment": lambda asset: escape(timezone.localtime(asset.created_at).isoformat()),
    "time": lambda asset: escape(date(timezone.localtime(asset.created_at), "DATETIME_FORMAT")),
    "day": lambda asset: _day(timezone.localtime(asset.created_at).date(), get_language()),
    "seconds": lambda asset: str(asset.duration_s),
    "clock": lambda asset: escape(_duration_filter()(asset.duration_s)),
    "width": lambda asset: str(asset.measurements.get("width")),
    "height": lambda asset: str(asset.measurements.get("height")),
    "size": lambda asset: escape(filesizeformat(asset.size)),
}


def render_card(asset: Asset, *, is_favourite: bool = False) -> SafeString:
    """library/_card.html of an asset with its workspace and created_by, as a page shows it."""
    measured = asset.measurements
    look = Look(
        language=get_language() or "",
        slug=asset.workspace.slug,
        status=asset.status,
        medium=asset.medium,
        rating=asset.rating,
        is_favourite=is_favourite,
        has_poster=bool(asset.poster),
        has_subtitles=bool(asset.has_subtitles if hasattr(asset, "has_subtitles") else asset.subtitles),
        has_voice=bool(asset.voice_id),
        has_person=bool(asset.created_by.name),
        has_peaks=bool(asset.peaks),
        has_duration=asset.duration_s is not None,
        has_shape=bool(measured.get("width") and measured.get("height")),
    )
    parts = _cut(look) if settings.DEBUG else _skeleton(look)
    values: dict[str, str] = {}
    written = []
    for place, part in enumerate(parts):
        if place % 2 and part not in values:
            values[part] = VALUES[part](asset)
        written.append(values[part] if place % 2 else part)
    return mark_safe("".join(written))  # noqa: S308  (every value is escaped in VALUES)


def _cut(look: Look) -> list[str]:
    """The card's markup and the names of values, in turns."""
    stand_in = StandIn(look)
    html = render_to_string(
        "library/_card.html", {"asset": stand_in, "favourites": {stand_in.pk} if look.is_favourite else ()}
    )
    marks = {name: VALUES[name](stand_in) for name in VALUES if _is_marked(stand_in, name)}
    pattern = re.compile("|".join(f"(?P<{name}>{re.escape(mark)})" for name, mark in marks.items()))
    parts, end = [], 0
    for found in pattern.finditer(html):
        parts += [html[end : found.start()], str(found.lastgroup)]
        end = found.end()
    return [*parts, html[end:]]


def _is_marked(stand_in: StandIn, name: str) -> bool:
    look = stand_in.look
    has = {
        "person": look.has_person,
        "voice": look.has_voice,
        "wave": look.has_peaks,
        "seconds": look.has_duration,
        "clock": look.has_duration,
        "width": look.has_shape,
        "height": look.has_shape,
    }
    return has.get(name, True)


_skeleton = lru_cache(KINDS_OF_CARDS)(_cut)

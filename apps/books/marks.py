"""Where the chapters begin in the file of a whole book, for whoever plays it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.books.models import Edition, Segment
from apps.library.models import Asset

KEPT_S = 24 * 3600  # a file never changes, and the timings of a long book are a megabyte to read


@dataclass(frozen=True)
class Mark:
    title: str
    start_s: float


def marks_in(asset: Asset) -> list[Mark]:
    """In the order they are heard; none where the file is no book, or has one chapter only."""
    if asset.kind != "book":
        return []
    key = f"books.marks.{asset.pk}"
    known = cache.get(key)
    if known is None:
        known = _read(asset)
        cache.set(key, known, KEPT_S)
    return [
        Mark(title or _("Chapter %(number)d") % {"number": number}, start_s)
        for number, (title, start_s) in enumerate(known, 1)
    ]


def _read(asset: Asset) -> list[tuple[str, float]]:
    edition = Edition.objects.filter(asset=asset, scope="book").only("timings", "sample_rate", "book_id").first()
    if edition is None or not edition.sample_rate:
        return []
    # Two chapters may have the same title, or none: their sentences tell them apart while the book still has them.
    found = Segment.objects.filter(chapter__book=edition.book_id).values_list("pk", "chapter_id")
    chapters = {str(pk): chapter for pk, chapter in found}

    def chapter_of(row: list[Any]) -> tuple[Any, str]:
        return chapters.get(row[0]), row[1]

    heard = [next(rows) for _chapter, rows in groupby(edition.timings, key=chapter_of)]
    begins = [(row[1], 0.0 if index == 0 else row[3] / edition.sample_rate) for index, row in enumerate(heard)]
    return begins if len(begins) > 1 else []

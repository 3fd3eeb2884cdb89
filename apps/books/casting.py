"""Who speaks how, and which sentences are still to be made."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q

from apps.books.models import Book, Segment, SegmentQuerySet, SegmentTake
from apps.books.pauses import bare
from apps.books.wishes import complete, hash_of
from apps.jobs.models import MOVING


class Wishes:
    """The settings that each speaker of a book is to be asked for with."""

    def __init__(self, book: Book) -> None:
        self.narrator = complete(book.settings)
        self.voices = dict(book.cast.values_list("speaker", "voice_id"))
        self._hashes: dict[str, str] = {}

    def settings(self, speaker: str) -> dict[str, Any]:
        return {**self.narrator, "voice_id": self.voice_of(speaker)}

    def voice_of(self, speaker: str) -> str:
        return str(self.voices.get(speaker) or self.narrator["voice_id"])

    def hash(self, speaker: str) -> str:
        voice_id = self.voice_of(speaker)
        if voice_id not in self._hashes:
            self._hashes[voice_id] = hash_of(self.settings(speaker))
        return self._hashes[voice_id]

    def fit(self, prefix: str = "") -> Q:
        """Sentences whose take was made as it is wished for now."""
        speakers = defaultdict(list)
        for speaker in self.voices:
            speakers[self.hash(speaker)].append(speaker)
        take, name = f"{prefix}take__settings_hash", f"{prefix}speaker__in"
        found = ~Q(**{name: list(self.voices)}) & Q(**{take: hash_of(self.narrator)})
        for wanted, names in speakers.items():
            found |= Q(**{name: names, take: wanted})
        return found

    def to_make(self, prefix: str = "") -> Q:
        """Sentences that have no sound, or one that no longer fits and was not chosen by hand."""
        spoken = Q(**{f"{prefix}is_silent": False})
        missing = Q(**{f"{prefix}take": None})
        chosen = Q(**{f"{prefix}is_chosen": True})
        return spoken & (missing | (~chosen & ~self.fit(prefix)))


def being_made(prefix: str = "") -> Q:
    return Q(**{f"{prefix}making__job__status__in": MOVING})


def choose_fitting(book: Book, wishes: Wishes, *, only: SegmentQuerySet | None = None) -> None:
    """Where a sound of the same sentence fits what is wished for, have it heard: nothing is paid for twice."""
    segments = book.segments.in_script() if only is None else only
    wanting: list[Segment] = list(segments.filter(wishes.to_make()).only("pk", "text", "speaker", "take"))
    if not SegmentTake.objects.filter(part__book=book).exists():
        return
    changed = []
    by_segment: dict[Any, list[SegmentTake]] = defaultdict(list)
    for start in range(0, len(wanting), 400):
        portion = [segment.pk for segment in wanting[start : start + 400]]
        for take in SegmentTake.objects.filter(segment__in=portion).order_by("pk"):
            by_segment[take.segment_id].append(take)
    for segment in wanting:
        fitting = [
            take
            for take in by_segment[segment.pk]
            if take.text == bare(segment.text)[0] and take.settings_hash == wishes.hash(segment.speaker)
        ]
        if fitting:
            segment.take = fitting[-1]
            changed.append(segment)
    Segment.objects.bulk_update(changed, ["take"], batch_size=200)

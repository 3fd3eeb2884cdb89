"""How a book is to sound: settings, pauses, who speaks with which voice, and which take is heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from apps.books import script
from apps.books.casting import Wishes, choose_fitting
from apps.books.holding import held, lay_out
from apps.books.making import (
    RefusedError,
    check_voice,
)
from apps.books.models import Book, Cast, Segment, SegmentTake
from apps.books.pauses import bare
from apps.books.text.chapters import ChapterText
from apps.books.wishes import DEFAULTS, FIXED, complete
from apps.voices.resolving import VoiceGoneError
from apps.workspaces.storable import storable


def set_settings(book: Book, given: Mapping[str, Any]) -> None:
    """Wish for another sound. What was made otherwise is heard until it is made again. Raises RefusedError."""
    with held(book):
        wanted = complete({**complete(book.settings), **{name: given[name] for name in DEFAULTS if name in given}})
        now = complete(book.settings)
        if book.parts.exists() and any(wanted[name] != now[name] for name in FIXED):
            raise RefusedError(_("Sample rate and channels stay as they are once a part of the book is made."))
        _check_voice(book, wanted["voice_id"])
        book.settings = wanted
        book.save(update_fields=["settings"])
        choose_fitting(book, Wishes(book))


def set_pauses(book: Book, *, pause_ms: int, chapter_pause_ms: int) -> None:
    """Silence where sounds that were made apart meet, and between chapters."""
    Book.objects.filter(pk=book.pk).update(pause_ms=pause_ms, chapter_pause_ms=chapter_pause_ms)


def set_pause_after(segment: Segment, pause_ms: int | None) -> None:
    """None: as the book has it."""
    Segment.objects.filter(pk=segment.pk).update(pause_ms=pause_ms)


def read_speakers(book: Book, *, is_on: bool) -> None:
    """Whether "Anna: Hello." says who speaks."""
    book.marks_speakers = is_on
    texts = [ChapterText(each.title, each.text, each.level) for each in book.chapters.all()]
    compared = script.compare(book, texts)
    with held(book):
        lay_out(book, compared)
        book.marks_speakers = is_on
        book.save(update_fields=["marks_speakers"])
        choose_fitting(book, Wishes(book))


def cast(book: Book, speaker: str, voice_id: str) -> None:
    """Give a speaker a voice; an empty one is the narrator's. An empty speaker is the narrator. Raises RefusedError."""
    speaker = storable(speaker)[:100]
    if not speaker:
        return set_settings(book, {"voice_id": voice_id})
    with held(book):
        if voice_id:
            _check_voice(book, voice_id)
            Cast.objects.update_or_create(book=book, speaker=speaker, defaults={"voice_id": voice_id})
        else:
            Cast.objects.filter(book=book, speaker=speaker).delete()
        choose_fitting(book, Wishes(book))


def _check_voice(book: Book, voice_id: str) -> None:
    try:
        check_voice(book, storable(voice_id)[:256])
    except VoiceGoneError as error:
        raise RefusedError(str(error)) from error


def assign(book: Book, segments: Sequence[Segment], speaker: str) -> None:
    """Say who speaks these sentences."""
    with held(book):
        mine = book.segments.filter(pk__in=[segment.pk for segment in segments])
        mine.update(speaker=storable(speaker)[:100], is_chosen=False)
        choose_fitting(book, Wishes(book), only=mine)


@dataclass(frozen=True)
class Role:
    """Somebody who speaks in a book."""

    speaker: str  # empty: the narrator
    voice_id: str
    is_cast: bool  # False: speaks with the narrator's voice
    segments: int


def roles_of(book: Book) -> list[Role]:
    """The narrator first, then by how much they say."""
    wishes = Wishes(book)
    rows = book.segments.in_script().filter(is_silent=False).values_list("speaker").annotate(count=Count("pk"))
    counts: dict[str, int] = dict(rows.order_by())
    names = sorted({*counts, *wishes.voices} - {""}, key=lambda name: (-counts.get(name, 0), name))
    narrator = Role("", wishes.voice_of(""), is_cast=True, segments=counts.get("", 0))
    return [
        narrator,
        *(Role(each, wishes.voice_of(each), each in wishes.voices, counts.get(each, 0)) for each in names),
    ]


def choose_take(segment: Segment, take: SegmentTake) -> None:
    """Have this one heard, whatever the settings say. Raises RefusedError for one of other words."""
    if take.segment_id != segment.pk:
        raise RefusedError(_("This take is of another sentence."))
    if take.text != bare(segment.text)[0]:
        raise RefusedError(_("This take says something else: the sentence was changed since."))
    fits = take.settings_hash == Wishes(segment.book).hash(segment.speaker)
    Segment.objects.filter(pk=segment.pk).update(take=take, is_chosen=not fits)

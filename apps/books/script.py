"""From a text to rows: chapters, and the sentences that they are spoken in. What stays the same keeps its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from apps.books.models import Book, Chapter, Segment
from apps.books.text import revising, sentences
from apps.books.text.chapters import ChapterText
from apps.books.text.sentences import Sentence
from apps.library.services import shorten
from apps.minimax.text import spoken_text
from apps.workspaces.storable import storable

AT_ONCE = 400  # rows in a statement
# What the script says of a sentence; without its take: one may just have come.
PLACED = ["chapter", "position", "text", "start", "end", "marked_speaker", "speaker", "ends_paragraph", "is_silent"]


@dataclass(frozen=True)
class Spot:
    """A sentence of a new script, and where it stands."""

    chapter: int
    position: int
    sentence: Sentence


@dataclass(frozen=True)
class Compared:
    """A new script beside the old one. It takes seconds for a whole book, so it is done before the row is held."""

    basis: str  # hash of the old script
    chapters: Sequence[ChapterText]
    spots: Sequence[Spot]
    matches: Sequence[Any]  # apps.books.text.revising.Match
    old: dict[Any, Segment]


class ChangedMeanwhileError(Exception):
    """The script is not the one that was compared with."""


def is_speakable(text: str) -> bool:
    return any(character.isalnum() for character in spoken_text(text))


def split(book: Book, text: str) -> list[Sentence]:
    return sentences.split(text, book.language, names=book.marks_speakers)


def segments_of(book: Book, chapter: Chapter | None = None) -> list[Segment]:
    """Every sentence of the script, in order."""
    found = book.segments.in_script() if chapter is None else chapter.segments.all()
    return list(found.order_by("chapter__position", "position"))


def script_hash(book: Book, chapter: Chapter | None = None) -> str:
    texts = book.chapters.filter(pk=chapter.pk) if chapter else book.chapters.all()
    digest = hashlib.sha256()
    for pk, text in texts.order_by("position").values_list("pk", "text"):
        digest.update(f"{pk}\0{text}\0".encode(errors="surrogatepass"))
    return digest.hexdigest()


def compare(book: Book, new: Sequence[ChapterText], chapter: Chapter | None = None) -> Compared:
    """Say which sentences of a new script are there already; `chapter`: it is the script of that chapter only."""
    basis, old = script_hash(book, chapter), segments_of(book, chapter)
    spots = [
        Spot(number, position, sentence)
        for number, each in enumerate(new)
        for position, sentence in enumerate(split(book, each.text))
    ]
    matches = revising.match(
        [(segment.pk, segment.text, segment.marked_speaker) for segment in old],
        [(spot.sentence.text, spot.sentence.speaker) for spot in spots],
    )
    return Compared(basis, new, spots, matches, {segment.pk: segment for segment in old})


def lay_out(book: Book, compared: Compared, chapter: Chapter | None = None) -> None:
    """Make the new script the book's. Call it in a transaction that holds the book's row.

    Raises ChangedMeanwhileError.
    """
    if compared.basis != script_hash(book, chapter):
        raise ChangedMeanwhileError
    sources = {match.new_index: match for match in compared.matches if match.new_index is not None}
    chapters = _chapters_for(book, compared, sources, chapter)
    added, touched, silenced = _rows(book, compared, sources, chapters)
    gone = [match.old_id for match in compared.matches if match.new_index is None]
    for part in in_portions(gone):
        Segment.objects.filter(pk__in=part).update(chapter=None)
    Segment.objects.bulk_update(touched, PLACED, batch_size=100)
    for part in in_portions(silenced):
        Segment.objects.filter(pk__in=part).update(take=None, is_chosen=False)
    Segment.objects.bulk_create(added, batch_size=AT_ONCE)
    stale = book.chapters.exclude(pk__in=[each.pk for each in chapters])
    if chapter is not None:
        stale = stale.filter(pk=chapter.pk)
    stale.delete()
    Book.objects.filter(pk=book.pk).update(characters=sum(book.chapters.values_list("characters", flat=True)))
    book.refresh_from_db(fields=["characters"])


def in_portions(pks: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(pks), AT_ONCE):
        yield pks[start : start + AT_ONCE]


def _chapters_for(book: Book, compared: Compared, sources: Any, chapter: Chapter | None) -> list[Chapter]:
    """A row for each new chapter: that of the old one whose sentences it has, else one of the same title."""
    free = {each.pk: each for each in book.chapters.all()} if chapter is None else {chapter.pk: chapter}
    first = chapter.position if chapter else 0
    if chapter is not None and len(compared.chapters) > 1:
        later = book.chapters.filter(position__gt=chapter.position)
        later.update(position=F("position") + len(compared.chapters) - 1)
    claims: dict[int, Any] = {}
    for index, spot in enumerate(compared.spots):
        match = sources.get(index)
        if spot.chapter not in claims and match is not None and match.old_id is not None:
            owner = compared.old[match.old_id].chapter_id
            if owner in free and owner not in claims.values():
                claims[spot.chapter] = owner
    rows = []
    for number, new in enumerate(compared.chapters):
        titled = (pk for pk, each in free.items() if each.title == new.title and pk not in claims.values())
        pk = claims.get(number) or next(titled, None)
        row = free.pop(pk) if pk in free else Chapter(book=book)
        row.position, row.level, row.text = first + number, new.level, new.text
        row.title = shorten(storable(new.title)) if new.title or chapter is None else row.title
        row.characters = len(new.text)
        row.save()
        rows.append(row)
    return rows


def _rows(
    book: Book, compared: Compared, sources: Any, chapters: Sequence[Chapter]
) -> tuple[list[Segment], list[Segment], list[Any]]:
    """Rows to be added and to be changed, and those whose sound says something else now."""
    cut = {(each.text, each.marked_speaker): each for each in book.segments.filter(chapter=None)}
    added, touched, silenced = [], [], []
    for index, spot in enumerate(compared.spots):
        match = sources.get(index)
        row = compared.old.get(match.old_id) if match is not None and match.old_id is not None else None
        if row is None:  # one that an earlier version had is the same again, with its sounds
            row = cut.pop((spot.sentence.text, spot.sentence.speaker), None)
        is_new = row is None
        row = row or Segment(book=book)
        before = _place(row)
        if not is_new and row.text != spot.sentence.text:
            silenced.append(row.pk)
        put(row, chapters[spot.chapter], spot.position, spot.sentence)
        if is_new:
            added.append(row)
        elif before != _place(row):
            touched.append(row)
    return added, touched, silenced


def put(row: Segment, chapter: Chapter, position: int, sentence: Sentence) -> None:
    row.chapter, row.position, row.text = chapter, position, sentence.text
    row.start, row.end, row.ends_paragraph = sentence.start, sentence.end, sentence.ends_paragraph
    if row.marked_speaker != sentence.speaker:
        row.marked_speaker = row.speaker = sentence.speaker[:100]
    row.is_silent = not is_speakable(sentence.text)


def _place(row: Segment) -> tuple[Any, ...]:
    return (
        *(row.chapter_id, row.position, row.text, row.start, row.end),
        *(row.marked_speaker, row.speaker, row.ends_paragraph, row.is_silent),
    )

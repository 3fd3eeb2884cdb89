"""The chapters of a book, changed by hand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from apps.books import script
from apps.books.casting import Wishes, choose_fitting
from apps.books.forms import MOST_CHARACTERS
from apps.books.making import RefusedError
from apps.books.models import Book, Chapter, Edition, LeftOut, Part, Segment
from apps.library.services import shorten
from apps.workspaces.storable import storable


def rename_chapter(chapter: Chapter, title: str) -> None:
    Chapter.objects.filter(pk=chapter.pk).update(title=shorten(storable(title)))


def split_chapter(segment: Segment, title: str = "") -> Chapter:
    """Let a new chapter begin with this sentence. Raises RefusedError for the first of a chapter."""
    with _edited(segment.book_id) as book:
        segment = Segment.objects.select_related("chapter").get(pk=segment.pk)
        chapter = segment.chapter
        if chapter is None or not segment.position:
            raise RefusedError(_("A chapter begins here already."))
        text, at, place = chapter.text, segment.start, segment.position
        book.chapters.filter(position__gt=chapter.position).update(position=_plus("position", 1))
        new = Chapter.objects.create(
            book=book,
            position=chapter.position + 1,
            level=chapter.level,
            title=shorten(storable(title)),
            text=text[at:],
            characters=len(text) - at,
        )
        chapter.segments.filter(position__gte=place).update(
            chapter=new, position=_plus("position", -place), start=_plus("start", -at), end=_plus("end", -at)
        )
        _put_text(chapter, text[:at])
    return new


def join_chapters(chapter: Chapter) -> Chapter:
    """Let a chapter go on the one before it. Raises RefusedError for the first of a book."""
    with _edited(chapter.book_id) as book:
        chapter = book.chapters.get(pk=chapter.pk)
        before = book.chapters.filter(position__lt=chapter.position).order_by("-position").first()
        if before is None:
            raise RefusedError(_("There is no chapter before this one."))
        text = before.text if before.text.endswith("\n") else f"{before.text}\n\n"
        count = before.segments.count()
        chapter.segments.update(
            chapter=before,
            position=_plus("position", count),
            start=_plus("start", len(text)),
            end=_plus("end", len(text)),
        )
        _put_text(before, text + chapter.text)
        Part.objects.filter(chapter=chapter).update(chapter=before)
        chapter.delete()
    return before


def move_chapter(chapter: Chapter, by: int) -> None:
    """by: -1 is one place to the front."""
    with _edited(chapter.book_id) as book:
        chapters = list(book.chapters.defer("text"))
        index = next(number for number, each in enumerate(chapters) if each.pk == chapter.pk)
        chapters.insert(max(0, index + by), chapters.pop(index))
        for position, each in enumerate(chapters):
            Chapter.objects.filter(pk=each.pk).update(position=position)


def remove_chapter(chapter: Chapter) -> LeftOut:
    """Leave a chapter out, until it is put back. Its sounds stay."""
    with _edited(chapter.book_id) as book:
        if book.chapters.count() == 1:
            raise RefusedError(_("A book needs a chapter."))
        chapter = get_or_refuse(book.chapters.all(), chapter.pk)
        left = LeftOut.objects.create(
            id=chapter.pk,
            book=book,
            position=chapter.position,
            level=chapter.level,
            title=chapter.title,
            text=chapter.text,
            segments=[str(pk) for pk in chapter.segments.values_list("pk", flat=True)],
            parts=[str(pk) for pk in chapter.parts.values_list("pk", flat=True)],
            editions=[str(pk) for pk in chapter.editions.values_list("pk", flat=True)],
        )
        chapter.segments.update(chapter=None)
        Chapter.objects.filter(pk=chapter.pk).delete()
        _count(book)
    return left


def put_back(left: LeftOut) -> Chapter:
    """Bring a chapter back to where it was, its sentences with their sounds. Raises RefusedError."""
    with _edited(left.book_id) as book:
        left = get_or_refuse(LeftOut.objects.filter(book=book), left.pk)
        if sum(book.chapters.values_list("characters", flat=True)) + len(left.text) > MOST_CHARACTERS:
            raise RefusedError(_("With this chapter the book would be too long."))
        book.chapters.filter(position__gte=left.position).update(position=_plus("position", 1))
        chapter = Chapter.objects.create(
            id=left.pk,
            book=book,
            position=left.position,
            level=left.level,
            title=left.title,
            text=left.text,
            characters=len(left.text),
        )
        _put_sentences_back(book, chapter, left)
        for model, pks in ((Part, left.parts), (Edition, left.editions)):
            for portion in script.in_portions(pks):
                model.objects.filter(book=book, pk__in=portion, chapter=None).update(chapter=chapter)
        left.delete()
        for position, each in enumerate(book.chapters.defer("text")):
            Chapter.objects.filter(pk=each.pk).update(position=position)
        choose_fitting(book, Wishes(book))
        _count(book)
    return chapter


def _put_sentences_back(book: Book, chapter: Chapter, left: LeftOut) -> None:
    """The rows that were there. One that another version of the script took meanwhile is made anew."""
    free: dict[str, list[Segment]] = {}
    cut = {str(row.pk): row for row in book.segments.filter(chapter=None)}
    for pk in reversed(left.segments):
        if pk in cut:
            free.setdefault(cut[pk].text, []).append(cut[pk])
    added: list[Segment] = []
    kept: list[Segment] = []
    for position, sentence in enumerate(script.split(book, left.text)):
        rows = free.get(sentence.text)
        row = rows.pop() if rows else Segment(book=book)
        (kept if row.chapter_id is None and str(row.pk) in cut else added).append(row)
        script.put(row, chapter, position, sentence)
    Segment.objects.bulk_update(kept, script.PLACED, batch_size=100)
    Segment.objects.bulk_create(added, batch_size=script.AT_ONCE)


def get_or_refuse(rows: QuerySet[Any], pk: uuid.UUID) -> Any:
    """The row, unless somebody else took it away just now."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise RefusedError(_("The script was changed just now. Try again."))
    return found


@contextmanager
def _edited(book_id: uuid.UUID) -> Iterator[Book]:
    """The book, held while its chapters change by hand."""
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=book_id)
        yield book
        Book.objects.filter(pk=book_id).update(is_edited=True)


def _plus(field: str, by: int) -> Any:
    return F(field) + by


def _put_text(chapter: Chapter, text: str) -> None:
    Chapter.objects.filter(pk=chapter.pk).update(text=text, characters=len(text))


def _count(book: Book) -> None:
    Book.objects.filter(pk=book.pk).update(characters=sum(book.chapters.values_list("characters", flat=True)))

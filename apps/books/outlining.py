"""The chapters of a book, changed by hand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.books.making import (
    RefusedError,
)
from apps.books.models import Book, Chapter, Part, Segment
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


def remove_chapter(chapter: Chapter) -> None:
    """Leave a chapter out. Its sounds stay, should a later version of the script bring the sentences back."""
    with _edited(chapter.book_id) as book:
        if book.chapters.count() == 1:
            raise RefusedError(_("A book needs a chapter."))
        chapter.segments.update(chapter=None)
        Chapter.objects.filter(pk=chapter.pk).delete()
        _count(book)


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

"""A book's row, held while it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from apps.books import script
from apps.books.making import (
    RefusedError,
)
from apps.books.models import Book


def lay_out(book: Book, compared: script.Compared) -> None:
    try:
        script.lay_out(book, compared)
    except script.ChangedMeanwhileError as error:
        raise RefusedError(_("The script was changed just now. Try again.")) from error


@contextmanager
def held(book: Book) -> Iterator[None]:
    """The book as its row is now, and nobody else at it until we are done."""
    with transaction.atomic():
        book.refresh_from_db(from_queryset=Book.objects.select_for_update(), fields=_CHANGING)
        yield


_CHANGING = ("title", "author", "settings", "marks_speakers", "cleanup", "is_edited", "pause_ms", "chapter_pause_ms")

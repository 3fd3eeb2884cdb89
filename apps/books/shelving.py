"""Books, their chapters and sentences as they are found; a book's name and its end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.books.casting import Wishes, being_made
from apps.books.holding import held
from apps.books.making import (
    RefusedError,
)
from apps.books.models import Book, Chapter, Part
from apps.jobs.models import MOVING, Status
from apps.library.services import shorten
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable

PAGE = 20


def rename(book: Book, *, title: str, author: str | None = None) -> None:
    book.title = shorten(storable(title)) or book.title
    book.author = book.author if author is None else shorten(storable(author))
    book.save(update_fields=["title", "author"])


def books_of(member: Membership, *, before: uuid.UUID | None = None) -> tuple[list[Book], uuid.UUID | None]:
    """The workspace's books, newest first, and where the next page starts."""
    books = Book.objects.visible_to(member).select_related("workspace", "created_by").order_by("-id")
    if before:
        books = books.filter(pk__lt=before)
    page = list(books[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def chapters_of(book: Book) -> list[Any]:
    """Without their texts, each with how far it is: `.count`, `.ready`, `.due`, `.moving`, `.failed`, `.state`.

    state: "empty", "new", "moving", "paused", "failed", "partly" or "ready". All in one query.
    """
    wishes, spoken = Wishes(book), Q(segments__is_silent=False)
    due = wishes.to_make("segments__")
    went_wrong = Q(segments__making__job__status__in=(Status.FAILED, Status.CANCELLED))
    chapters: list[Any] = list(
        book.chapters.defer("text").annotate(
            count=Count("segments", filter=spoken),
            heard=Count("segments", filter=spoken & Q(segments__take__isnull=False)),
            due=Count("segments", filter=due),
            moving=Count("segments", filter=due & being_made("segments__")),
            paused=Count("segments", filter=due & being_made("segments__") & Q(segments__making__job__is_paused=True)),
            failed=Count("segments", filter=due & went_wrong),
        )
    )
    for chapter in chapters:
        chapter.ready = chapter.count - chapter.due
        chapter.state = _state(chapter)
    return chapters


def _state(chapter: Any) -> str:
    if not chapter.count:
        return "empty"
    if chapter.moving:
        return "paused" if chapter.paused == chapter.moving else "moving"
    if chapter.failed:
        return "failed"
    if not chapter.due:
        return "ready"
    return "partly" if chapter.heard else "new"


def failures_of(chapter: Chapter) -> list[Any]:
    """The last jobs of the chapter that failed and whose sentences are still to be made: error, next step, charged."""
    due = chapter.segments.filter(Wishes(chapter.book).to_make(), making__job__status=Status.FAILED)
    parts = Part.objects.filter(pk__in=due.values("making")).select_related("job").order_by("-pk")
    return [part.job for part in parts]


def script_page(chapter: Chapter, *, after: int = -1, size: int = 200) -> list[Any]:
    """Sentences of a chapter in order, from the one after a position on, each with the take that is heard.

    Each has `.is_due`: there is no sound of it that fits.
    """
    rows = chapter.segments.filter(position__gt=after).select_related("take__part", "making__job")
    page: list[Any] = list(rows.annotate(takes_count=Count("takes"))[:size])
    wishes = Wishes(chapter.book)
    for segment in page:
        fits = segment.take is not None and segment.take.settings_hash == wishes.hash(segment.speaker)
        segment.is_due = not segment.is_silent and not fits and not (segment.take and segment.is_chosen)
    return page


def delete_book(book: Book) -> None:
    """Raises RefusedError while something of it is being made. Editions stay in the library."""
    with held(book):
        if Part.objects.filter(book=book, job__status__in=MOVING).exists():
            raise RefusedError(_("Parts of this book are being made. Cancel them first."))
        names = list(Part.objects.filter(book=book).exclude(file="").values_list("file", flat=True))
        names += [str(book.cover.name)] if book.cover else []
        book.delete()
        transaction.on_commit(lambda: _delete_files(names), robust=True)


def _delete_files(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)

"""A chapter, or the whole book, as a file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from apps.books import events
from apps.books.composing import compose
from apps.books.models import Book, Chapter, Edition, EditionStatus
from apps.books.sound import timings
from apps.books.sound.timings import Timing
from apps.books.tasks import render_edition
from apps.library.tasks import ring
from apps.workspaces import tray
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable


class NotReadyError(Exception):
    """Something has no sound yet; `str(error)` is a sentence for the person."""


def render(
    member: Membership,
    book: Book,
    *,
    click: str,
    format: str,
    scope: Book | Chapter | None = None,
    loudness_lufs: float | None = None,
    title: str = "",
) -> Edition:
    """Have a chapter, or the whole book, written as one file. A second press of the button finds the first one's.

    title: empty: the book's, and the chapter's. Raises NotReadyError while a sentence of it has no sound.
    """
    click = storable(click)[:36]
    known = book.editions.filter(click=click).first()
    if known:
        return known
    chapter = scope if isinstance(scope, Chapter) else None
    composition = compose(chapter or book)
    if composition.missing or not composition.heard:
        raise NotReadyError(
            _("%(count)d sentences have no sound yet. Make them first.") % {"count": composition.missing}
            if composition.heard
            else _("Nothing of this is made yet.")
        )
    title = title or (f"{book.title}: {chapter}" if chapter else book.title)
    with transaction.atomic():
        edition, is_new = Edition.objects.get_or_create(
            book=book,
            click=click,
            defaults={
                "workspace": book.workspace,
                "chapter": chapter,
                "scope": "chapter" if chapter else "book",
                "created_by": member.user,
                "title": title[:200],
                "format": format,
                "loudness_lufs": loudness_lufs,
                "fingerprint": composition.fingerprint,
            },
        )
        if is_new:
            transaction.on_commit(lambda: ring(render_edition, edition.pk), robust=True)
            transaction.on_commit(lambda: tray.ring(book.workspace), robust=True)
    return edition


OVER = (EditionStatus.FAILED, EditionStatus.CANCELLED)


def render_chapters(
    member: Membership, book: Book, *, format: str, loudness_lufs: float | None = None
) -> list[Edition]:
    """Have each chapter that is made written as a file of its own, in order. One that was written so already, and
    sounds as it did then, is not written again.

    Raises NotReadyError where no chapter is made.
    """
    found = []
    for number, chapter in enumerate(book.chapters.defer("text"), 1):
        chapter.book = book
        composition = compose(chapter)
        if composition.missing or not composition.heard:
            continue
        loudness = "" if loudness_lufs is None else f"{loudness_lufs:g}"
        click = f"{format}{loudness}-{number}-{composition.fingerprint}"[:36]
        known = book.editions.filter(click=click).first()
        if known and (known.status in OVER or (known.status == EditionStatus.READY and not _is_kept(known))):
            click = str(uuid.uuid4())
        title = f"{book.title}: {number:02d} {chapter}"
        found.append(
            render(member, book, click=click, format=format, scope=chapter, loudness_lufs=loudness_lufs, title=title)
        )
    if not found:
        raise NotReadyError(_("No chapter is made yet."))
    return found


def _is_kept(edition: Edition) -> bool:
    return edition.asset is not None and edition.asset.trashed_at is None


@dataclass(frozen=True)
class ChapterFiles:
    """The chapters of a book that were written alike, in order, the latest of each."""

    format: str
    loudness_lufs: float | None
    editions: list[Edition]
    chapters: int  # of the book

    @property
    def is_complete(self) -> bool:
        return len(self.editions) >= self.chapters


def chapter_files(book: Book, editions: Sequence[Edition]) -> list[ChapterFiles]:
    """Where several chapters are there in one format. editions: the book's, newest first."""
    places = dict(book.chapters.values_list("pk", "position"))
    found: dict[tuple[str, float | None], dict[uuid.UUID, Edition]] = {}
    for edition in editions:
        if edition.chapter_id in places and edition.status == EditionStatus.READY and _is_kept(edition):
            alike = found.setdefault((edition.format, edition.loudness_lufs), {})
            alike.setdefault(edition.chapter_id, edition)
    spoken = book.chapters.filter(segments__is_silent=False).distinct().count()
    return [
        ChapterFiles(format, loudness, [alike[pk] for pk in sorted(alike, key=places.__getitem__)], spoken)
        for (format, loudness), alike in found.items()
        if len(alike) > 1
    ]


def cancel_edition(edition: Edition) -> None:
    """Whoever writes it stops at its next percent."""
    waiting = Edition.objects.filter(pk=edition.pk, status=EditionStatus.WAITING)
    if waiting.update(status=EditionStatus.CANCELLED, leased_until=None):
        events.publish_edition(edition.pk)


def is_current(edition: Edition) -> bool:
    """Whether the script still sounds as it did when the file was made."""
    of = edition.chapter if edition.scope == "chapter" else edition.book
    return of is not None and compose(of).fingerprint == edition.fingerprint


def subtitles_of(edition: Edition, format: str) -> str:
    """Its times as "srt", "vtt" or "json"."""
    write = {"srt": timings.as_srt, "vtt": timings.as_vtt, "json": timings.as_json}[format]
    return write([Timing(*row) for row in edition.timings], edition.sample_rate)

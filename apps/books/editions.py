"""A chapter, or the whole book, as a file."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.books.composing import compose
from apps.books.models import Book, Chapter, Edition, EditionStatus
from apps.books.sound import timings
from apps.books.sound.timings import Timing
from apps.books.tasks import render_edition
from apps.library.tasks import ring
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
) -> Edition:
    """Have a chapter, or the whole book, written as one file. A second press of the button finds the first one's.

    Raises NotReadyError while a sentence of it has no sound.
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
    title = f"{book.title}: {chapter}" if chapter else book.title
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
    return edition


def cancel_edition(edition: Edition) -> None:
    """Whoever writes it stops at its next percent."""
    waiting = Edition.objects.filter(pk=edition.pk, status=EditionStatus.WAITING)
    waiting.update(status=EditionStatus.CANCELLED, leased_until=None)


def is_current(edition: Edition) -> bool:
    """Whether the script still sounds as it did when the file was made."""
    of = edition.chapter if edition.scope == "chapter" else edition.book
    return of is not None and compose(of).fingerprint == edition.fingerprint


def subtitles_of(edition: Edition, format: str) -> str:
    """Its times as "srt", "vtt" or "json"."""
    write = {"srt": timings.as_srt, "vtt": timings.as_vtt, "json": timings.as_json}[format]
    return write([Timing(*row) for row in edition.timings], edition.sample_rate)

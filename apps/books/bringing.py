"""From a pasted text or a document to a book, and its clean-up."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.books import script
from apps.books.casting import Wishes, choose_fitting
from apps.books.documents import UnreadableError, read_document
from apps.books.holding import held, lay_out
from apps.books.making import (
    RefusedError,
)
from apps.books.models import Book, Manuscript
from apps.books.text import chapters as dividing
from apps.books.text import cleaning, plain
from apps.books.text.chapters import ChapterText
from apps.books.text.document import Block, Document, UnreadableDocumentError
from apps.books.wishes import complete
from apps.library.services import shorten
from apps.speech.scripts import normalise
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable

MOST_CHARACTERS = 1_000_000
MOST_DOCUMENT_BYTES = 64 << 20


def create_book(
    member: Membership,
    *,
    title: str = "",
    text: str = "",
    document: UploadedFile | None = None,
    settings: Mapping[str, Any] | None = None,
    click: str = "",
) -> Book:
    """Take in a pasted text or a document, cleaned as suggested and divided into chapters. Nothing is paid.

    A second press of the same button finds the first one's book. Raises RefusedError. Call it outside a transaction:
    reading a document may take a minute.
    """
    click = storable(click)[:36] or str(uuid.uuid4())
    known = Book.objects.visible_to(member).filter(click=click).first()
    if known:
        return known
    if document is not None:
        found, cover = _read(document)
    else:
        found, cover = None, None
        if not text.strip():
            raise RefusedError(_("There is nothing to speak. Paste a text, or bring a document."))
        _check_length(len(text))
        pasted = _as_pasted(normalise(storable(text)))
        found = pasted if pasted and cleaning.find_changes(pasted) else None
    book = Book(
        workspace=member.workspace,
        created_by=member.user,
        click=click,
        title=shorten(storable(title) or (found.title if found else "") or _first_line(text)),
        author=shorten(storable(found.author)) if found else "",
        language=storable(found.language)[:40] if found else "",
        filename=storable(PurePath(document.name or "").name)[:255] if document else "",
        settings=complete(settings or {}),
    )
    if found:
        book.title = book.title or PurePath(book.filename).stem
        book.cleanup = sorted({change.kind for change in cleaning.find_changes(found)})
    new = _divide(book, found, text)
    _check_length(sum(len(each.text) for each in new))
    if not any(script.is_speakable(each.text) for each in new):
        raise RefusedError(_("There is no text in this document that could be spoken."))
    compared = script.compare(book, new)
    if cover:
        book.cover.save("cover", ContentFile(cover), save=False)
    with transaction.atomic():
        book, is_new = Book.objects.get_or_create(
            workspace=book.workspace, click=click, defaults={field: getattr(book, field) for field in _WRITTEN}
        )
        if is_new:
            if found:
                Manuscript.objects.create(book=book, document=as_dictionary(found))
            script.lay_out(book, compared)
    return book


_WRITTEN = ("id", "created_by", "title", "author", "language", "filename", "settings", "cleanup", "cover")


def _read(file: UploadedFile) -> tuple[Document, bytes | None]:
    if (file.size or 0) > MOST_DOCUMENT_BYTES:
        raise RefusedError(
            _("This document is too large: at most %(count)d MB, please.") % {"count": MOST_DOCUMENT_BYTES >> 20}
        )
    with tempfile.TemporaryDirectory(prefix="studio-book-") as folder:
        path = Path(folder) / "document"
        with path.open("wb") as target:
            for block in file.chunks():
                target.write(block)
        try:
            found, cover = read_document(path, file.name or "")
        except UnreadableError as error:
            raise RefusedError(_(error.sentence) if error.sentence else _("This document cannot be read.")) from error
    return as_document(storable(found)), cover


def _as_pasted(text: str) -> Document | None:
    """A pasted text as a document, so that it can be cleaned like one. None: it stays as it is."""
    try:
        return plain.as_document(text)
    except UnreadableDocumentError:
        return None


def as_document(found: Mapping[str, Any]) -> Document:
    return Document(**{**found, "blocks": [Block(**block) for block in found["blocks"]], "cover": None})


def as_dictionary(document: Document) -> dict[str, Any]:
    return {name: value for name, value in asdict(document).items() if name != "cover"}


def _first_line(text: str) -> str:
    return shorten(next((line for line in text.splitlines() if line.strip()), ""), 60)


def _check_length(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise RefusedError(
            _("A book may have %(most)s characters at most; this one has %(count)s.")
            % {"most": f"{MOST_CHARACTERS:,}", "count": f"{characters:,}"}
        )


def _divide(book: Book, document: Document | None, text: str = "") -> list[ChapterText]:
    if document is None:
        return list(dividing.divide_text(normalise(storable(text))))
    return list(dividing.divide(cleaning.apply(document, set(book.cleanup))))


def cleanup_of(book: Book) -> list[Any]:
    """What would be, or was, cleaned: apps.books.text.cleaning.Change. Empty for a pasted text that needs none."""
    manuscript = Manuscript.objects.filter(book=book).first()
    return list(cleaning.find_changes(as_document(manuscript.document))) if manuscript else []


def set_cleanup(book: Book, kinds: Sequence[str]) -> None:
    """Clean with these kinds, from what was brought. What is the same afterwards keeps its sound.

    Raises RefusedError where chapters were changed by hand since: that would be lost.
    """
    manuscript = Manuscript.objects.filter(book=book).first()
    if manuscript is None:
        return
    book.cleanup = sorted(set(kinds))
    new = _divide(book, as_document(manuscript.document))
    _check_length(sum(len(each.text) for each in new))
    compared = script.compare(book, new)
    with held(book):
        if book.is_edited:
            raise RefusedError(_("The script was changed by hand since. Change it there."))
        lay_out(book, compared)
        book.cleanup = sorted(set(kinds))
        book.save(update_fields=["cleanup"])
        choose_fitting(book, Wishes(book))

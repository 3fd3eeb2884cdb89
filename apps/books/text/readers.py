"""Reads what people bring: txt, docx, epub and pdf. What a file is, its first bytes say; its name only helps.

Run it in a process of its own: the files are strangers', and reading one may take long.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path, PurePath

from apps.books.text.archive import DAMAGED, Archive
from apps.books.text.document import Block, Document, UnreadableDocumentError
from apps.minimax.messages import gettext_noop

__all__ = ["Block", "Document", "UnreadableDocumentError", "read_document"]

MOST_BYTES = 200 << 20

TOO_LARGE = gettext_noop("This document is larger than 200 MB.")
EMPTY = gettext_noop("There is no text in this document.")
OLD_WORD = gettext_noop("This is a document of an old Word, or one with a password. Save it as .docx, and bring that.")
RICH_TEXT = gettext_noop("Rich text (.rtf) cannot be read. Save it as .docx or as plain text, and bring that.")
WEB_PAGE = gettext_noop("Web pages cannot be read. Save the text as .docx or as plain text, and bring that.")
OTHER_ZIP = gettext_noop("This is neither a Word document (.docx) nor an electronic book (.epub).")
OTHER = gettext_noop("This is no text: bring .txt, .docx, .epub or .pdf.")

_OTHERS = (
    (b"\xd0\xcf\x11\xe0", OLD_WORD),
    (b"{\\rtf", RICH_TEXT),
    *(
        (magic, OTHER)
        for magic in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"ID3", b"fLaC", b"OggS", b"RIFF", b"\x7fELF")
    ),
    *((magic, OTHER) for magic in (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"MZ\x90")),
)


def read_document(path: Path, filename: str) -> Document:
    """Read a file into blocks. Raises UnreadableDocumentError with a sentence for whoever brought it.

    filename: its stem is the title where the document has none.
    """
    path = Path(path)
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableDocumentError(TOO_LARGE)
    document = _read(path)
    if not any(block.text.strip() for block in document.blocks):
        raise UnreadableDocumentError(EMPTY)
    if document.title:
        return document
    return replace(document, title=PurePath(filename).stem)


def _read(path: Path) -> Document:
    with path.open("rb") as file:
        head = file.read(1024)
    if not head:
        raise UnreadableDocumentError(EMPTY)
    if b"%PDF-" in head:
        from apps.books.text.pdf import read_pdf

        return read_pdf(path)
    if head.startswith(b"PK"):
        return _read_zip(path)
    for magic, sentence in _OTHERS:
        if head.startswith(magic):
            raise UnreadableDocumentError(sentence)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        raise UnreadableDocumentError(WEB_PAGE)
    from apps.books.text.plain import read_text

    return read_text(path)


def _read_zip(path: Path) -> Document:
    if not zipfile.is_zipfile(path):
        raise UnreadableDocumentError(DAMAGED)
    archive = Archive(path)
    names = archive.names
    archive.close()
    if "META-INF/container.xml" in names:
        from apps.books.text.epub import read_epub

        return read_epub(path)
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        from apps.books.text.word import read_word

        return read_word(path)
    raise UnreadableDocumentError(OTHER_ZIP)

"""A CSV file that somebody brings: whatever their spreadsheet wrote, as rows of text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.gallery import Template

MOST_ROWS = 1000
MOST_BYTES = 4 << 20
DELIMITERS = ",;\t|"
# What people call the columns; the first is ours.
PICTURE_COLUMNS = ("picture", "media", "image", "photo", "file", "asset", "filename", "media_inputs")
TEXT_COLUMNS = ("text", "words", "name", "prompt", "text_inputs")


class TableRefusedError(Exception):
    """The table cannot be used; `str(error)` is a sentence for the person."""


@dataclass(frozen=True)
class Line:
    """One row of the table, as it stands there."""

    picture: str  # an asset's id, or the name of a picture that was brought along
    text: str


def read_table(content: bytes, template: Template) -> list[Line]:
    """Return the rows of a CSV. Raises TableRefusedError.

    The first line names the columns. UTF-8 or UTF-16, with or without a byte order mark, else Windows-1252; separated
    by commas, semicolons, tabs or bars. Empty rows are left out.
    """
    if len(content) > MOST_BYTES:
        raise TableRefusedError(
            _("This file is too large for a table: %(count)d MB at most.") % {"count": MOST_BYTES >> 20}
        )
    rows = _parse(_decode(content))
    if not rows:
        raise TableRefusedError(_("This table is empty. Its first line names the columns."))
    names = [name.strip().strip("\ufeff").casefold() for name in rows[0]]
    picture = _find(names, PICTURE_COLUMNS)
    text = _find(names, TEXT_COLUMNS)
    missing = [
        column
        for column, place, is_needed in (
            (PICTURE_COLUMNS[0], picture, template.needs_media),
            (TEXT_COLUMNS[0], text, template.needs_text),
        )
        if is_needed and place is None
    ]
    if missing or (picture is None and text is None):
        wanted = missing or [PICTURE_COLUMNS[0], TEXT_COLUMNS[0]]
        raise TableRefusedError(
            ngettext(
                "The table has no column “%(missing)s”. Its first line says: %(names)s.",
                "The table has none of the columns “%(missing)s”. Its first line says: %(names)s.",
                len(wanted),
            )
            % {"missing": _("” and “").join(wanted), "names": ", ".join(rows[0])[:200]}
        )
    lines = [Line(_cell(row, picture), _cell(row, text)) for row in rows[1:] if any(cell.strip() for cell in row)]
    if not lines:
        raise TableRefusedError(_("The table has a first line that names the columns, and no rows below it."))
    return check_count(lines)


def check_count(lines: list[Line]) -> list[Line]:
    if len(lines) > MOST_ROWS:
        raise TableRefusedError(
            _("That makes %(count)s films; a batch takes %(most)s at most. Split it.")
            % {"count": f"{len(lines):,}", "most": f"{MOST_ROWS:,}"}
        )
    return lines


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Iterable[str] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise TableRefusedError(_("This file is not a text that can be read. Save the table as CSV (UTF-8)."))


def _parse(text: str) -> list[list[str]]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise TableRefusedError(_("This table cannot be read: %(why)s.") % {"why": error}) from error
    return [row for row in rows if any(cell.strip() for cell in row)]


def _find(names: list[str], known: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _cell(row: list[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""

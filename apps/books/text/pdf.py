"""PDF: pages of placed letters. Lines become paragraphs again, and what only a page needs is told apart."""

from __future__ import annotations

import ctypes
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from apps.books.text.archive import DAMAGED, PROTECTED
from apps.books.text.document import (
    MOST_CHARACTERS,
    TOO_LONG,
    Block,
    Document,
    Kind,
    UnreadableDocumentError,
    check_length,
)
from apps.books.text.headings import read_heading
from apps.minimax.messages import gettext_noop

MOST_PAGES = 6_000
FEW_LINES = 5  # on a page: too few to say how far apart lines are
COVER_PIXELS = 1200
COVER_CHARACTERS = 400  # a first page with more text is no cover

TOO_MANY_PAGES = gettext_noop("This PDF has too many pages for one book. Bring it in parts, please.")
NO_TEXT = gettext_noop(
    "This PDF has no text, only pictures of pages. Run it through text recognition (OCR) first, then bring it again."
)

_BROKEN_WORD = (0xFFFE, 2)  # what PDFium puts for a hyphen at the end of a line, and for the end of that line
_ENDS = re.compile(r"[.!?…:。！？：؟۔।॥]['\"”’»›」』）)\]]*\s*$")
_PAGE_NUMBER = re.compile(
    r"[\s\-–—·.|\[(]*(?:page|seite|p\.|s\.|стр\.|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:页|頁|ページ)?"
    r"(?:\s*(?:/|of|von|sur|из)\s*\d{1,4})?[\s\-–—·.|\])]*",
    re.I,
)
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡]{1,3})[.)]?\s*\S")
_RAISED = re.compile(r"(?<=[^\W\d_])[^\S\n]?\d{1,3}(?!\d)|(?<=[.,;:!?”\"’)»])[^\S\n]?\d{1,3}(?![\d.,])")


@dataclass
class _Line:
    text: str
    page: int
    left: float
    right: float
    base: float  # where its letters stand, from the bottom of the page
    size: float  # points
    kind: Kind = "paragraph"  # or "page_number" or "running_head"


@dataclass
class _Paragraph:
    lines: list[_Line]
    after: list[_Line] = field(default_factory=list)  # what stood between its parts on two pages

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def read_pdf(path: Path) -> Document:
    """Raises UnreadableDocumentError."""
    try:
        opened = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        is_locked = exc.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
        raise UnreadableDocumentError(PROTECTED if is_locked else DAMAGED) from exc
    try:
        return _read(opened)
    except pypdfium2.PdfiumError as exc:
        raise UnreadableDocumentError(DAMAGED) from exc
    finally:
        opened.close()


def _read(opened: pypdfium2.PdfDocument) -> Document:
    if len(opened) > MOST_PAGES:
        raise UnreadableDocumentError(TOO_MANY_PAGES)
    pages = list(_pages(opened))
    lines = [line for page in pages for line in page]
    letters = sum(len(line.text) for line in lines)
    if letters < 20 + 5 * len(pages):
        raise UnreadableDocumentError(NO_TEXT)
    body = _body_size(lines)
    _mark_furniture(pages, body)
    known = opened.get_metadata_dict(skip_empty=True)
    blocks = _blocks(_paragraphs(pages), body, _bookmarks(opened))
    return Document(
        title=known.get("Title", "").strip(),
        author=known.get("Author", "").strip(),
        cover=_cover(opened, pages[0]),
        blocks=check_length(blocks),
        is_typeset=True,
    )


# --- lines ------------------------------------------------------------------------------------------------------------


def _pages(opened: pypdfium2.PdfDocument) -> Iterator[list[_Line]]:
    total = 0
    for number in range(len(opened)):
        try:
            page = opened[number]
            letters = page.get_textpage()
        except pypdfium2.PdfiumError:
            yield []  # a broken page must not cost the others
            continue
        count = letters.count_chars()
        total += count
        if total > MOST_CHARACTERS:
            raise UnreadableDocumentError(TOO_LONG)
        yield _lines(letters, count, number + 1)
        letters.close()
        page.close()


def _lines(letters: pypdfium2.PdfTextPage, count: int, page: int) -> list[_Line]:
    codes = [raw.FPDFText_GetUnicode(letters, index) for index in range(count)]
    rows: list[list[int]] = []  # indexes of the letters of a line
    row: list[int] = []
    for index, code in enumerate(codes):
        if code not in (10, 13):
            row.append(index)
        if code in (10, 13, *_BROKEN_WORD):
            rows.append(row)
            row = []
    rows.append(row)
    lines: list[tuple[_Line, list[int]]] = []
    for row in rows:
        while row and codes[row[0]] in (0, 32):
            row.pop(0)
        while row and codes[row[-1]] in (0, 32):
            row.pop()
        if not row:
            continue
        line = _line(letters, codes, row, page)
        if lines and _is_same_row(lines[-1][0], line):
            row = [*lines[-1][1], *row]  # a raised number had cut it in two
            lines[-1] = (_line(letters, codes, row, page), row)
        else:
            lines.append((line, row))
    return [line for line, _row in lines]


def _is_same_row(before: _Line, line: _Line) -> bool:
    size = max(before.size, line.size)
    return abs(before.base - line.base) < 0.55 * size and -1 < line.left - before.right < 1.5 * size


def _line(letters: pypdfium2.PdfTextPage, codes: Sequence[int], row: Sequence[int], page: int) -> _Line:
    inked = [index for index in row if codes[index] != 32]  # PDFium makes up blanks, without a size
    size = _size(letters, inked[len(inked) // 2])
    base = _base(letters, inked[len(inked) // 2])
    text = _text([codes[index] for index in row])
    if len(text) == len(row):
        for found in reversed(list(_RAISED.finditer(text))):
            digits = found[0].strip()
            first = row[found.end() - len(digits)]
            if _size(letters, first) < 0.95 * size and _base(letters, first) > base + 0.15 * size:
                text = f"{text[: found.start()]}[{digits}]{text[found.end() :]}"
    return _Line(text, page, _box(letters, row[0])[0], _box(letters, row[-1])[2], base, size)


def _text(codes: Sequence[int]) -> str:
    pieces = ("-" if code in _BROKEN_WORD else chr(code) for code in codes if code and code < 0x110000)
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\ufffd", "")


def _box(letters: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(letters, index, left, right, bottom, top)
    return left.value, bottom.value, right.value, top.value


def _base(letters: pypdfium2.PdfTextPage, index: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(letters, index, x, y)
    return y.value


def _size(letters: pypdfium2.PdfTextPage, index: int) -> float:
    matrix = raw.FS_MATRIX()
    scale = math.hypot(matrix.c, matrix.d) if raw.FPDFText_GetMatrix(letters, index, matrix) else 1.0
    return round(raw.FPDFText_GetFontSize(letters, index) * (scale or 1.0), 1)


# --- what only a page needs -------------------------------------------------------------------------------------------


def _mark_furniture(pages: Sequence[Sequence[_Line]], body: float) -> None:
    """Page numbers, and lines at the edge of pages that other pages have too."""
    often: Counter[str] = Counter()
    edges = [_edges(page) for page in pages]
    for edge in edges:
        often.update({_as_head(line.text) for line in {id(line): line for side in edge for line in side}.values()})
    for page, sides in zip(pages, edges, strict=True):
        step = _step(page)
        for outermost, inner in sides:
            if len(pages) > 1 and _is_page_number(outermost.text) and not _is_numeral_word(outermost.text):
                outermost.kind = "page_number"
            elif outermost.size < 1.15 * body and _is_head(outermost, often, page, max(step, body)):
                outermost.kind = "running_head"
            else:
                continue
            if inner.kind != "paragraph":
                continue
            if abs(inner.base - outermost.base) < 2 and _is_page_number(inner.text):
                inner.kind = "page_number"  # on the same line
            elif inner.size < 1.15 * body and _is_head(inner, often, page, max(step, body)):
                inner.kind = "running_head"


def _edges(page: Sequence[_Line]) -> list[tuple[_Line, _Line]]:
    """The outermost line of the top and of the bottom of a page, each with the one beside it."""
    by_height = sorted(page, key=lambda line: -line.base)
    return [(by_height[0], by_height[1]), (by_height[-1], by_height[-2])] if len(by_height) > 2 else []


def _step(page: Sequence[_Line]) -> float:
    """From one line to the next, in the middle of all."""
    steps = sorted(above.base - below.base for above, below in pairwise(page) if above.base > below.base)
    return steps[len(steps) // 2] if steps else 0.0


def _is_head(line: _Line, often: Counter[str], page: Sequence[_Line], step: float) -> bool:
    """Whether other pages have it too, and the text keeps off it."""
    if often[_as_head(line.text)] < 3 or len(line.text) >= 120:
        return False
    others = [abs(each.base - line.base) for each in page if each.kind == "paragraph" and each is not line]
    return min((distance for distance in others if distance > 2), default=math.inf) > 1.15 * step


def _as_head(text: str) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", text.lower()).strip()


def _is_page_number(text: str) -> bool:
    return len(text) < 40 and _PAGE_NUMBER.fullmatch(text) is not None


def _is_numeral_word(text: str) -> bool:
    """A lone "I", or a chapter's "IV": page numbers in Roman numerals are small."""
    return not any(map(str.isdigit, text)) and not text.strip().islower()


# --- paragraphs -------------------------------------------------------------------------------------------------------


def _paragraphs(pages: Sequence[Sequence[_Line]]) -> list[_Paragraph]:
    found: list[_Paragraph] = []
    usual = _step([line for page in pages for line in page if line.kind == "paragraph"])
    for page in pages:
        text = [line for line in page if line.kind == "paragraph"]
        furniture = [line for line in page if line.kind != "paragraph"]
        if text:
            left = _common(line.left for line in text)
            right = max(line.right for line in text)
            step = _step(text) if len(text) > FEW_LINES else usual
            before: _Line | None = None
            for line in text:
                if before is None:
                    begins = not (found and _continues(found[-1], line, left))
                else:
                    begins = _begins(before, line, left, right, step)
                if begins:
                    found.append(_Paragraph([line]))
                else:
                    found[-1].lines.append(line)
                before = line
        if furniture:
            if found:
                found[-1].after += furniture
            else:
                found.append(_Paragraph([], furniture))
    return found


def _common(values: Iterator[float]) -> float:
    return Counter(round(value) for value in values).most_common(1)[0][0]


def _begins(before: _Line, line: _Line, left: float, right: float, step: float) -> bool:
    """Whether a line is the first of a paragraph: indented, set apart, of another size, or after a short line."""
    if abs(line.size - before.size) > 0.6:
        return True
    gap = before.base - line.base
    if step and (gap > 1.45 * step or gap < -step):
        return gap > 0 or _ENDS.search(before.text) is not None  # a new column is no new paragraph by itself
    is_indented = (
        left + 0.6 * line.size < line.left < left + 6 * line.size and before.left < line.left - 0.5 * line.size
    )
    if is_indented:
        return True
    room = right - before.right
    return room > 0.12 * (right - left) and (_ENDS.search(before.text) is not None or room > 0.5 * (right - left))


def _continues(paragraph: _Paragraph, line: _Line, left: float) -> bool:
    """Whether the first line of a page goes on the paragraph before."""
    if not paragraph.lines or abs(paragraph.lines[-1].size - line.size) > 0.6 or read_heading(line.text):
        return False
    last = paragraph.lines[-1].text
    if line.text[:1].islower() or last.endswith("-"):
        return True
    if _ENDS.search(last):
        return False
    return line.left < left + 0.6 * line.size and len(paragraph.lines) + len(last) > 40


def _body_size(lines: Sequence[_Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size)] += len(line.text)
    return sizes.most_common(1)[0][0] or 1.0


def _blocks(paragraphs: Sequence[_Paragraph], body: float, bookmarks: dict[tuple[int, str], int]) -> list[Block]:
    sizes = sorted({round(each.lines[0].size) for each in paragraphs if _looks_like_heading(each, body)}, reverse=True)
    blocks: list[Block] = []
    for paragraph in paragraphs:
        if paragraph.lines:
            first = paragraph.lines[0]
            text = paragraph.text
            level = bookmarks.get((first.page, _plain(text)), 0)
            if not level and _looks_like_heading(paragraph, body):
                level = sizes.index(round(first.size)) + 1
            elif not level and len(paragraph.lines) == 1 and read_heading(text):
                level = len(sizes) + 1
            if level:
                blocks.append(Block("heading", level, text, first.page))
            elif first.size < 0.9 * body and _NOTE.match(text):
                blocks.append(Block("note", 0, text, first.page))
            else:
                blocks.append(Block("paragraph", 0, text, first.page))
        blocks += [Block(line.kind, 0, line.text, line.page) for line in paragraph.after]
    return blocks


def _looks_like_heading(paragraph: _Paragraph, body: float) -> bool:
    if not paragraph.lines or len(paragraph.lines) > 3:
        return False
    text = paragraph.text
    is_large = min(line.size for line in paragraph.lines) >= 1.15 * body
    return is_large and len(text) <= 160 and any(map(str.isalnum, text))


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _bookmarks(opened: pypdfium2.PdfDocument) -> dict[tuple[int, str], int]:
    """(page, title without its blanks and marks) → level."""
    found: dict[tuple[int, str], int] = {}
    for number, mark in enumerate(opened.get_toc(max_depth=5)):
        if number > 5_000:
            break
        target = mark.get_dest()
        index = target.get_index() if target else None
        if index is not None and _plain(mark.get_title()):
            found[index + 1, _plain(mark.get_title())] = mark.level + 1
    return found


def _cover(opened: pypdfium2.PdfDocument, first: Sequence[_Line]) -> bytes | None:
    """The first page as a picture, if it looks like a cover."""
    width, height = opened.get_page_size(0)
    if sum(len(line.text) for line in first) > COVER_CHARACTERS or not (10 < width < 10_000 and 10 < height < 10_000):
        return None
    picture = opened[0].render(scale=COVER_PIXELS / max(width, height)).to_pil()
    target = io.BytesIO()
    picture.convert("RGB").save(target, "JPEG", quality=85)
    return target.getvalue()

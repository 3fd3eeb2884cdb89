"""Text files: which letters their bytes mean, and where paragraphs end."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from pathlib import Path

from apps.books.text.document import MOST_CHARACTERS, TOO_LONG, Block, Document, Kind, UnreadableDocumentError
from apps.minimax.messages import gettext_noop

BINARY = gettext_noop("This is not a text: it consists of characters that nobody can read.")
SAMPLE_BYTES = 128 << 10

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of several encodings that can be: the one in which the most frequent characters of its language are frequent.
_FREQUENT = {
    "gb18030": "的一是不了人我在有他这中大来上个国和也子时道说到们为地出就那要会",
    "big5": "的一是不了人我在有他這中大來上個國和也子時道說到們為地出就那要會",
    "cp932": "のにはをたがでてとしれさるいなかもらりこ、。「」っすま",
    "euc_jp": "のにはをたがでてとしれさるいなかもらりこ、。「」っすま",
    "cp949": "이다는에을의가고하를은지한도로서그있나",
}
_SINGLE_BYTE = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r", "cp866"]
_WESTERN = "ÄÖÜäöüßÀÁÂÇÈÉÊÅÆØÑÓÔàáâãçèéêëîïíñóôõúûåæø".encode("cp1252")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|p\.|стр\.|第)?\s*\d{1,4}\s*(?:页|頁|ページ)?(?:\s*(?:/|of|von)\s*\d{1,4})?\W*", re.I
)


def read_text(path: Path) -> Document:
    """Raises UnreadableDocumentError."""
    return as_document(decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n"))


def as_document(text: str) -> Document:
    """A text with one kind of newline, as if it had been a file. Raises UnreadableDocumentError."""
    if len(text) > MOST_CHARACTERS:
        raise UnreadableDocumentError(TOO_LONG)
    if len(_CONTROLS.findall(text)) > len(text) // 5:
        raise UnreadableDocumentError(BINARY)
    return Document(blocks=_blocks(text))


def decode(data: bytes) -> str:
    """Raises UnreadableDocumentError where no encoding makes a text of it."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if "\0" not in text:
            return text
    return data.decode(_guess(data), "replace")


def _guess(data: bytes) -> str:
    sample = data[: SAMPLE_BYTES & ~1]
    without_bom = _utf16_without_bom(sample)
    if without_bom:
        return without_bom
    best, most = "", 0.0
    for encoding, frequent in _FREQUENT.items():
        text = sample.decode(encoding, "replace")
        letters = [character for character in text if character > "\x7f"]
        if not letters or text.count("\ufffd") > 2 + len(letters) // 500:
            continue
        share = sum(map(Counter(letters).__getitem__, set(frequent))) / len(letters)
        if share > most:
            best, most = encoding, share
    if most > 0.08:
        return best
    from charset_normalizer import from_bytes  # a pasted text needs none of it

    found = from_bytes(sample, cp_isolation=_SINGLE_BYTE, threshold=0.9).best()
    if found is None:
        raise UnreadableDocumentError(BINARY)
    return "cp1252" if found.encoding in {"cp1250", "cp1254", "cp1257"} and _is_western(sample) else found.encoding


def _is_western(sample: bytes) -> bool:
    """Whether the letters of western Europe explain it as well: then it is them."""
    high = Counter(byte for byte in sample if byte >= 0xC0 or byte in b"\x8c\x8f\x9c\x9f\xa5\xaf\xb3\xb9\xbf")
    west = sum(count for byte, count in high.items() if byte in _WESTERN)
    return west >= 0.9 * high.total()


def _utf16_without_bom(sample: bytes) -> str:
    """Blanks and line ends tell: one of their two bytes is zero."""
    if len(sample) < 4:
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        plain = sum(character.isspace() or unicodedata.category(character)[0] in "LMNP" for character in text)
        blanks = sum(character in " \n\r。，、।" for character in text)
        if "\ufffd" not in text and "\0" not in text and plain > 0.85 * len(text) and blanks > 0.015 * len(text):
            return encoding
    return ""


# --- paragraphs -------------------------------------------------------------------------------------------------------


def _blocks(text: str) -> list[Block]:
    pages = text.split("\f")
    heads = _running_lines(pages) if len(pages) > 3 else set()
    has_blank_lines = len(_BLANK_LINES.findall(text)) > text.count("\n") // 50
    blocks = []
    for number, page in enumerate(pages, 1):
        place = number if len(pages) > 1 else None
        page, furniture = _without_furniture(page, heads, place) if len(pages) > 3 else (page, [])
        pieces = _BLANK_LINES.split(page) if has_blank_lines else page.split("\n")
        blocks += [Block("paragraph", 0, piece.strip("\n"), place) for piece in pieces if piece.strip()]
        blocks += furniture
    return blocks


def _edges(page: str) -> list[str]:
    lines = [line.strip() for line in page.split("\n") if line.strip()]
    return [lines[0], lines[-1]] if len(lines) > 2 else []


def _as_head(line: str) -> str:
    return re.sub(r"\d+", "#", line.lower()).strip()


def _is_page_number(line: str) -> bool:
    return len(line) < 40 and _PAGE_NUMBER.fullmatch(line) is not None


def _running_lines(pages: list[str]) -> set[str]:
    often = Counter(_as_head(line) for page in pages for line in set(_edges(page)))
    return {line for line, count in often.items() if count >= 3 and len(line) < 100}


def _without_furniture(page: str, heads: set[str], place: int | None) -> tuple[str, list[Block]]:
    """A page without the head and the number that its edges have in common with others, and these as blocks."""
    lines = page.split("\n")
    filled = [index for index, line in enumerate(lines) if line.strip()]
    furniture: list[Block] = []
    for index in {*filled[:1], *filled[-1:]} if len(filled) > 2 else set():
        line = lines[index].strip()
        if _as_head(line) in heads or _is_page_number(line):
            kind: Kind = "page_number" if _is_page_number(line) else "running_head"
            furniture.append(Block(kind, 0, line, place))
            lines[index] = ""
    return "\n".join(lines), furniture

"""Documents of Word (docx)."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.opc.exceptions import OpcError
from lxml import etree

from apps.books.text.archive import DAMAGED, ENTITIES, Archive, decode_xml, parse_xml
from apps.books.text.document import Block, Document, UnreadableDocumentError, check_length

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SKIPPED = {
    *(f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "txbxContent", "tblPr", "sectPr")),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_HEADING = re.compile(r"heading (\d)", re.I)
DAMAGES = (
    *(OpcError, etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError),
    *(KeyError, ValueError, AttributeError, TypeError, IndexError, AssertionError),
)  # what python-docx raises over parts that are missing or not what they should be
_DEEPEST = 200  # tables in tables in tables


def read_word(path: Path) -> Document:
    """Raises UnreadableDocumentError."""
    archive = Archive(path)
    try:
        for name in archive.names:
            if name.endswith((".xml", ".rels")) and "<!DOCTYPE" in archive.read(name)[:4096].decode("latin-1").upper():
                raise UnreadableDocumentError(ENTITIES)
            if name.endswith((".xml", ".rels")) and archive.read(name)[:2] in (b"\xff\xfe", b"\xfe\xff"):
                decode_xml(archive.read(name))
    finally:
        archive.close()
    try:
        return _read(path)
    except DAMAGES as exc:
        raise UnreadableDocumentError(DAMAGED) from exc


def _read(path: Path) -> Document:
    opened = docx.Document(str(path))
    levels = _heading_levels(opened)
    notes = _notes(opened)
    blocks: list[Block] = []
    title = ""
    for paragraph in _paragraphs(opened.element.body, 0):
        text, marks = _text_of(paragraph)
        if text.strip():
            style = _style_of(paragraph)
            level = _outline_level(paragraph) or levels.get(style, 0)
            if not title and style in {"Title", "Titel"}:
                title = " ".join(text.split())
            blocks.append(Block("heading" if level else "paragraph", level, text.strip()))
        blocks += [Block("note", 0, notes[mark]) for mark in marks if notes.get(mark)]
    properties = opened.core_properties
    return Document(
        title=_told(properties.title) or title,
        author=_told(properties.author),
        language=(properties.language or "").strip() or _language(opened),
        blocks=check_length(blocks),
    )


def _told(value: str | None) -> str:
    """What a document says of itself; the library fills in its own words where it says nothing."""
    value = (value or "").strip()
    return "" if value in {"python-docx", "Word Document"} else value


def _language(opened: Any) -> str:
    found = opened.styles.element.find(f"{_W}docDefaults/{_W}rPrDefault/{_W}rPr/{_W}lang")
    return "" if found is None else found.get(f"{_W}val") or ""


def _heading_levels(opened: Any) -> dict[str, int]:
    """Style id → level, also of styles that are based on headings."""
    own: dict[str, int] = {}
    based: dict[str, str] = {}
    for style in opened.styles.element.iterchildren(f"{_W}style"):
        style_id = style.get(f"{_W}styleId") or ""
        name = style.find(f"{_W}name")
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        base = style.find(f"{_W}basedOn")
        heading = _HEADING.fullmatch(name.get(f"{_W}val") or "") if name is not None else None
        if heading:
            own[style_id] = int(heading[1])
        elif outline is not None and (outline.get(f"{_W}val") or "").isdecimal():
            level = int(outline.get(f"{_W}val"))
            own[style_id] = level + 1 if level < 9 else 0
        elif base is not None:
            based[style_id] = base.get(f"{_W}val") or ""
    for style_id in based:
        seen, base_id = {style_id}, based[style_id]
        while base_id in based and base_id not in seen:
            seen.add(base_id)
            base_id = based[base_id]
        if own.get(base_id):
            own[style_id] = own[base_id]
    return own


def _style_of(paragraph: etree._Element) -> str:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return "" if style is None else style.get(f"{_W}val") or ""


def _outline_level(paragraph: etree._Element) -> int:
    outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
    value = "" if outline is None else outline.get(f"{_W}val") or ""
    return int(value) + 1 if value.isdecimal() and int(value) < 9 else 0


def _paragraphs(parent: etree._Element, depth: int) -> Iterator[etree._Element]:
    """Paragraphs in the order of reading, also those of tables, frames and fields."""
    if depth > _DEEPEST:
        return
    for child in parent.iterchildren():
        if child.tag == f"{_W}p":
            yield child
            for box in child.iter(f"{_W}txbxContent"):
                if not any(each.tag in _SKIPPED - {f"{_W}txbxContent"} for each in box.iterancestors()):
                    yield from _paragraphs(box, depth + 1)
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _paragraphs(child, depth + 1)


def _text_of(paragraph: etree._Element) -> tuple[str, list[str]]:
    """Its text, and the notes it refers to."""
    pieces: list[str] = []
    marks: list[str] = []
    walker = etree.iterwalk(paragraph, events=("start",))
    for _, element in walker:
        if element.tag in _SKIPPED or (element.tag == f"{_W}r" and _is_hidden(element)):
            walker.skip_subtree()
        elif element.tag == f"{_W}t":
            pieces.append(element.text or "")
        elif element.tag == f"{_W}tab":
            pieces.append("\t")
        elif element.tag in {f"{_W}br", f"{_W}cr"}:
            pieces.append("\n" if element.get(f"{_W}type") in {None, "textWrapping"} else "")
        elif element.tag == f"{_W}noBreakHyphen":
            pieces.append("-")
        elif element.tag == f"{_W}softHyphen":
            pieces.append("\u00ad")
        elif element.tag in {f"{_W}footnoteReference", f"{_W}endnoteReference"}:
            mark = f"{element.tag.removeprefix(_W)[:-9]}{element.get(f'{_W}id')}"
            marks.append(mark)
            pieces.append(f"[{element.get(f'{_W}id')}]")
    return "".join(pieces), marks


def _is_hidden(run: etree._Element) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val") not in {"0", "false"}


def _notes(opened: Any) -> dict[str, str]:
    """ "footnote3" → its text."""
    notes: dict[str, str] = {}
    for relation in opened.part.rels.values():
        name = relation.reltype.rsplit("/", 1)[-1]
        if name not in {"footnotes", "endnotes"} or relation.is_external:
            continue
        for note in parse_xml(relation.target_part.blob).iterchildren(f"{_W}{name[:-1]}"):
            if note.get(f"{_W}type") in {None, "normal"}:
                texts = [_text_of(paragraph)[0].strip() for paragraph in _paragraphs(note, 0)]
                notes[f"{name[:-1]}{note.get(f'{_W}id')}"] = " ".join(text for text in texts if text)
    return notes

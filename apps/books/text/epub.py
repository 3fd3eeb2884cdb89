"""Electronic books (epub). They are zip files of XHTML: the only library for them is under a licence that spreads."""

from __future__ import annotations

import html
import html.entities
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from lxml import etree
from lxml import html as lenient

from apps.books.text.archive import DAMAGED, PROTECTED, Archive, decode_xml, parse_xml
from apps.books.text.document import Block, Document, Kind, UnreadableDocumentError, check_length

MOST_COVER_BYTES = 20 << 20

_TYPE = "{http://www.idpf.org/2007/ops}type"
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_SKIPPED = {"script", "style", "head", "svg", "math", "nav", "rt", "rp", "audio", "video", "object", "iframe"}
_BLOCK_NAMES = """
    p div section article aside blockquote li ul ol dl dt dd table thead tbody tr td th pre figure figcaption hr body
    header footer main address center h1 h2 h3 h4 h5 h6
"""
_BLOCKS = set(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NOTES = {"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note"}
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_MARK = re.compile(r"\s*[\[(]?(\d{1,4}|[*†‡]{1,3})[\])]?\s*")
_SPACES = re.compile(r"[ \t\r\f\n]+")


def read_epub(path: Path) -> Document:
    """Raises UnreadableDocumentError."""
    archive = Archive(path)
    try:
        return _read(archive)
    finally:
        archive.close()


def _read(archive: Archive) -> Document:
    _check_protection(archive)
    container = parse_xml(archive.read("META-INF/container.xml"))
    roots = [each.get("full-path") for each in container.iter("{*}rootfile")]
    if not roots or not roots[0]:
        raise UnreadableDocumentError(DAMAGED)
    package = parse_xml(archive.read(roots[0]))
    folder = posixpath.dirname(roots[0])
    items = {each.get("id"): each for each in package.iter("{*}item")}
    spine = [
        items[each.get("idref")]
        for each in package.iter("{*}itemref")
        if each.get("idref") in items and each.get("linear") != "no"
    ]
    titles = _contents(archive, folder, items.values())
    blocks: list[Block] = []
    for item in spine:
        name = _path(folder, item.get("href"))
        if "nav" in (item.get("properties") or "").split() or name not in archive.names:
            continue
        if "html" not in (item.get("media-type") or "html"):
            continue
        found = list(_blocks(parse_page(archive.read(name))))
        if name in titles and found and not any(block.kind == "heading" for block in found):
            blocks.append(Block("heading", 1, titles[name]))
        blocks += found
        check_length(blocks)
    return Document(
        title=_metadata(package, "title"),
        author=", ".join(_all_metadata(package, "creator")),
        language=_metadata(package, "language"),
        cover=_cover(archive, package, folder, items),
        blocks=blocks,
    )


def _check_protection(archive: Archive) -> None:
    if "META-INF/encryption.xml" not in archive.names:
        return
    for method in parse_xml(archive.read("META-INF/encryption.xml")).iter("{*}EncryptionMethod"):
        if method.getparent().tag.endswith("EncryptedData") and method.get("Algorithm") not in _FONTS_ONLY:
            raise UnreadableDocumentError(PROTECTED)


def _path(folder: str, href: str | None) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote((href or "").split("#")[0])))


def _all_metadata(package: etree._Element, name: str) -> list[str]:
    texts = (
        " ".join("".join(each.itertext()).split())
        for each in package.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}")
    )
    return [text for text in texts if text]


def _metadata(package: etree._Element, name: str) -> str:
    return next(iter(_all_metadata(package, name)), "")


def _cover(
    archive: Archive, package: etree._Element, folder: str, items: dict[str | None, etree._Element]
) -> bytes | None:
    named = [each.get("content") for each in package.iter("{*}meta") if each.get("name") == "cover"]
    found = [each for each in items.values() if "cover-image" in (each.get("properties") or "").split()]
    found += [items[name] for name in named if name in items]
    for item in found:
        name = _path(folder, item.get("href"))
        if name in archive.names and (item.get("media-type") or "").startswith("image/"):
            return archive.read(name, MOST_COVER_BYTES)
    return None


def _contents(archive: Archive, folder: str, items: Iterable[etree._Element]) -> dict[str, str]:
    """File → what the book's own table of contents calls it."""
    titles: dict[str, str] = {}
    for item in items:
        name = _path(folder, item.get("href"))
        if name not in archive.names:
            continue
        if "nav" in (item.get("properties") or "").split():
            entries = [(each.get("href"), each) for each in parse_page(archive.read(name)).iter("{*}a", "a")]
        elif item.get("media-type") == "application/x-dtbncx+xml":
            points = parse_xml(archive.read(name)).iter("{*}navPoint")
            entries = [
                (point.find("{*}content").get("src"), point.find("{*}navLabel"))
                for point in points
                if point.find("{*}content") is not None and point.find("{*}navLabel") is not None
            ]
        else:
            continue
        for href, label in entries:
            title = " ".join("".join(label.itertext()).split())
            if title:
                titles.setdefault(_path(posixpath.dirname(name), href), title)
    return titles


# --- pages ------------------------------------------------------------------------------------------------------------


def parse_page(data: bytes) -> etree._Element:
    """XHTML as it should be, or as it is. Raises UnreadableDocumentError."""
    text = _NAMED.sub(_named, decode_xml(data))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        pass
    try:
        return lenient.document_fromstring(text.encode(), parser=lenient.HTMLParser(encoding="utf-8", huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as exc:
        if not text.strip():
            return etree.Element("html")
        raise UnreadableDocumentError(DAMAGED) from exc


_KNOWN = {name.removesuffix(";") for name in html.entities.html5}


def _named(found: re.Match[str]) -> str:
    """XML knows five names only, XHTML of books uses all of HTML's."""
    return html.unescape(found[0]) if found[1] in _KNOWN else f"&amp;{found[1]};"


def _name(element: etree._Element) -> str:
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def _types(element: etree._Element) -> set[str]:
    roles = (element.get("role") or "").replace("doc-", "").split()
    return {*(element.get(_TYPE) or element.get("epub:type") or "").split(), *roles}


class _Page:
    """Collects the text of the elements that are open, and closes a block wherever one begins or ends."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.pieces: list[str] = []
        self.level = 0
        self.notes = 0  # how many open elements are notes

    def close(self) -> None:
        text = "\n".join(" ".join(line.split(" ")).strip() for line in "".join(self.pieces).split("\n")).strip()
        if text:
            kind: Kind = "note" if self.notes else "heading" if self.level else "paragraph"
            self.blocks.append(Block(kind, self.level if kind == "heading" else 0, text))
        self.pieces = []


def _blocks(root: etree._Element) -> Iterator[Block]:
    page = _Page()
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        if event in {"comment", "pi"}:
            if element is not root:
                page.pieces.append(_SPACES.sub(" ", element.tail or ""))
            continue
        name = _name(element)
        if event == "start":
            if name in _SKIPPED or "pagebreak" in _types(element) or _is_note_mark(element, name):
                walker.skip_subtree()
                if _is_note_mark(element, name):
                    page.pieces.append(f"[{_mark_of(element)}]")
                continue
            if name in _BLOCKS:
                page.close()
                page.level = _HEADINGS.get(name, page.level)
                page.notes += bool(_types(element) & _NOTES)
            elif name == "br":
                page.pieces.append("\n")
            text = element.text or ""
            page.pieces.append(text if name == "pre" else _SPACES.sub(" ", text))
        else:
            if name in _BLOCKS and name not in _SKIPPED:
                page.close()
                page.notes -= bool(_types(element) & _NOTES)
                if name in _HEADINGS:
                    page.level = 0
            if element is not root:
                page.pieces.append(_SPACES.sub(" ", element.tail or ""))
    page.close()
    yield from page.blocks


def _mark_of(element: etree._Element) -> str:
    found = _MARK.fullmatch("".join(element.itertext()))
    return found[1] if found else ""


def _is_note_mark(element: etree._Element, name: str) -> bool:
    if name == "a" and "noteref" in _types(element):
        return bool(_mark_of(element))
    if name == "sup":
        return bool(_mark_of(element)) and (element.find(".//{*}a") is not None or element.find(".//a") is not None)
    return name == "a" and element.find("{*}sup") is not None and bool(_mark_of(element))

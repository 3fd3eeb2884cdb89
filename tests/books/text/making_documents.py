"""Real documents, made from scratch: what the readers are tried on."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
OPF = """<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>
<dc:language>{language}</dc:language></metadata>
<manifest>{items}<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>
<spine><itemref idref="nav"/>{refs}</spine></package>"""
XHTML = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>not spoken</title></head><body>{body}</body></html>'
)
PNG = b"\x89PNG\r\n\x1a\n picture"


def make_epub(
    path: Path,
    pages: Mapping[str, str],
    *,
    title: str = "A book",
    author: str = "An author",
    language: str = "en",
    nav: str = "",
    extra: Mapping[str, bytes] | None = None,
) -> Path:
    """pages: file name → what stands in its body."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages)
    )
    refs = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr(
            "OEBPS/book.opf", OPF.format(title=title, author=author, language=language, items=items, refs=refs)
        )
        book.writestr("OEBPS/cover.png", PNG)
        book.writestr("OEBPS/nav.xhtml", XHTML.format(body=f'<nav epub:type="toc">{nav}</nav>'))
        for name, body in pages.items():
            book.writestr(f"OEBPS/{name}", XHTML.format(body=body))
        for name, data in (extra or {}).items():
            book.writestr(name, data)
    return path


def make_word(path: Path, blocks: Sequence[tuple[str, str]], *, title: str = "", notes: Sequence[str] = ()) -> Path:
    """blocks: ("heading 1", text) or ("paragraph", text); "{note 1}" in a text refers to the first note."""
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = "An author"
    for kind, text in blocks:
        if kind.startswith("heading"):
            document.add_heading(text, int(kind[-1]))
            continue
        paragraph = document.add_paragraph()
        for number, piece in enumerate(text.split("{note ")):
            if number:
                reference = OxmlElement("w:footnoteReference")
                reference.set(qn("w:id"), piece[0])
                paragraph.add_run()._r.append(reference)
                piece = piece[2:]
            paragraph.add_run(piece)
    if notes:
        inner = "".join(
            f'<w:footnote w:id="{number}"><w:p><w:r><w:t>{note}</w:t></w:r></w:p></w:footnote>'
            for number, note in enumerate(notes, 1)
        )
        xml = f"<w:footnotes {nsdecls('w')}>{inner}</w:footnotes>"
        assert parse_xml(xml) is not None
        part = Part(
            PackURI("/word/footnotes.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
            xml.encode(),
            document.part.package,
        )
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(str(path))
    return path


# --- PDF --------------------------------------------------------------------------------------------------------------


def make_pdf(path: Path, pages: Sequence[Sequence[tuple[float, float, float, str]]], *, title: str = "") -> Path:
    """pages: lines as (x, y, size, text) in points from the lower left corner of 595 × 842.

    The font is not embedded; each letter is its own code with its own width, told by a ToUnicode table.
    """
    used = sorted({letter for page in pages for *_, text in page for letter in text})
    codes = {letter: number for number, letter in enumerate(used, 1)}
    table = "".join(f"<{codes[letter]:04x}> <{letter.encode('utf-16-be').hex()}>\n" for letter in used)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        + "".join(
            f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n"
            for part in (table.splitlines()[at : at + 100] for at in range(0, len(used), 100))
        )
        + "endcmap end end"
    )
    widths = " ".join(f"{codes[letter]} [{1000 if ord(letter) >= 0x2E80 else 500}]" for letter in used)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{8 + 2 * n} 0 R' for n in range(len(pages)))}] >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Made /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Made /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity)"
        f" /Supplement 0 >> /FontDescriptor 5 0 R /DW 500 /W [{widths}] >>",
        "<< /Type /FontDescriptor /FontName /Made /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 /Ascent 800"
        " /Descent -200 /CapHeight 700 /StemV 80 >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        f"<< /Title ({title}) >>",
    ]
    for number, page in enumerate(pages):
        drawn = "\n".join(
            f"BT /F {size} Tf 1 0 0 1 {x} {y} Tm <{''.join(f'{codes[letter]:04x}' for letter in text)}> Tj ET"
            for x, y, size, text in page
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {9 + 2 * number} 0 R"
            " /Resources << /Font << /F 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    data, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += "".join(f"{offset:010d} 00000 n \n" for offset in offsets).encode()
    data += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    path.write_bytes(data)
    return path


def set_page(
    paragraphs: Sequence[str], *, columns: int = 60, size: float = 11, top: float = 740
) -> list[tuple[float, float, float, str]]:
    """Paragraphs as a typesetter sets them: the first line indented, the others full, words broken with a hyphen."""
    lines: list[tuple[float, float, float, str]] = []
    y = top
    for paragraph in paragraphs:
        words, line, is_first = paragraph.split(), "", True
        while words or line:
            room = columns - (3 if is_first else 0)
            while words and len(line) + len(words[0]) + bool(line) <= room:
                line += (" " if line else "") + words.pop(0)
            if words and len(words[0]) > 9 and room - len(line) > 6:
                cut = room - len(line) - 2
                line += f" {words[0][:cut]}-"
                words[0] = words[0][cut:]
            lines.append((72 + (16 if is_first else 0), y, size, line))
            line, is_first = "", False
            y -= size * 1.3
            if not words:
                break
    return lines

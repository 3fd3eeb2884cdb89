"""Zip files and XML from strangers: what is too much is refused before it is unpacked."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from lxml import etree

from apps.books.text.document import UnreadableDocumentError
from apps.minimax.messages import gettext_noop

MOST_MEMBERS = 20_000
MOST_BYTES = 300 << 20  # of all members, unpacked
MOST_XML_BYTES = 60 << 20  # of one member
MOST_RATIO = 150  # text packs to a tenth; only a trap to a thousandth

DAMAGED = gettext_noop("This document is damaged: it cannot be opened.")
TRAP = gettext_noop("This document unpacks to more than any book holds. It was not opened.")
PROTECTED = gettext_noop("This document is protected by a password or by its shop. Bring one that is not, please.")
ENTITIES = gettext_noop("This document defines XML entities of its own, which is not safe to read. It was not opened.")

_DEFINITION = re.compile(r"<!ENTITY", re.I)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.I)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")


class Archive:
    """A zip file that was looked through: its members can be read one at a time."""

    def __init__(self, path: Path) -> None:
        """Raises UnreadableDocumentError."""
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
            raise UnreadableDocumentError(DAMAGED) from exc
        members = self._zip.infolist()
        unpacked = sum(member.file_size for member in members)
        packed = max(1, sum(member.compress_size for member in members))
        if len(members) > MOST_MEMBERS or unpacked > MOST_BYTES:
            raise UnreadableDocumentError(TRAP)
        if unpacked > 20 << 20 and unpacked / packed > MOST_RATIO:
            raise UnreadableDocumentError(TRAP)
        if any(member.flag_bits & 1 for member in members):
            raise UnreadableDocumentError(PROTECTED)
        self.names = {member.filename for member in members}

    def read(self, name: str, most: int = MOST_XML_BYTES) -> bytes:
        """A member. `zipfile` never gives more than its header says. Raises UnreadableDocumentError."""
        try:
            if self._zip.getinfo(name).file_size > most:
                raise UnreadableDocumentError(TRAP)
            return self._zip.read(name)
        except (KeyError, zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as exc:
            raise UnreadableDocumentError(DAMAGED) from exc

    def close(self) -> None:
        self._zip.close()


def decode_xml(data: bytes) -> str:
    """XML as text, without its declaration and its document type. Raises UnreadableDocumentError."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        declared = _DECLARED.match(data)
        try:
            text = data.decode(declared[1].decode() if declared else "utf-8-sig", "replace")
        except LookupError:
            text = data.decode("utf-8", "replace")
    text = text.lstrip("\ufeff \t\r\n\0")
    if _DEFINITION.search(text):
        raise UnreadableDocumentError(ENTITIES)
    if text.startswith("<?xml"):
        text = text[text.find("?>") + 2 :]
    return _DOCTYPE.sub("", text, count=1)


def parse_xml(data: bytes) -> etree._Element:
    """Raises UnreadableDocumentError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(decode_xml(data).encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise UnreadableDocumentError(DAMAGED) from exc

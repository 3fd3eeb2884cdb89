"""An XMP packet: how pictures and films say who or what made them, for every program that reads metadata."""

from __future__ import annotations

import re
from html import unescape
from xml.sax.saxutils import escape

from apps.provenance.carriers.blocks import Words

NAMESPACE = "urn:studio:settings#"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LARGEST = 256_000  # bytes that are looked at
# As an element, or as an attribute where another program has written the packet anew.
FOUND = re.compile(r"<studio:settings>(.*?)</studio:settings>|\bstudio:settings=\"(.*?)\"", re.DOTALL)
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def packet(words: Words, *, with_settings: bool = True) -> bytes:
    source = f' Iptc4xmpExt:DigitalSourceType="{SOURCE}"' if words.is_ai else ""
    settings = f"<studio:settings>{_text(words.settings)}</studio:settings>" if with_settings and words.settings else ""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmlns:studio="{NAMESPACE}"{source}>'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{_text(words.title)}</rdf:li></rdf:Alt></dc:title>'
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{_text(words.comment)}</rdf:li></rdf:Alt>'
        f"</dc:description>{settings}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode("utf-8", "replace")


def settings_in(packet: bytes) -> str:
    found = FOUND.search(packet[:LARGEST].decode("utf-8", "replace"))
    return unescape(found[1] or found[2] or "") if found else ""


def _text(words: str) -> str:
    return escape(NOT_IN_XML.sub("", words))

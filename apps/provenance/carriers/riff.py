"""WAV and WebP: RIFF files, made of chunks."""

from __future__ import annotations

import struct
from typing import IO

from apps.provenance.carriers import id3, xmp
from apps.provenance.carriers.blocks import MOST_PARTS, NotCarriedError, Words, copy, exactly, length_of

LARGEST = 8 << 20  # of a chunk with words
TAGS = (b"id3 ", b"ID3 ")
XMP = b"XMP "
HAS_XMP, HAS_ALPHA = 0x04, 0x10  # flags of a WebP file

Chunk = tuple[bytes, int, int]  # name, place of its data, length


def read(file: IO[bytes]) -> str:
    kind, chunks = _chunks(file)
    for name, place, length in chunks:
        if length <= LARGEST and (name in TAGS if kind == b"WAVE" else name == XMP):
            file.seek(place)
            data = exactly(file, length)
            if found := id3.settings_in(data) if kind == b"WAVE" else xmp.settings_in(data):
                return found
    return ""


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    kind, chunks = _chunks(source)
    old = b""
    for name, place, length in chunks:
        if name in TAGS and length <= LARGEST:
            source.seek(place)
            old = exactly(source, length)
    added = (b"id3 ", id3.tag(words, old)) if kind == b"WAVE" else (XMP, xmp.packet(words))
    first = b"" if kind == b"WAVE" else _extended(source, chunks)
    kept = [chunk for chunk in chunks if chunk[0] not in (*TAGS, XMP, b"VP8X" if first else b"")]
    size = 4 + len(first) + sum(8 + length + length % 2 for _name, _place, length in kept)
    size += 8 + len(added[1]) + len(added[1]) % 2
    if size > 0xFFFF_FFFF:
        raise NotCarriedError("the file is too long for another part")
    target.write(b"RIFF" + struct.pack("<I", size) + kind + first)
    for name, place, length in kept:
        target.write(name + struct.pack("<I", length))
        source.seek(place)
        copy(source, target, length)
        target.write(b"\0" * (length % 2))
    target.write(added[0] + struct.pack("<I", len(added[1])) + added[1] + b"\0" * (len(added[1]) % 2))


def _chunks(file: IO[bytes]) -> tuple[bytes, list[Chunk]]:
    """Raises NotCarriedError also where a length is not true, as in sound that was sent while it was made."""
    end = length_of(file)
    head = exactly(file, 12)
    if not head.startswith(b"RIFF"):
        raise NotCarriedError("this is no RIFF file")
    found: list[Chunk] = []
    place = 12
    while place + 8 <= end and len(found) < MOST_PARTS:
        file.seek(place)
        name, length = struct.unpack("<4sI", exactly(file, 8))
        if place + 8 + length > end:
            raise NotCarriedError("a part is longer than the file")
        found.append((name, place + 8, length))
        place += 8 + length + length % 2
    if place < end - 8 or not found:
        raise NotCarriedError("too many parts")
    return head[8:12], found


def _extended(file: IO[bytes], chunks: list[Chunk]) -> bytes:
    """The head of a WebP file that says it has XMP, made where the file has none."""
    name, place, _length = chunks[0]
    file.seek(place)
    if name == b"VP8X":
        data = exactly(file, 10)
        return b"VP8X" + struct.pack("<I", 10) + bytes((data[0] | HAS_XMP,)) + data[1:]
    head = exactly(file, 10)
    if name == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[6:10]))
        flags = HAS_XMP
    elif name == b"VP8L" and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = HAS_XMP | (HAS_ALPHA if bits >> 28 & 1 else 0)
    else:
        raise NotCarriedError("this is no WebP picture")
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<I", 10) + bytes((flags, 0, 0, 0)) + sides

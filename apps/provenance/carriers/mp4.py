"""MP4, M4A and MOV: XMP in a box of its own at the end, so that nothing before it moves."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from apps.provenance.carriers import xmp
from apps.provenance.carriers.blocks import MOST_PARTS, NotCarriedError, Words, copy, exactly, length_of

XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@dataclass(frozen=True)
class Box:
    name: bytes
    place: int
    length: int  # its head included
    is_xmp: bool
    is_open: bool  # reaches to the end of the file, whatever that is


def read(file: IO[bytes]) -> str:
    found = ""
    for box in _boxes(file):
        if box.is_xmp and 24 < box.length <= xmp.LARGEST:
            file.seek(box.place + 24)
            found = xmp.settings_in(exactly(file, box.length - 24)) or found
    return found


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    boxes = list(_boxes(source))
    if not boxes or any(box.is_open for box in boxes):
        raise NotCarriedError("there is no end to write at")
    data = xmp.packet(words)
    ours = struct.pack(">I4s", len(data) + 24, b"uuid") + XMP_ID + data
    # An index of fragments has to stay the last: players look for it from the end.
    before = boxes[-1].place if boxes[-1].name == b"mfra" else None
    for box in boxes:
        if box.place == before:
            target.write(ours)
        source.seek(box.place)
        if box.is_xmp:  # what it says is no longer so; its place stays, so that nothing moves
            target.write(exactly(source, 4) + b"free")
            target.write(b"\0" * (box.length - 8))
        else:
            copy(source, target, box.length)
    if before is None:
        target.write(ours)


def _boxes(file: IO[bytes]) -> Iterator[Box]:
    end, place = length_of(file), 0
    for _count in range(MOST_PARTS):
        if place >= end:
            return
        file.seek(place)
        length, name = struct.unpack(">I4s", exactly(file, 8))
        is_open, head = length == 0, 8
        if is_open:
            length = end - place
        elif length == 1:
            length, head = int.from_bytes(exactly(file, 8), "big"), 16
        if length < head or place + length > end:
            raise NotCarriedError("a part is longer than the file")
        is_xmp = name == b"uuid" and head == 8 and length >= 24 and exactly(file, 16) == XMP_ID
        yield Box(name, place, length, is_xmp, is_open)
        place += length
    raise NotCarriedError("too many parts")

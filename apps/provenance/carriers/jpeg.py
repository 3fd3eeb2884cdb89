from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from apps.provenance.carriers import xmp
from apps.provenance.carriers.blocks import MOST_PARTS, NotCarriedError, Words, copy, exactly

HEAD = b"http://ns.adobe.com/xap/1.0/\0"
LARGEST = 0xFFFF - 2
APP0, APP1, SCAN = 0xE0, 0xE1, 0xDA


def read(file: IO[bytes]) -> str:
    for marker, data in _segments(file):
        if marker == APP1 and data.startswith(HEAD):
            return xmp.settings_in(data[len(HEAD) :])
    return ""


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    data = HEAD + xmp.packet(words)
    if len(data) > LARGEST:
        raise NotCarriedError("the settings are too long")
    target.write(b"\xff\xd8")
    is_written = False
    for marker, segment in _segments(source):
        if not is_written and marker != APP0:  # the first of all may be nothing but JFIF's
            target.write(_segment(APP1, data))
            is_written = True
        if marker == APP1 and segment.startswith(HEAD):
            continue
        target.write(_segment(marker, segment))
    copy(source, target)


def _segments(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """All up to and with the head of the first scan; what follows is the picture."""
    if exactly(file, 2) != b"\xff\xd8":
        raise NotCarriedError("this is no JPEG")
    for _count in range(MOST_PARTS):
        if exactly(file, 1) != b"\xff":
            raise NotCarriedError("there is no segment where one should be")
        marker = 0xFF
        while marker == 0xFF:
            marker = exactly(file, 1)[0]
        length = int.from_bytes(exactly(file, 2), "big")
        if length < 2:
            raise NotCarriedError("a segment without a length")
        yield marker, exactly(file, length - 2)
        if marker == SCAN:
            return
    raise NotCarriedError("too many parts")


def _segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data

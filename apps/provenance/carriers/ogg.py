"""Opus in Ogg. Its second page holds the comments; the pages after it stay as they are, so it has to stay one page."""

from __future__ import annotations

from typing import IO

from apps.provenance.carriers import vorbis
from apps.provenance.carriers.blocks import NotCarriedError, Words, copy, exactly

SIGN = b"OpusTags"
MOST_IN_PAGE = 255 * 255 - 1


def _table() -> list[int]:
    found = []
    for number in range(256):
        value = number << 24
        for _bit in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
        found.append(value)
    return found


TABLE = _table()


def read(file: IO[bytes]) -> str:
    _page(file)
    _head, data = _page(file)
    return vorbis.settings_in(data[len(SIGN) :]) if data.startswith(SIGN) else ""


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    first_head, first = _page(source)
    head, old = _page(source)
    if not first.startswith(b"OpusHead") or not old.startswith(SIGN) or head[-1] == 255:
        raise NotCarriedError("the comments are not where they should be")
    made = SIGN + vorbis.comments(words, old[len(SIGN) :])
    if len(made) > MOST_IN_PAGE:
        raise NotCarriedError("the settings are too long")
    target.write(first_head + first)
    lacing = b"\xff" * (len(made) // 255) + bytes((len(made) % 255,))
    page = head[:22] + b"\0\0\0\0" + bytes((len(lacing),)) + lacing + made
    target.write(page[:22] + _checksum(page).to_bytes(4, "little") + page[26:])
    copy(source, target)


def _page(file: IO[bytes]) -> tuple[bytes, bytes]:
    """The head of the next page, its table included, and what is on it."""
    head = exactly(file, 27)
    if not head.startswith(b"OggS"):
        raise NotCarriedError("there is no page where one should be")
    head += exactly(file, head[26])
    return head, exactly(file, sum(head[27:]))


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = (value << 8 ^ TABLE[value >> 24 ^ byte]) & 0xFFFFFFFF
    return value

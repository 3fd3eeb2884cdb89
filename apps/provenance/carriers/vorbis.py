"""The comments of FLAC and Ogg files: a maker, then `NAME=value` in UTF-8."""

from __future__ import annotations

import struct

from apps.provenance.carriers.blocks import KEY, NotCarriedError, Words

NAME = KEY.upper()


def settings_in(block: bytes) -> str:
    for comment in _parse(block)[1]:
        name, _is, value = comment.partition(b"=")
        if name.decode("ascii", "replace").upper() == NAME:
            return value.decode("utf-8", "replace")
    return ""


def comments(words: Words, old: bytes) -> bytes:
    """The words, and what else an older block held."""
    maker, kept = _parse(old) if old else (b"studio", [])
    ours = {"TITLE": words.title, "COMMENT": words.comment, NAME: words.settings}
    found = [each for each in kept if each.partition(b"=")[0].decode("ascii", "replace").upper() not in ours]
    found += [f"{name}={value}".encode("utf-8", "replace") for name, value in ours.items() if value]
    return _long(maker) + struct.pack("<I", len(found)) + b"".join(_long(each) for each in found)


def _parse(block: bytes) -> tuple[bytes, list[bytes]]:
    try:
        maker, place = _take(block, 0)
        (count,) = struct.unpack_from("<I", block, place)
        place += 4
        found = []
        for _number in range(min(count, 10_000)):
            one, place = _take(block, place)
            found.append(one)
    except struct.error as exc:
        raise NotCarriedError("the comments cannot be read") from exc
    return maker, found


def _take(block: bytes, place: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<I", block, place)
    end = place + 4 + length
    if end > len(block):
        raise NotCarriedError("the comments cannot be read")
    return block[place + 4 : end], end


def _long(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data

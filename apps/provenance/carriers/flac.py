from __future__ import annotations

from typing import IO

from apps.provenance.carriers import vorbis
from apps.provenance.carriers.blocks import NotCarriedError, Words, copy, exactly

COMMENTS, LAST = 4, 0x80
MOST_BLOCKS = 128


def read(file: IO[bytes]) -> str:
    return next((vorbis.settings_in(data) for kind, data in _blocks(file) if kind == COMMENTS), "")


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    blocks = _blocks(source)  # the sound follows
    old = next((data for kind, data in blocks if kind == COMMENTS), b"")
    made = [each for each in blocks if each[0] != COMMENTS]
    made.insert(1, (COMMENTS, vorbis.comments(words, old)))
    target.write(b"fLaC")
    for place, (kind, data) in enumerate(made):
        target.write(bytes((kind | (LAST if place == len(made) - 1 else 0),)) + len(data).to_bytes(3, "big") + data)
    copy(source, target)


def _blocks(file: IO[bytes]) -> list[tuple[int, bytes]]:
    if exactly(file, 4) != b"fLaC":
        raise NotCarriedError("this is no FLAC file")
    found: list[tuple[int, bytes]] = []
    while len(found) < MOST_BLOCKS:
        head = exactly(file, 4)
        found.append((head[0] & 0x7F, exactly(file, int.from_bytes(head[1:], "big"))))
        if head[0] & LAST:
            return found
    raise NotCarriedError("too many parts")

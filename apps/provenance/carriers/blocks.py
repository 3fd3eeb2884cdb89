"""What the carriers have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

KEY = "studio.settings"  # the name of the settings in every kind of file
LONGEST = 60_000  # bytes of settings: what fits into one segment of a JPEG and one page of an Ogg file
BLOCK = 1 << 20
MOST_PARTS = 100_000  # of one file; a fragmented film has thousands


class NotCarriedError(Exception):
    """The file is not built as its kind should be, or has no room."""


@dataclass(frozen=True)
class Words:
    """What is written into a file."""

    settings: str  # JSON, see docs/provenance.md; at most LONGEST bytes
    title: str
    comment: str  # for people, e.g. "Made with AI: Image · image-01"
    is_ai: bool  # whether a machine made it; then pictures and films say so in the words of the press (IPTC)


def exactly(file: IO[bytes], count: int) -> bytes:
    """Raises NotCarriedError where the file ends before."""
    found = file.read(count)
    if len(found) != count:
        raise NotCarriedError("the file ends too early")
    return found


def copy(source: IO[bytes], target: IO[bytes], count: int | None = None) -> None:
    """`count` bytes, or all that are left."""
    left = count
    while left is None or left > 0:
        block = source.read(BLOCK if left is None else min(BLOCK, left))
        if not block:
            if left is None:
                return
            raise NotCarriedError("the file ends too early")
        target.write(block)
        left = None if left is None else left - len(block)


def length_of(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return end

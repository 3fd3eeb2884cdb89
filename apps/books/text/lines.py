"""Which line breaks a writer made, and which the width of a page made."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.books.text.scripts import UNSPACED, width

WIDEST = 120  # columns: a longer line was not broken for a page
NARROWEST = 36
_ENDS = re.compile(r"[.!?…:;。！？；：｡؟۔।॥]['\"”’»›」』）)\]]*\s*$")
_FIRST_WORD = re.compile(r"\s*(\S+)")


def find_soft_breaks(lines: Sequence[str]) -> list[bool]:
    """For each line of one paragraph but the last, whether the sentence may go on in the next line.

    It does where the next line's first word would not have fitted, or where a line without an end is followed by a
    small letter.
    """
    widths = [width(line.strip()) for line in lines]
    widest = max(widths, default=0)
    is_wrapped = NARROWEST <= widest <= WIDEST
    return [
        _goes_on(before, after) or (is_wrapped and taken + _room_for(after) > widest)
        for before, after, taken in zip(lines, lines[1:], widths, strict=False)
    ]


def _goes_on(before: str, after: str) -> bool:
    return bool(before.strip()) and after.lstrip()[:1].islower() and not _ENDS.search(before)


def _room_for(line: str) -> int:
    found = _FIRST_WORD.match(line)
    if not found:
        return 0
    if UNSPACED.match(found[1]):
        return 5  # two characters and a mark that may not begin a line
    return 1 + width(found[1])

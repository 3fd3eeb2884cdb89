"""Pauses at the edges of a sentence. MiniMax takes one between words only, so those are silence of our own."""

from __future__ import annotations

import re

_FIRST = re.compile(r"\s*<#(\d{0,2}(?:\.\d{1,2})?)#>\s*")
_LAST = re.compile(r"\s*<#(\d{0,2}(?:\.\d{1,2})?)#>\s*$")


def bare(text: str) -> tuple[str, int, int]:
    """The text without the pauses it begins and ends with, and their milliseconds: before and after."""
    lead = tail = 0
    while (found := _FIRST.match(text)) and found[1]:
        lead += round(1000 * float(found[1]))
        text = text[found.end() :]
    while (found := _LAST.search(text)) and found[1]:
        tail += round(1000 * float(found[1]))
        text = text[: found.start()]
    return text, lead, tail

"""Which way of writing a character belongs to."""

from __future__ import annotations

import re
from itertools import pairwise

# Written without spaces between words: Thai, Lao, Burmese, Khmer, and all of East Asia but Hangul.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\uabff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
UNSPACED = re.compile(f"[{_UNSPACED}\U00020000-\U0003ffff]")
_WITHOUT_SPACE_BEFORE = re.compile(f"[{_UNSPACED}\U00020000-\U0003ffff“”‘’「」『』（）]")


def join_lines(before: str, after: str) -> str:
    """What stands between two lines when they become one: nothing where a script knows no spaces."""
    if not before or not after:
        return ""
    both = _WITHOUT_SPACE_BEFORE.match(before[-1]) and _WITHOUT_SPACE_BEFORE.match(after[0])
    return "" if both and (UNSPACED.match(before[-1]) or UNSPACED.match(after[0])) else " "


_BREAK = re.compile(r"[^\S\n]*\n\s*")


def flatten(text: str) -> str:
    """One line of it."""
    if "\n" not in text:
        return text
    lines = [line for line in _BREAK.split(text.strip()) if line]
    flat = lines[:1]
    for before, after in pairwise(lines):
        flat += [join_lines(before, after), after]
    return "".join(flat)


def width(text: str) -> int:
    """Columns of a line on paper: characters of East Asia take two."""
    return len(text) if text.isascii() else len(text) + len(UNSPACED.findall(text))

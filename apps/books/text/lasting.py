"""How long a text lasts when it is spoken, as far as its letters tell."""

from __future__ import annotations

import re

# Of a usual voice at its usual pace: a million characters of English are about 17 hours.
LETTERS_PER_SECOND = 13.0
SYLLABLES_PER_SECOND = 7.0  # kana and hangul
IDEOGRAPHS_PER_SECOND = 4.5

_UNSPOKEN = re.compile(r"<#[^<>#\n]{0,20}#>|[\W_]+")  # pauses; blanks, marks and dots that only lead the eye
_SYLLABLES = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7a3]")
_IDEOGRAPHS = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def spoken_s(text: str, *, speed: float = 1.0) -> float:
    """About how many seconds; some voices are a third quicker or slower. Pauses written into the text are left out."""
    letters = _UNSPOKEN.sub("", text)
    others = letters if letters.isascii() else _IDEOGRAPHS.sub("", letters)
    ideographs = len(letters) - len(others)
    plain = others if others.isascii() else _SYLLABLES.sub("", others)
    syllables = len(others) - len(plain)
    seconds = len(plain) / LETTERS_PER_SECOND + syllables / SYLLABLES_PER_SECOND + ideographs / IDEOGRAPHS_PER_SECOND
    return seconds / speed

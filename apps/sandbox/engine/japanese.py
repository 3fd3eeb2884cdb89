"""Kana for frequent kanji words: espeak-ng reads kana only.

Best effort: a kanji that is not in the list is read in Chinese if there is no kana beside it; otherwise espeak-ng says
that it is a Chinese letter.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path


@cache
def _readings() -> dict[str, str]:
    lines = Path(__file__).with_name("kana.txt").read_text().splitlines()
    return {word: kana for word, kana in (line.split() for line in lines)}  # noqa: C416 - split gives lists, not pairs


@cache
def _known() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_readings(), key=len, reverse=True)))


def kana_of(text: str, origins: list[int]) -> tuple[str, list[int]]:
    out, places, place = "", list[int](), 0
    for found in _known().finditer(text):
        kana = _readings()[found.group()]
        out += text[place : found.start()] + kana
        places += origins[place : found.start()] + [origins[found.start()]] * len(kana)
        place = found.end()
    return out + text[place:], places + origins[place:]

"""What a text tells about a recording of it: its language, and how many syllables must be heard."""

from __future__ import annotations

import re
from collections import Counter

from apps.sandbox.engine.languages import CODES, guess_latin, reader_of, script_of

_NAMES = {code: name for name, code in reversed(CODES.items())}
_VOWELS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœıăāąęěėūůűőаеёиоуыэюяіїєαεηιουωάέήίόύώ]+", re.IGNORECASE)
_SILENT_E = re.compile(r"[^aeiouyl]e$|[^td]ed$", re.IGNORECASE)
_TOLERANCE = 1.2  # syllables that run into each other are heard as one


def language_of(text: str) -> str:
    """MiniMax's name of the language; "" when nothing is said."""
    counts = Counter(script for char in text if (script := script_of(char)))
    if not counts:
        return ""
    if counts["kana"]:
        return "Japanese"
    script = counts.most_common(1)[0][0]
    code = guess_latin(text, "en-us") if script == "latin" else reader_of(script, text, "en-us", guess=True)
    return _NAMES.get(code, "English")


def count_syllables(text: str) -> float:
    count = 0.0
    for word in re.findall(r"[^\W\d_]+|\d", text):
        if word.isdigit():
            count += 1.5
            continue
        scripts = {script_of(char) for char in word}
        if scripts & {"han", "kana", "hangul"}:
            count += len(word)
        elif scripts & {"latin", "cyrillic", "greek"}:
            groups = len(_VOWELS.findall(word))
            count += max(1, groups - (1 if groups > 1 and _SILENT_E.search(word) else 0))
        else:
            count += max(1.0, len(word) * 0.5)
    return count


def similarity(text: str, heard: float) -> float:
    """0 to 1: whether so many syllables can be this text. There is no recogniser here that could tell more."""
    wanted = count_syllables(text)
    return min(1.0, _TOLERANCE * min(wanted, heard) / max(wanted, heard, 1.0))

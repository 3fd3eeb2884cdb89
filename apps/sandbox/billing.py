"""How a text is counted, by the rule of `apps.minimax.text`: that would bring pydantic here. A test compares."""

from __future__ import annotations

import re

_IDEOGRAPH = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # ASCII control characters other than tab and newline


def billed_characters(text: str) -> int:
    """One Chinese ideograph counts as two."""
    return len(text) + len(_IDEOGRAPH.findall(text))


def word_count(text: str) -> int:
    """Spoken units: ideographs, digits, letters."""
    return sum(char.isalnum() for char in text)


def invisible_ratio(text: str) -> float:
    return len(_INVISIBLE.findall(text)) / len(text) if text else 0.0

"""How a text is counted."""

from __future__ import annotations


def is_ideograph(char: str) -> bool:
    return (
        "\u3400" <= char <= "\u4dbf"
        or "\u4e00" <= char <= "\u9fff"
        or "\uf900" <= char <= "\ufaff"
        or char >= "\U00020000"
    )


def billed_characters(text: str) -> int:
    """One Chinese ideograph counts as two."""
    return len(text) + sum(is_ideograph(char) for char in text)


def word_count(text: str) -> int:
    """Spoken units: ideographs, digits, letters."""
    return sum(char.isalnum() for char in text)


def invisible_ratio(text: str) -> float:
    """ASCII control characters other than tab and newline."""
    return sum((char < " " and char not in "\t\n") or char == "\x7f" for char in text) / len(text) if text else 0.0

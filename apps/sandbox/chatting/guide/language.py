"""Words, sentences, lists and quotations, as far as a small program can tell them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.sandbox.chatting.tokens import HAN

_STOP = (
    "a about all also am an and any are as at be been but by can could did do does for from get give had has "
    "have he her him his how i if in into is it its just let ll make me more most my no not of on or our out "
    "please she should so some tell than that the their them then there these they this to up us use used was "
    "we were what when where which who whom whose why will with would you your yours many much want need know "
    "show say may might must often put behind inject"
)
STOP_WORDS = frozenset(_STOP.split())
NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"a couple of": 2, "a pair of": 2, "a dozen": 12, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100}

_WORD = re.compile(
    rf"[A-Za-z\u00c0-\u024f0-9][A-Za-z\u00c0-\u024f0-9.'’-]*[A-Za-z\u00c0-\u024f0-9]|[A-Za-z0-9]|[{HAN}]"
)
_SENTENCE = re.compile(r"(?<=[.!?。！？])[\"”’)]*\s+|(?<=[。！？])|\n{2,}")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」|《([^》]+)》|‘([^’]+)’|(?<!\w)'([^']+)'(?!\w)|`([^`]+)`")
_FENCE = re.compile(r"^```[^\n]*\n(.*?)(?:```|\Z)", re.S | re.M)
_HAN = re.compile(f"[{HAN}]")


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]


def is_chinese(text: str) -> bool:
    han = len(_HAN.findall(text))
    return han > 0 and han * 2 >= sum(char.isascii() and char.isalpha() for char in text) // 3


def stem(word: str) -> str:
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsoe":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


def stems(text: str) -> list[str]:
    """What a text is about."""
    return [stem(word) for word in words(text) if word.lower() not in STOP_WORDS]


def quotations(text: str) -> list[str]:
    return [next(group for group in found.groups() if group) for found in _QUOTED.finditer(text)]


def given_text(text: str) -> str:
    """The text that a request brings along: fenced, after a colon, below a line break, or in quotation marks."""
    fenced = _FENCE.search(text)
    if fenced:
        return fenced.group(1).strip()
    head, colon, rest = text.partition("\n")
    if colon and rest.strip() and len(words(head)) <= 20:
        return rest.strip()
    found = re.search(r"[:：]\s*(?!//)(\S.*)\Z", text, re.S)
    if found and len(words(text[: found.start()])) <= 20:
        return found.group(1).strip().strip('“”"') if found.group(1)[0] in '“"' else found.group(1).strip()
    quoted = quotations(text)
    return max(quoted, key=len) if quoted else ""


def items(text: str) -> list[str]:
    """The members of a list, however it is written."""
    lines = [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) > 1:
        return lines
    separator = ";" if ";" in text else None
    parts = text.split(separator) if separator else re.split(r"[,，、]|\s+and\s+|\s+or\s+", text)
    found = [re.sub(r"^(?:and|or)\s+", "", part.strip()).strip(" .") for part in parts]
    found = [part for part in found if part]
    return found if len(found) > 1 else text.split()


def number_in(text: str) -> int | None:
    found = re.search(r"(?<![\w.])(\d{1,9})(?![\w.]*\d)", text)
    if found:
        return int(found.group(1))
    for word, value in NUMBER_WORDS.items():
        if re.search(rf"\b{word}\b", text, re.I):
            return value
    return None


def joined(parts: Iterable[str], word: str = "and") -> str:
    everything = list(parts)
    if len(everything) < 2:
        return "".join(everything)
    return f"{', '.join(everything[:-1])} {word} {everything[-1]}"


def grouped(number: float) -> str:
    return f"{number:,}"

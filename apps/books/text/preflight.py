"""What can be said about a long text before it costs anything: counted as MiniMax counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.books.text import sentences
from apps.minimax import catalogue
from apps.minimax import text as counting
from apps.minimax.messages import gettext_noop

ILLEGAL_SOME = gettext_noop("Invisible characters are left out by MiniMax, and billed.")
ILLEGAL_MANY = gettext_noop("More than a tenth of the text consists of invisible characters: MiniMax would refuse it.")


@dataclass(frozen=True, slots=True)
class Illegal:
    """A character that MiniMax calls invisible."""

    position: int
    character: str
    name: str  # of Unicode, e.g. "BACKSPACE"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the text from `position` up to `end`. blocks: MiniMax would refuse the request."""

    position: int
    end: int
    message: str  # untranslated, may hold %(name)s
    blocks: bool
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.message % self.params


@dataclass(frozen=True)
class Preflight:
    characters: int
    billed_characters: int
    illegal: list[Illegal]
    illegal_ratio: float  # of all characters; MiniMax refuses a request with more than a tenth
    pauses: int
    tags: int
    problems: list[Problem]  # in the order of the text
    hits: dict[str, int]  # word of the pronunciation dictionary → how often it stands in the text


def check(text: str, *, pronunciation: Iterable[str] = (), model: str = "") -> Preflight:
    """Look at a chapter, or at what would be sent in one request. Positions count code points.

    pronunciation: words, or whole entries such as "omg/oh my god". model: warns of sound tags that it reads aloud.
    A pause at the edge of a sentence is none of MiniMax's: the studio makes that silence itself.
    """
    positions = counting.find_invisible(text)
    ratio = len(positions) / len(text) if text else 0.0
    illegal = [Illegal(position, text[position], _name(text[position])) for position in positions]
    return Preflight(
        characters=len(text),
        billed_characters=counting.billed_characters(text),
        illegal=illegal,
        illegal_ratio=ratio,
        pauses=counting.count_pauses(text),
        tags=counting.count_sound_tags(text),
        problems=sorted(_problems(text, model, illegal, ratio), key=lambda problem: (problem.position, problem.end)),
        hits=_hits(text, pronunciation),
    )


def _problems(text: str, model: str, illegal: list[Illegal], ratio: float) -> Iterable[Problem]:
    if illegal:
        is_many = ratio > catalogue.speech.max_invisible_ratio
        first = illegal[0].position
        yield Problem(first, first + 1, ILLEGAL_MANY if is_many else ILLEGAL_SOME, is_many)
    for problem in counting.find_unencodable(text):
        yield _shifted(problem, 0)
    for problem in counting.find_tag_problems(text, model, is_long=True):
        yield _shifted(problem, 0)
    if "<#" not in text:
        return
    seen = set()
    for problem in counting.find_pause_problems(text):
        if problem.key == "pause_value":
            seen.add(problem.start)
            yield _shifted(problem, 0)
    for sentence in sentences.split(text):
        if "<#" in sentence.text:
            start, end = _core(text, sentence.start, sentence.end)
            for problem in counting.find_pause_problems(text[start:end]):
                if problem.key != "pause_value" and start + problem.start not in seen:
                    yield _shifted(problem, start)


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    """A sentence without the pauses at its edges."""
    while found := _LEADING.match(text, start, end):
        start = found.end()
    while found := _TRAILING.search(text, max(start, end - 40), end):
        end = found.start()
    return start, end


_LEADING = re.compile(r"\s*<#[^<>#\n]{0,20}#>\s*")
_TRAILING = re.compile(r"\s*<#[^<>#\n]{0,20}#>\s*$")


def _shifted(problem: counting.Problem, by: int) -> Problem:
    return Problem(problem.start + by, problem.end + by, problem.message, problem.blocking, problem.params)


def _name(character: str) -> str:
    code = ord(character)
    picture = chr(0x2421 if code == 0x7F else 0x2400 + code)  # "SYMBOL FOR BACKSPACE"; controls have no names
    return unicodedata.name(picture, f"U+{code:04X}").removeprefix("SYMBOL FOR ")


def _hits(text: str, pronunciation: Iterable[str]) -> dict[str, int]:
    """How often each word stands in the text, to the letter; in scripts with spaces, as a whole word."""
    hits = {}
    for entry in pronunciation:
        word = entry.split("/", 1)[0].strip()
        if not word or word not in text:
            continue
        before = r"(?<!\w)" if _is_spaced(word[0]) else ""
        after = r"(?!\w)" if _is_spaced(word[-1]) else ""
        count = len(re.findall(before + re.escape(word) + after, text))
        if count:
            hits[word] = count
    return hits


def _is_spaced(character: str) -> bool:
    return character.isalnum() and ord(character) < 0x0E00

"""What MiniMax makes of a text before it speaks: what it bills, what it reads, what it will not take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.minimax import catalogue
from apps.minimax.messages import gettext_noop

# Han ideographs of Unicode: 〇, extension A, the basic block, compatibility, and everything on planes 2 and 3.
# Kana, hangul, bopomofo and full-width punctuation are no ideographs and count once.
_IDEOGRAPH = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # ASCII control characters other than tab and newline
_SURROGATE = re.compile("[\ud800-\udfff]")
_PAUSE = re.compile(r"<#([^<>#\n]{0,20})#>")
_PAUSE_VALUE = re.compile(r"\d{1,2}(?:\.\d{1,2})?|\.\d{1,2}")
_PARENTHESES = re.compile(r"\(([^()\n]{1,40})\)")
_PINYIN = re.compile(r"[a-zü:]{1,8}[1-6]", re.I)
_IPA = re.compile("[ɐ-ʯˈˌːθðŋæøœçβχħʔ]")

EMPTY = gettext_noop("There is nothing to speak.")
TOO_LONG = gettext_noop("The text may have %(limit)s characters at most; it has %(length)s.")
INVISIBLE = gettext_noop("More than a tenth of the text consists of invisible characters.")
UNENCODABLE = gettext_noop("This character cannot be sent.")
PAUSE_VALUE = gettext_noop("A pause lasts from 0.01 to 99.99 seconds, with two decimals at most.")
PAUSE_AT_EDGE = gettext_noop("A pause must stand between words: here nothing is spoken before or after it.")
PAUSES_TOUCH = gettext_noop("Two pauses must not follow each other: make them one.")
TAG_UNKNOWN_TO_MODEL = gettext_noop("This model reads “%(tag)s” aloud: sound tags need Speech 2.8.")
TAG_ASYNC_ONLY = gettext_noop("“%(tag)s” works in long texts only; here it may be read aloud.")


@dataclass(frozen=True)
class Problem:
    """Something about the text, from character `start` up to `end`. `blocking`: MiniMax would refuse the request."""

    key: str
    message: str  # untranslated, may hold %(name)s
    start: int
    end: int
    blocking: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params


def billed_characters(text: str) -> int:
    """How many characters MiniMax is expected to bill: every code point once, an ideograph twice.

    An estimate: the bill follows `usage_characters` of the answer. Whether markup is billed is not documented; it is
    counted here, so that the estimate is never below the bill.
    Source: https://platform.minimaxi.com/docs/guides/pricing-paygo (mainland statement)
    """
    if text.isascii():
        return len(text)
    return len(text) + len(_IDEOGRAPH.findall(text))


def invisible_ratio(text: str) -> float:
    """Share of characters that MiniMax calls invisible; above `catalogue.speech.max_invisible_ratio` it answers 1042.

    A carriage return is one of them: turn CRLF of a web form into newlines first.
    """
    return len(_INVISIBLE.findall(text)) / len(text) if text else 0.0


def find_invisible(text: str) -> list[int]:
    """Where the characters stand that `invisible_ratio` counts."""
    return [found.start() for found in _INVISIBLE.finditer(text)]


def count_pauses(text: str) -> int:
    return len(_PAUSE.findall(text))


def count_sound_tags(text: str) -> int:
    return sum(tag in catalogue.speech.sound_tags for tag in _PARENTHESES.findall(text))


def spoken_text(text: str) -> str:
    """The text as it is heard: without pauses, sound tags and inline pronunciation."""

    def keep(found: re.Match[str]) -> str:
        inner = found[1]
        is_markup = inner.lower() in catalogue.speech.sound_tags or _PINYIN.fullmatch(inner) or _IPA.search(inner)
        return "" if is_markup else found[0]

    text = _PARENTHESES.sub(keep, _PAUSE.sub(" ", text))
    text = re.sub(r" +([,.!?;:…，。！？；：、])", r"\1", re.sub(r"[ \t]{2,}", " ", text))
    return "\n".join(line.strip() for line in text.split("\n"))


def find_problems(text: str, model: str) -> list[Problem]:
    """Everything MiniMax would refuse or misread, in the order of the text. Positions count code points."""
    return sorted(_problems(text, model), key=lambda problem: (problem.start, problem.end))


def _problems(text: str, model: str) -> Iterator[Problem]:
    limit = catalogue.speech.max_characters
    if len(text) > limit:
        yield Problem("too_long", TOO_LONG, limit, len(text), params={"limit": limit, "length": len(text)})
    if not _speakable(text):
        yield Problem("empty", EMPTY, 0, len(text))
        return
    if invisible_ratio(text) > catalogue.speech.max_invisible_ratio:
        yield Problem("invisible", INVISIBLE, 0, len(text))
    yield from find_unencodable(text)
    yield from find_pause_problems(text)
    yield from find_tag_problems(text, model)


def find_unencodable(text: str) -> Iterator[Problem]:
    for found in _SURROGATE.finditer(text):
        yield Problem("unencodable", UNENCODABLE, found.start(), found.end())


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in spoken_text(text))


def find_pause_problems(text: str) -> Iterator[Problem]:
    pauses = list(_PAUSE.finditer(text))
    allowed = catalogue.speech.pause
    for index, pause in enumerate(pauses):
        value = pause[1]
        if not _PAUSE_VALUE.fullmatch(value) or float(value) not in allowed:
            yield Problem("pause_value", PAUSE_VALUE, pause.start(), pause.end())
        before = text[pauses[index - 1].end() : pause.start()] if index else text[: pause.start()]
        if index and not _speakable(before):
            yield Problem("pauses_touch", PAUSES_TOUCH, pauses[index - 1].start(), pause.end())
        elif not _speakable(before) or (index == len(pauses) - 1 and not _speakable(text[pause.end() :])):
            yield Problem("pause_at_edge", PAUSE_AT_EDGE, pause.start(), pause.end())


def find_tag_problems(text: str, model: str, *, is_long: bool = False) -> Iterator[Problem]:
    """is_long: for long speech, which knows more tags."""
    offered = catalogue.speech.models.get(model)
    if offered is None:
        return
    for found in _PARENTHESES.finditer(text):
        tag = found[1]
        if tag not in catalogue.speech.sound_tags or tag in offered.sound_tags:
            continue
        if is_long and tag in offered.async_sound_tags:
            continue
        key, message = (
            ("tag_async_only", TAG_ASYNC_ONLY)
            if tag in offered.async_sound_tags
            else ("tag_unknown_to_model", TAG_UNKNOWN_TO_MODEL)
        )
        yield Problem(key, message, found.start(), found.end(), blocking=False, params={"tag": found[0]})

"""Subtitles in the shape of MiniMax's subtitle file, from what was really said and when."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

LONGEST = 50  # characters in one piece
_MARKUP = re.compile(r"<#[^#]*#>|\([a-z-]+\)|\$\$")
_PHONEMES = re.compile(r"\[\[(.*?)\]\]")
_WRITTEN_WORD = re.compile(r"\S*\w\S*")
_TRIM = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True)
class Word:
    begin: int  # place in the text as it was written
    end: int
    time_begin: float  # ms
    time_end: float
    said: str  # as it was given to the synthesiser
    sentence: int


def split_word(text: str, word: Word) -> list[Word]:
    """The synthesiser runs short words together ("at a"): each of them gets its share of the time, by its length."""
    parts = list(_WRITTEN_WORD.finditer(text, word.begin, word.end))
    if len(parts) < 2 or word.said.split() != text[word.begin : word.end].split():
        return [word]
    letters = sum(len(part.group()) for part in parts)
    words, begin = [], word.time_begin
    for number, part in enumerate(parts):
        until = begin + (word.time_end - word.time_begin) * len(part.group()) / letters
        end = parts[number + 1].start() if number + 1 < len(parts) else word.end
        words.append(
            replace(word, begin=part.start(), end=end, time_begin=begin, time_end=until, said=part.group() + " ")
        )
        begin = until
    return words


def word_entry(text: str, word: Word) -> dict[str, Any]:
    raw = text[word.begin : word.end]
    clean = _TRIM.sub("", _MARKUP.sub(" ", raw)) or raw.strip()
    begin = word.begin + max(0, raw.find(clean))
    return {
        "word": clean,
        "word_begin": begin,
        "word_end": begin + len(clean),
        "time_begin": round(word.time_begin, 1),
        "time_end": round(word.time_end, 1),
    }


def entry(text: str, words: list[Word], *, with_words: bool, said_before: int = 0) -> dict[str, Any]:
    begin, end = words[0].begin, words[-1].end
    shown = re.sub(r"\s+", " ", _MARKUP.sub(" ", text[begin:end])).strip()
    said = _PHONEMES.sub(r"/\1/", "".join(word.said for word in words))
    said = re.sub(r"\s+", " ", said).strip()
    return {
        "text": shown,
        "pronounce_text": said,
        "time_begin": round(words[0].time_begin, 1),
        "time_end": round(words[-1].time_end, 1),
        "text_begin": begin,
        "text_end": end,
        "pronounce_text_begin": said_before,
        "pronounce_text_end": said_before + len(said),
        "timestamped_words": [word_entry(text, word) for word in words] if with_words else None,
    }


def subtitles(text: str, words: list[Word], *, with_words: bool) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    group: list[Word] = []
    said = 0
    for word in words:
        if group and (word.sentence != group[0].sentence or word.end - group[0].begin > LONGEST):
            entries.append(entry(text, group, with_words=with_words, said_before=said))
            said = entries[-1]["pronounce_text_end"]
            group = []
        group.append(word)
    if group:
        entries.append(entry(text, group, with_words=with_words, said_before=said))
    return entries

"""When each word is spoken: as MiniMax says, or estimated where it says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from apps.minimax.text import spoken_text
from apps.speech.spool import Word

# A word with what clings to it; ideographs and kana stand alone, because their writing has no spaces.
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff][^\w\s]*|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)）」』]*$")
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
LONGEST_LINE = 50  # characters, as in MiniMax's own subtitle files


def estimate_words(text: str, duration_ms: float) -> list[Word]:
    """Spread the words of `text` over the sound in proportion to their length."""
    words = _WORDS.findall(spoken_text(text))
    weights = [_weight(word) for word in words]
    scale = duration_ms / sum(weights) if weights else 0
    spread, place = [], 0.0
    for word, weight in zip(words, weights, strict=True):
        spread.append((word, round(place * scale), round((place + weight) * scale)))
        place += weight
    return spread


def _weight(word: str) -> float:
    pause = 3 if _SENTENCE_END.search(word) else 1  # a breath after a sentence, a gap after a word
    return 2 if _IDEOGRAPH.match(word) else len(word) + pause


def lines_from_words(words: Sequence[Word]) -> list[dict[str, Any]]:
    """Group words into the lines that an asset's subtitles are made of: a sentence, cut where it grows too long."""
    lines: list[dict[str, Any]] = []
    line: list[Word] = []
    for word in words:
        line.append(word)
        if _SENTENCE_END.search(word[0]) or len(_join(line)) >= LONGEST_LINE:
            lines.append(_line(line))
            line = []
    if line:
        lines.append(_line(line))
    return lines


def lines_from_answer(subtitles: Iterable[Any], offset_ms: float = 0) -> list[dict[str, Any]]:
    """The same from `apps.minimax` Subtitles of one text whose sound begins at `offset_ms`."""
    return [
        {
            "text": subtitle.text,
            "start_ms": round(subtitle.start_ms + offset_ms),
            "end_ms": round(subtitle.end_ms + offset_ms),
            "words": [
                {
                    "text": word.text,
                    "start_ms": round(word.start_ms + offset_ms),
                    "end_ms": round(word.end_ms + offset_ms),
                }
                for word in subtitle.words
            ],
        }
        for subtitle in subtitles
    ]


def _line(words: Sequence[Word]) -> dict[str, Any]:
    return {
        "text": _join(words),
        "start_ms": words[0][1],
        "end_ms": words[-1][2],
        "words": [{"text": text, "start_ms": start, "end_ms": end} for text, start, end in words],
    }


def _join(words: Sequence[Word]) -> str:
    joined = ""
    for text, _start, _end in words:
        apart = joined and not (_IDEOGRAPH.match(text) or _IDEOGRAPH.match(joined[-1]))
        joined += f" {text}" if apart else text
    return joined

"""Subtitles as files. Times and words come from the asset; lines are broken to what reads well on a screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LINE = 42  # columns, two lines for each cue; a CJK character takes two columns
SHORTEST_MS = 1
CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# A line may end after a word, and after each CJK character; closing punctuation stays with what it closes.
PIECES = re.compile(rf"[{CJK}][^\w\s]*\s*|[^\s{CJK}]+\s*")


@dataclass(frozen=True)
class Cue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def to_srt(subtitles: Iterable[Mapping[str, Any]]) -> str:
    blocks = []
    for number, cue in enumerate(make_cues(subtitles), 1):
        # Players read <b> and the like in SRT as markup; there is no escape, so the bracket is swapped for its twin.
        text = "\n".join(re.sub(r"<(?=[/a-zA-Z])", "‹", line) for line in cue.lines)
        blocks.append(f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{text}\n")
    return "\n".join(blocks)


def to_vtt(subtitles: Iterable[Mapping[str, Any]]) -> str:
    blocks = ["WEBVTT\n"]
    for cue in make_cues(subtitles):
        text = "\n".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in cue.lines)
        blocks.append(f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{text}\n")
    return "\n".join(blocks)


def make_cues(subtitles: Iterable[Mapping[str, Any]]) -> list[Cue]:
    """Cues of at most two lines, in order and never overlapping."""
    cues: list[Cue] = []
    for subtitle in sorted(subtitles, key=lambda given: given["start_ms"]):
        cues += _split(subtitle)
    ends = [cue.start_ms for cue in cues[1:]] + [cues[-1].end_ms] if cues else []
    return [
        Cue(cue.start_ms, max(min(cue.end_ms, limit), cue.start_ms + SHORTEST_MS), cue.lines)
        for cue, limit in zip(cues, ends, strict=True)
    ]


def _split(subtitle: Mapping[str, Any]) -> Iterator[Cue]:
    lines = list(_wrap(" ".join(str(subtitle["text"]).split())))
    start, end = int(subtitle["start_ms"]), int(subtitle["end_ms"])
    total, place = sum(map(len, lines)), 0
    for number in range(0, len(lines), 2):
        pair = tuple(lines[number : number + 2])
        begins, place = start + (end - start) * place // total, place + sum(map(len, pair))
        yield Cue(begins, start + (end - start) * place // total, pair)


def _wrap(text: str) -> Iterator[str]:
    line = ""
    for piece in PIECES.findall(text):
        if line and columns((line + piece).rstrip()) > LINE:
            yield line.rstrip()
            line = ""
        line += piece
    if line:
        yield line.rstrip()


def columns(text: str) -> int:
    return sum(2 if character > "\u2e7f" else 1 for character in text)


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(max(ms, 0), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"


WRITERS = {"srt": to_srt, "vtt": to_vtt}
CONTENT_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}

"""Where chapters begin: as a document's headings say, or as lines of a plain text look."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from apps.books.text.headings import LONGEST, read_heading, read_weak_heading

if TYPE_CHECKING:
    from apps.books.text.readers import Document

LONGEST_CHAPTER = 100_000  # characters, about two hours: one that failed is made again as a whole
GOOD_LENGTH = 50_000  # what longer ones are cut to
WEAK_LENGTH = 400  # on average, between numbers that stand alone: shorter ones are a list
MOST_CHAPTERS = 2_000  # with more, they are no chapters
SHORT_FRONT = 300  # characters before the first chapter, as of a title page: they go with it
DEEP_LENGTH = 60_000  # where chapters are longer than this, the next lower headings are the chapters

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*|\n")
_GAP = re.compile(r"\s+|(?<=[。！？])")
_SUBTITLE_ENDS = re.compile(r"[.!?。！？,;:]['\"”’」』]*$")


@dataclass(frozen=True)
class ChapterText:
    """`text` has the heading too, as its first paragraph: it is spoken. level: 1 is the highest."""

    title: str
    text: str
    level: int = 1


@dataclass(frozen=True)
class _Start:
    at: int
    end: int  # of the heading
    title: str
    level: int


def divide(document: Document) -> list[ChapterText]:
    """The chapters of a document, by its own headings; without any, as `divide_text` sees them."""
    pieces: list[str] = []
    starts: list[_Start] = []
    length = 0
    for block in document.blocks:
        if not block.text.strip():
            continue
        if pieces:
            pieces.append("\n\n")
            length += 2
        if block.kind == "heading":
            title = " ".join(block.text.split())
            starts.append(_Start(length, length + len(block.text), title, block.level or 1))
        pieces.append(block.text)
        length += len(block.text)
    text = "".join(pieces)
    starts = _without_contents(text, starts)
    if len(starts) < 2:
        found = divide_text(text)
        return found if len(found) > 1 or not starts else _chapters(text, starts)
    return _chapters(text, _chapter_level(text, starts))


def divide_text(text: str) -> list[ChapterText]:
    """The chapters of a plain text. Joined, their texts are the text."""
    starts = _without_contents(text, _strong_starts(text))
    if sum(start.level < 3 for start in starts) >= 1:
        starts = [start for start in starts if start.level < 3]
    elif not starts:
        starts = _weak_starts(text)
    return _chapters(text, starts)


# --- finding ----------------------------------------------------------------------------------------------------------


def _lines(text: str) -> list[tuple[int, str]]:
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    return lines


def _strong_starts(text: str) -> list[_Start]:
    lines = _lines(text)
    starts = []
    levels = {"part": 1, "chapter": 2, "section": 3}
    for number, (at, line) in enumerate(lines):
        if len(line) > LONGEST + 20 or not line.strip():
            continue
        heading = read_heading(line)
        if heading is None or not _stands_alone(lines, number):
            continue
        title, end = heading.title, at + len(line)
        if heading.is_bare:
            following = _subtitle(lines, number)
            if following is not None:
                after, subtitle = lines[following]
                title, end = f"{title.rstrip(' .:：')} – {subtitle.strip()}", after + len(subtitle)
        starts.append(_Start(at, end, title, levels[heading.rank]))
    return starts


def _stands_alone(lines: Sequence[tuple[int, str]], number: int) -> bool:
    """A heading has a blank line before or after it; in books without blank lines, the line before ends a sentence."""
    before = lines[number - 1][1].strip() if number else ""
    after = lines[number + 1][1].strip() if number + 1 < len(lines) else ""
    if not before or not after:
        return True
    return bool(re.search(r"[.!?…。！？」』”\"’؟।]$", before)) and not after[:1].islower()


def _subtitle(lines: Sequence[tuple[int, str]], number: int) -> int | None:
    """The line after a bare heading, if it is short and stands alone."""
    following = number + 1
    while following < len(lines) and following <= number + 3 and not lines[following][1].strip():
        following += 1
    if following >= len(lines):
        return None
    line = lines[following][1].strip()
    alone = following + 1 >= len(lines) or not lines[following + 1][1].strip()
    is_title = 0 < len(line) <= 60 and alone and not _SUBTITLE_ENDS.search(line) and not line[0].islower()
    is_speech = line[:1] in '"“„«「『—–-[<('
    has_more = any(rest.strip() for _, rest in lines[following + 1 : following + 6])
    return following if is_title and has_more and not is_speech and read_heading(line) is None else None


def _weak_starts(text: str) -> list[_Start]:
    """Numbers that stand alone, when they count up from the first and have enough between them."""
    lines = _lines(text)
    starts, expected = [], 1
    for number, (at, line) in enumerate(lines):
        value = read_weak_heading(line) if line.strip() else None
        if value != expected:
            continue
        before = lines[number - 1][1].strip() if number else ""
        after = lines[number + 1][1].strip() if number + 1 < len(lines) else ""
        if not before and not after:
            starts.append(_Start(at, at + len(line), line.strip(), 1))
            expected += 1
    if len(starts) < 2 or (len(text) - starts[0].at) / len(starts) < WEAK_LENGTH:
        return []
    return starts


def _without_contents(text: str, starts: Sequence[_Start]) -> list[_Start]:
    """Without the entries of a table of contents: headings with nothing between them, that come again or are many."""
    bare = [_has_headings_only(text[start.end : after.at]) for start, after in pairwise(starts)]
    titles = Counter(_plain(start.title) for start in starts)
    first = {_plain(start.title): index for index, start in reversed(list(enumerate(starts)))}
    later = Counter(titles)
    kept = []
    for index, start in enumerate(starts):
        later[_plain(start.title)] -= 1
        is_bare = index < len(bare) and bare[index]
        follows = index > 0 and bare[index - 1]
        title = _plain(start.title)
        near = starts[index + 1 : index + 200] if is_bare else []
        comes_again = later[title] > 0 or any(_plain(each.title)[: len(title)] == title for each in near)
        if is_bare and comes_again:
            continue
        if follows and titles[title] > 1 and first[title] == index and len(starts) > 3:
            continue  # the last entry of a table of contents
        same = [each for each in (index - 1, index) if 0 <= each < len(bare) and bare[each]]
        if is_bare and len(same) == 2 and starts[index - 1].level == start.level == starts[index + 1].level:
            continue
        kept.append(start)
    return kept


def _has_headings_only(between: str) -> bool:
    if len(between) > LONGEST * 100:
        return False
    return all(not line.strip() or read_heading(line) for line in between.split("\n"))


def _plain(title: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", title.lower()))


def _chapter_level(text: str, starts: Sequence[_Start]) -> list[_Start]:
    """The headings that begin chapters: of the highest level that has several, or of a lower one where that would be
    too coarse."""
    levels = sorted({start.level for start in starts})
    for level in levels:
        chosen = [start for start in starts if start.level <= level]
        if len(chosen) < 2:
            continue
        named = [read_heading(start.title) for start in starts if start.level > level]
        if named and sum(each is not None and each.rank == "chapter" for each in named) * 2 >= len(named):
            continue
        bounds = [start.at for start in chosen] + [len(text)]
        lengths = sorted(after - at for at, after in pairwise(bounds))
        if lengths[len(lengths) // 2] <= DEEP_LENGTH:
            return chosen
    return list(starts)


# --- making -----------------------------------------------------------------------------------------------------------


def _chapters(text: str, starts: Sequence[_Start]) -> list[ChapterText]:
    if not text.strip():
        return []
    starts = _joined(text, starts) if len(starts) <= MOST_CHAPTERS else []
    lowest = min((start.level for start in starts), default=1)
    starts = [replace(start, level=start.level - lowest + 1) for start in starts]
    if not starts or len(text[: starts[0].at].strip()) >= SHORT_FRONT:
        starts = [_Start(0, 0, _first_line(text) if starts else "", 1), *starts]
    else:
        starts[0] = replace(starts[0], at=0)
    bounds = [start.at for start in starts] + [len(text)]
    return [
        chapter
        for start, stop in zip(starts, bounds[1:], strict=True)
        for chapter in _cut(ChapterText(start.title, text[start.at : stop], start.level))
    ]


def _joined(text: str, starts: Sequence[_Start]) -> list[_Start]:
    """A heading with nothing below it, as of a part, opens the next chapter."""
    kept: list[_Start] = []
    for start in starts:
        before = kept[-1] if kept else None
        if before and not text[before.end : start.at].strip() and before.level <= start.level:
            kept[-1] = _Start(before.at, start.end, f"{before.title} – {start.title}"[:200], start.level)
        else:
            kept.append(start)
    if len(kept) > 1 and not text[kept[-1].end :].strip():
        kept.pop()  # a heading at the very end stays with the chapter before it
    return kept


def _first_line(text: str) -> str:
    line = text.lstrip().split("\n", 1)[0].strip()
    return line if len(line) <= LONGEST else ""


def _cut(chapter: ChapterText) -> list[ChapterText]:
    """One that is too long, in pieces of about the same length that end with a paragraph."""
    length = len(chapter.text)
    if length <= LONGEST_CHAPTER:
        return [chapter]
    count = -(-length // GOOD_LENGTH)
    cuts = [0]
    for number in range(1, count):
        cut = _near(chapter.text, length * number // count, GOOD_LENGTH // 4)
        if cut > cuts[-1]:
            cuts.append(cut)
    return [
        replace(
            chapter,
            title=f"{chapter.title} ({number})" if chapter.title else "",
            text=chapter.text[start:stop],
        )
        for number, (start, stop) in enumerate(zip(cuts, [*cuts[1:], length], strict=True), 1)
    ]


def _near(text: str, wanted: int, reach: int) -> int:
    """The place near `wanted` where a paragraph ends, or a sentence, or a word."""
    window = text[wanted - reach : wanted + reach]
    for pattern in (_PARAGRAPH, re.compile(r"[.!?؟।][\"'”’»)]*\s+|[。！？][」』”]*"), _GAP):
        ends = [found.end() for found in pattern.finditer(window)]
        if ends:
            return wanted - reach + min(ends, key=lambda end: abs(end - reach))
    return wanted

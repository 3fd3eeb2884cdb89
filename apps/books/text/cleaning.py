"""What a page needs and an ear does not: found, shown, and taken out if it is wished."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from functools import partial

from apps.books.text.document import Block, Document
from apps.books.text.lines import find_soft_breaks
from apps.books.text.scripts import join_lines
from apps.minimax.messages import gettext_noop

AROUND = 24  # characters shown on both sides of a change
LONGEST_SHOWN = 160
LONGEST_ENTRY = 300  # characters of a line of a table of contents
MOST_SHOWN = 300  # of one kind; the others are counted with the last

LABELS = {
    "page_numbers": gettext_noop("Page numbers"),
    "running_heads": gettext_noop("Running heads and feet"),
    "contents": gettext_noop("Table of contents"),
    "footnotes": gettext_noop("Footnotes"),
    "note_marks": gettext_noop("Marks of footnotes"),
    "hyphenation": gettext_noop("Words broken at the end of a line"),
    "line_breaks": gettext_noop("Line breaks inside paragraphs"),
    "invisible": gettext_noop("Invisible characters"),
    "ligatures": gettext_noop("Joined letters such as ﬁ"),
    "spaces": gettext_noop("Spaces in a row"),
}
_OF_BLOCKS = {"page_number": "page_numbers", "running_head": "running_heads", "note": "footnotes"}

_LETTER = r"[^\W\d_]"
_HYPHEN = re.compile(rf"(?<!{_LETTER})({_LETTER}+)(?:[-‐]|\u00ad)[^\S\n]*\n\s*({_LETTER}+)")
_NOTE_MARK = re.compile(
    r"(?<=[^\s\[(])[^\S\n]?\[(?:\d{1,4}|[*†‡]{1,3}|[a-z])\](?!\()"
    rf"|(?<={_LETTER}{_LETTER})[¹²³⁰⁴-⁹]+|(?<=[.,;:!?”\"’)»。」])[¹²³⁰⁴-⁹]+"
    r"|(?<=[^\s\d])[†‡]+"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe]"
    "|(?<![^\x00-\u058f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u058f])"
)
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURE = re.compile(f"[{''.join(_LIGATURES)}]")
_SPACES = re.compile(r"\A[^\S\n]+|[^\S\n]+\Z|[^\S\n\u3000]{2,}|[^\S\n \u3000]|(?<=\n)[^\S\n]+|[^\S\n]+(?=\n)")
_CONTENTS = re.compile(r"\S.*?(?:(?:\.[^\S\n]?){4,}|…{2,}|·{4,})[^\S\n]*(?:\d{1,4}|[ivxlc]{1,7})\s*", re.I)
_WORDS = re.compile(rf"{_LETTER}+(?:-{_LETTER}+)*")


@dataclass(frozen=True)
class Change:
    """One that would be made, or several that are the same.

    kind: what switches it on and off; the id is the same whenever the same document is looked at. label: untranslated.
    position: the block's place in the document.
    """

    id: str
    kind: str
    label: str
    before: str
    after: str
    position: int
    count: int = 1


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    new: str


Rule = Callable[[str], Iterator[_Edit]]


def find_changes(document: Document) -> list[Change]:
    """Everything that could be cleaned, in the order of the document; what looks the same comes once, counted."""
    rules = _rules(document)
    found: dict[tuple[str, str, str], Change] = {}
    shown: Counter[str] = Counter()
    last: dict[str, tuple[str, str, str]] = {}
    for position, block in enumerate(document.blocks):
        for kind, before, after in _changes_of(block, rules):
            key = (kind, before, after)
            if key not in found and shown[kind] >= MOST_SHOWN:
                key = last[kind]
            if key in found:
                found[key] = replace(found[key], count=found[key].count + 1)
                continue
            shown[kind] += 1
            last[kind] = key
            digest = hashlib.sha256("\0".join(key).encode(errors="replace")).hexdigest()[:16]
            found[key] = Change(digest, kind, LABELS[kind], before, after, position)
    return list(found.values())


def apply(document: Document, switched_on: Set[str]) -> Document:
    """The document without what is switched on; the other kinds stay as they were read."""
    rules = [(kind, rule) for kind, rule in _rules(document) if kind in switched_on]
    blocks = []
    for block in document.blocks:
        if _OF_BLOCKS.get(block.kind) in switched_on:
            continue
        text = block.text
        if "contents" in switched_on:
            text = _without(text, list(_contents_edits(text)))
        for _kind, rule in rules:
            edits = list(rule(text))
            if edits:
                text = _without(text, edits)
        if text.strip():
            blocks.append(block if text == block.text else replace(block, text=text))
    return replace(document, blocks=blocks)


def _changes_of(block: Block, rules: list[tuple[str, Rule]]) -> Iterator[tuple[str, str, str]]:
    if block.kind in _OF_BLOCKS:
        yield _OF_BLOCKS[block.kind], _shortened(block.text), ""
        return
    text = block.text
    edits = list(_contents_edits(text))
    for edit in edits:
        yield "contents", _shortened(text[edit.start : edit.end].strip()), ""
    text = _without(text, edits)
    for kind, rule in rules:
        edits = list(rule(text))
        for edit in edits:
            left, right = text[max(0, edit.start - AROUND) : edit.start], text[edit.end : edit.end + AROUND]
            before = left + text[edit.start : edit.end] + right
            yield kind, _visible(before), _visible(left + edit.new + right)
        if edits:
            text = _without(text, edits)


def _shortened(text: str) -> str:
    flat = _visible(text)
    return flat if len(flat) <= LONGEST_SHOWN else f"{flat[: LONGEST_SHOWN - 1]}…"


def _visible(text: str) -> str:
    """What cannot be seen, as signs that can."""
    return _INVISIBLE.sub("␣", text.replace("\n", "⏎").replace("\t", "⇥"))


def _without(text: str, edits: list[_Edit]) -> str:
    pieces, at = [], 0
    for edit in edits:
        pieces += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*pieces, text[at:]])


# --- the rules, in the order in which they are applied ----------------------------------------------------------------


def _rules(document: Document) -> list[tuple[str, Rule]]:
    known = _known_words(document)
    return [
        ("note_marks", _note_marks),
        ("hyphenation", partial(_broken_words, known)),
        ("line_breaks", partial(_soft_breaks, document.is_typeset)),
        ("invisible", _invisible),
        ("ligatures", _ligatures),
        ("spaces", _spaces),
    ]


def _known_words(document: Document) -> Counter[str]:
    """The words of the document that are not at the end of a line: they tell how a broken one is written."""
    words: Counter[str] = Counter()
    if not any("-\n" in block.text or "‐\n" in block.text or "- \n" in block.text for block in document.blocks):
        return words
    for block in document.blocks:
        words.update(word.lower() for word in _WORDS.findall(_HYPHEN.sub(" ", block.text)))
    return words


def _broken_words(known: Counter[str], text: str) -> Iterator[_Edit]:
    if "\n" not in text:
        return
    for found in _HYPHEN.finditer(text):
        first, second = found[1], found[2]
        is_compound = second[0].isupper() or (known[f"{first}-{second}".lower()] > known[f"{first}{second}".lower()])
        yield _Edit(found.start(), found.end(), f"{first}-{second}" if is_compound else f"{first}{second}")


def _soft_breaks(is_typeset: bool, text: str) -> Iterator[_Edit]:
    if "\n" not in text:
        return
    lines = text.split("\n")
    at = 0
    for line, after, is_soft in zip(lines, lines[1:], find_soft_breaks(lines), strict=False):
        end = at + len(line)
        if is_soft or is_typeset:
            start = at + len(line.rstrip())
            stop = end + 1 + len(after) - len(after.lstrip())
            yield _Edit(start, stop, join_lines(line.rstrip(), after.lstrip()))
        at = end + 1


def _note_marks(text: str) -> Iterator[_Edit]:
    for found in _NOTE_MARK.finditer(text):
        yield _Edit(found.start(), found.end(), "")


def _invisible(text: str) -> Iterator[_Edit]:
    for found in _INVISIBLE.finditer(text):
        yield _Edit(found.start(), found.end(), "")


def _ligatures(text: str) -> Iterator[_Edit]:
    for found in _LIGATURE.finditer(text):
        yield _Edit(found.start(), found.end(), _LIGATURES[found[0]])


def _spaces(text: str) -> Iterator[_Edit]:
    for found in _SPACES.finditer(text):
        is_edge = found.start() == 0 or found.end() == len(text) or "\n" in text[found.start() - 1 : found.end() + 1]
        yield _Edit(found.start(), found.end(), "" if is_edge else " ")


def _contents_edits(text: str) -> Iterator[_Edit]:
    """Lines with dots that lead to a page's number."""
    at = 0
    for line in text.split("\n"):
        end = at + len(line) + 1
        if len(line) <= LONGEST_ENTRY and _CONTENTS.fullmatch(line.strip()):
            yield _Edit(at, min(end, len(text)), "")
        at = end

"""What is to be said about lyrics before they are sent.

The page asks for it while somebody writes (`music:check`) and the form asks when the button is pressed, so there is one
set of rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.minimax import catalogue
from apps.minimax.catalogue.schema import MusicModel

music = catalogue.music
MODELS: dict[str, MusicModel] = {model.id: model for model in music.models if not model.cover}

Words = Literal["own", "optimizer", "instrumental"]
OWN: Words = "own"  # the lyrics in the form
OPTIMIZER: Words = "optimizer"  # MiniMax writes them from the prompt
INSTRUMENTAL: Words = "instrumental"  # nobody sings

TAG_LINE = re.compile(r"\s*\[([^\[\]\n]*)\]\s*")
TAG_INSIDE = re.compile(r"\[([^\[\]\n]*)\]")
# Sections that are heard and not sung
WORDLESS = {"intro", "interlude", "outro", "transition", "break", "build up", "inst", "instrumental", "solo", "drop"}
WORDLESS |= {"breakdown"}


@dataclass(frozen=True)
class Problem:
    sentence: str
    line: int = 0  # counted from 1; 0: the whole text
    refused: bool = False  # MiniMax would not take it; otherwise it is only worth a look


@dataclass(frozen=True)
class Section:
    tag: str  # as it is written; empty for lines before the first tag
    line: int  # counted from 1
    lines: tuple[str, ...] = ()  # without empty ones
    is_known: bool = True


@dataclass(frozen=True)
class Checked:
    characters: int
    sections: list[Section] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def refusals(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.refused]


def normalise(text: str) -> str:
    """As it is counted and sent: one kind of line end, no empty space around, nothing that no row can hold."""
    lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def canonical(tag: str) -> str:
    """A tag without what is spelled differently from page to page: `[Pre-Chorus 2]` is `pre chorus`."""
    return re.sub(r"\s*\d+$", "", re.sub(r"[\s_-]+", " ", tag.strip().lower()))


KNOWN = {canonical(tag) for tag in (*music.section_tags, *music.written_tags)}


def texts_of(model: MusicModel, words: Words) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """[fewest, most] characters of the prompt and of the lyrics; an empty range: not used."""
    if words == INSTRUMENTAL:
        texts = music.texts["instrumental"]
        return texts.prompt, texts.lyrics
    texts = music.texts[model.texts]
    if words == OPTIMIZER:  # then it is the prompt that says what to write
        return (max(1, texts.prompt[0]), texts.prompt[1]), ()
    return texts.prompt, texts.lyrics


def read_sections(text: str) -> list[Section]:
    sections: list[Section] = []
    for number, line in enumerate(text.split("\n"), 1):
        if tag := TAG_LINE.fullmatch(line):
            name = tag[1].strip()
            sections.append(Section(name, number, (), canonical(name) in KNOWN))
        elif line.strip():
            last = sections.pop() if sections else Section("", number)
            sections.append(Section(last.tag, last.line, (*last.lines, line.strip()), last.is_known))
    return sections


def check_lyrics(text: str, model: MusicModel, words: Words = OWN) -> Checked:
    """Look at lyrics as one model will."""
    sections = read_sections(text)
    limits = texts_of(model, words)[1]
    problems = [*_lengths(text, limits), *_tags(text), *_sections(sections)] if limits else []
    return Checked(len(text), sections, problems)


def _lengths(text: str, limits: tuple[int, ...]) -> Iterator[Problem]:
    fewest, most = limits
    if not text and fewest:
        yield Problem(_("A song needs lyrics. Write some, have them written, or make it instrumental."), refused=True)
    elif len(text) < fewest:
        yield Problem(
            ngettext(
                "This model wants at least %(count)d character of lyrics.",
                "This model wants at least %(count)d characters of lyrics.",
                fewest,
            )
            % {"count": fewest},
            refused=True,
        )
    elif len(text) > most:
        over = len(text) - most
        yield Problem(
            ngettext(
                "The lyrics are %(over)d character too long: this model takes %(most)d.",
                "The lyrics are %(over)d characters too long: this model takes %(most)d.",
                over,
            )
            % {"over": over, "most": most},
            refused=True,
        )


def _tags(text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.split("\n"), 1):
        if whole := TAG_LINE.fullmatch(line):
            name = whole[1].strip()
            if not name:
                yield Problem(_("This tag is empty."), number)
            elif canonical(name) not in KNOWN:
                yield Problem(_("[%(tag)s] is no section that MiniMax names. It may be sung.") % {"tag": name}, number)
        elif inside := TAG_INSIDE.search(line):
            yield Problem(
                _("[%(tag)s] shares its line with words. A tag stands alone on its line.") % {"tag": inside[1]}, number
            )
        elif "[" in line or "]" in line:
            yield Problem(_("A bracket is open: a tag looks like [Verse]."), number)


def _sections(sections: list[Section]) -> Iterator[Problem]:
    if sections and not any(section.tag for section in sections):
        yield Problem(_("No section is marked. Tags such as [Verse] and [Chorus] give the song its form."))
    for section in sections:
        if section.tag and section.is_known and not section.lines and canonical(section.tag) not in WORDLESS:
            yield Problem(_("[%(tag)s] has no words.") % {"tag": section.tag}, section.line)
    if sections and not any(section.lines for section in sections):
        yield Problem(_("There are only tags and nothing to sing."), 0)

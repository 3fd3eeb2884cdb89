"""A whole book looked at before anything is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.books.making import (
    Price,
    price_of,
)
from apps.books.models import Book, Chapter
from apps.books.text import preflight
from apps.books.text.lasting import spoken_s
from apps.books.wishes import complete
from apps.minimax import catalogue
from apps.speech.models import PronunciationEntry


@dataclass(frozen=True)
class ChapterCheck:
    chapter: Chapter
    found: Any  # apps.books.text.preflight.Preflight


@dataclass(frozen=True)
class BookCheck:
    """A whole book before anything is paid."""

    characters: int
    billed_characters: int
    illegal: int
    illegal_ratio: float  # of the chapter with the most
    pauses: int
    tags: int
    hits: dict[str, int]  # word of the pronunciation dictionary → how often
    problems: list[tuple[Chapter, Any]]  # apps.books.text.preflight.Problem
    chapters: list[ChapterCheck]
    listening_s: float  # about how long it will be
    price: Price

    @property
    def warns(self) -> bool:
        return bool(self.illegal or self.problems)

    @property
    def blocks(self) -> bool:
        is_over = self.illegal_ratio > catalogue.speech.max_invisible_ratio
        return is_over or any(problem.blocks for _chapter, problem in self.problems)


def preflight_of(book: Book) -> BookCheck:
    """Everything that can be known before: counted as MiniMax counts. Reads the whole text."""
    settings = complete(book.settings)
    language, model = settings["language_boost"], settings["model"]
    entries = PronunciationEntry.objects.filter(workspace=book.workspace, language__in=("", language))
    words = [entry.source for entry in entries] if settings["use_dictionary"] else []
    checks = [
        ChapterCheck(chapter, preflight.check(chapter.text, pronunciation=words, model=model))
        for chapter in book.chapters.all()
    ]
    hits: dict[str, int] = {}
    for check in checks:
        for word, count in check.found.hits.items():
            hits[word] = hits.get(word, 0) + count
    characters = sum(check.found.characters for check in checks)
    return BookCheck(
        characters=characters,
        billed_characters=sum(check.found.billed_characters for check in checks),
        illegal=sum(len(check.found.illegal) for check in checks),
        illegal_ratio=max((check.found.illegal_ratio for check in checks), default=0.0),
        pauses=sum(check.found.pauses for check in checks),
        tags=sum(check.found.tags for check in checks),
        hits=hits,
        problems=[(check.chapter, problem) for check in checks for problem in check.found.problems],
        chapters=checks,
        listening_s=sum(spoken_s(check.chapter.text, speed=settings["speed"]) for check in checks),
        price=price_of(book),
    )

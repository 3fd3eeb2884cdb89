"""What is heard: the takes in order, and the pauses between them. Times are sums of samples, so nothing drifts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.books.models import Book, Chapter, Segment, SegmentTake
from apps.books.sound.pieces import Piece, Silence
from apps.books.sound.timings import Timing

PARAGRAPH_FACTOR = 2  # the pause at the end of a paragraph, where sounds that were made apart meet


@dataclass(frozen=True)
class Heard:
    """A sentence in its place: a stretch of a part's file, then silence. All in samples."""

    segment: Segment
    chapter: Chapter
    take: SegmentTake
    start: int
    end: int
    lead: int  # silence before it, inside its own pauses
    silence: int  # after it


@dataclass(frozen=True)
class Composition:
    heard: list[Heard]
    sample_rate: int
    missing: int  # sentences without a sound

    @property
    def samples(self) -> int:
        return self.heard[-1].end + self.heard[-1].silence if self.heard else 0

    @property
    def fingerprint(self) -> str:
        """The same as long as the same is heard."""
        digest = hashlib.sha256()
        for each in self.heard:
            digest.update(f"{each.take.sha256} {each.lead} {each.silence} {each.chapter.title}\n".encode())
        return digest.hexdigest()

    def timings(self) -> list[Timing]:
        return [
            Timing(str(each.segment.pk), each.chapter.title, each.segment.text, each.start, each.end)
            for each in self.heard
        ]


def compose(of: Book | Chapter) -> Composition:
    """Put the takes that are heard in their order. Times are sums of samples, so nothing drifts."""
    book = of if isinstance(of, Book) else of.book
    found = book.segments.in_script() if isinstance(of, Book) else of.segments.all()
    rows = list(
        found.filter(is_silent=False)
        .select_related("take__part")
        .defer("take__part__text", "take__part__places", "take__part__settings", "take__text")
        .order_by("chapter__position", "position")
    )
    chapters: dict[Any, Chapter] = {chapter.pk: chapter for chapter in book.chapters.defer("text")}
    spoken = [row for row in rows if row.take is not None and row.take.part.file]
    rate = spoken[0].take.part.sample_rate if spoken and spoken[0].take else 0
    heard, at = [], 0
    for index, row in enumerate(spoken):
        take = row.take
        assert take is not None
        after = spoken[index + 1] if index + 1 < len(spoken) else None
        lead = take.lead_ms * rate // 1000
        silence = (_silence_ms(book, row, after) + take.tail_ms) * rate // 1000
        start = at + lead
        end = start + take.samples
        heard.append(Heard(row, chapters[row.chapter_id], take, start, end, lead, silence))
        at = end + silence
    return Composition(heard, rate, len(rows) - len(spoken))


def _silence_ms(book: Book, row: Segment, after: Segment | None) -> int:
    if after is None:
        return 0
    if row.pause_ms is not None:
        return row.pause_ms
    if row.chapter_id != after.chapter_id:
        return book.chapter_pause_ms
    assert row.take is not None
    assert after.take is not None
    if row.take.part_id == after.take.part_id and row.take.end_sample == after.take.start_sample:
        return 0  # as the voice spoke it
    return book.pause_ms * (PARAGRAPH_FACTOR if row.ends_paragraph else 1)


def timings_of(of: Book | Chapter) -> list[Timing]:
    """When each sentence would be heard, of those that have a sound, in samples at the book's rate."""
    return compose(of).timings()


def marks_of(composition: Composition) -> Iterator[tuple[str, int]]:
    """(title, start sample) of each chapter."""
    last = None
    for each in composition.heard:
        if each.chapter.pk != last:
            yield str(each.chapter), each.start - each.lead
            last = each.chapter.pk


def pieces_of(composition: Composition, paths: Mapping[Any, Path]) -> list[Piece | Silence]:
    """What `joining` takes; neighbours that were spoken together go as one piece. paths: by part."""
    pieces: list[Piece | Silence] = []
    for each in composition.heard:
        if each.lead:
            pieces.append(Silence(each.lead))
        piece = Piece(paths[each.take.part_id], each.take.start_sample, each.take.end_sample)
        before = pieces[-1] if pieces else None
        if isinstance(before, Piece) and before.path == piece.path and before.end == piece.start:
            pieces[-1] = Piece(piece.path, before.start, piece.end)
        else:
            pieces.append(piece)
        if each.silence:
            pieces.append(Silence(each.silence))
    return pieces

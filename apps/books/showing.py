"""How far books, chapters and sentences are, in words; and what the views of books ask of a request."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.books import services
from apps.books.casting import being_made
from apps.books.expecting import remaining_s
from apps.books.models import Book, Chapter, Manuscript, Part, Segment
from apps.jobs.models import MOVING, Status
from apps.usage.models import Charged
from apps.workspaces.access import MemberRequest
from apps.workspaces.connections import situation_of
from apps.workspaces.models import Membership

STATES: dict[str, tuple[str | Promise, str]] = {
    "empty": (gettext_lazy("Nothing to speak"), ""),
    "new": (gettext_lazy("Not made"), ""),
    "moving": (gettext_lazy("Being made"), "badge--accent"),
    "paused": (gettext_lazy("Paused"), ""),
    "failed": (gettext_lazy("Failed"), "badge--bad"),
    "partly": (gettext_lazy("In part"), "badge--warn"),
    "ready": (gettext_lazy("Made"), "badge--ok"),
}


@dataclass(frozen=True)
class Line:
    """A chapter with how far it is."""

    number: int
    chapter: Chapter
    state: str
    sentences: int
    made: int
    seconds: float
    has_jobs: bool
    error: str = ""
    next_step: str = ""
    charged: str = ""
    price: Decimal | None = None
    click: str = ""

    @property
    def is_made(self) -> bool:
        return bool(self.sentences) and self.made >= self.sentences

    @property
    def is_moving(self) -> bool:
        return self.state in ("moving", "paused")

    @property
    def percent(self) -> int:
        return 100 * self.made // self.sentences if self.sentences else 0

    @property
    def label(self) -> str | Promise:
        return STATES[self.state][0]

    @property
    def badge(self) -> str:
        return STATES[self.state][1]


@dataclass(frozen=True)
class Figures:
    """How far a book is."""

    chapters: int
    sentences: int
    made: int
    seconds: float
    moving: int  # parts
    paused: int  # parts
    waiting: int  # parts that were not sent yet and are not paused
    failed: int  # chapters
    spent: Decimal
    remaining_s: float | None  # of what is being made, about
    has_manuscript: bool
    is_open: bool  # something is to be made that is not being made

    @property
    def is_made(self) -> bool:
        return bool(self.sentences) and self.made >= self.sentences

    @property
    def is_moving(self) -> bool:
        return self.moving > 0

    @property
    def is_quiet(self) -> bool:
        return not (self.made or self.is_moving or self.failed)

    @property
    def percent(self) -> int:
        return 100 * self.made // self.sentences if self.sentences else 0

    @property
    def _state(self) -> str:
        if self.is_moving:
            return "paused" if self.paused == self.moving else "moving"
        if self.failed:
            return "failed"
        if self.is_made:
            return "ready"
        return "partly" if self.made else "new"

    @property
    def state(self) -> str | Promise:
        return STATES[self._state][0]

    @property
    def badge(self) -> str:
        return STATES[self._state][1]


@dataclass(frozen=True)
class Entry:
    """A book on the shelf."""

    book: Book
    chapters: int
    sentences: int
    made: int
    is_moving: bool
    has_failed: bool

    @property
    def is_made(self) -> bool:
        return bool(self.sentences) and self.made >= self.sentences

    @property
    def percent(self) -> int:
        return 100 * self.made // self.sentences if self.sentences else 0

    @property
    def _state(self) -> str:
        if self.is_moving:
            return "moving"
        if self.is_made:
            return "ready"
        if self.has_failed:
            return "failed"
        return "partly" if self.made else "new"

    @property
    def state(self) -> str | Promise:
        return STATES[self._state][0]

    @property
    def badge(self) -> str:
        return STATES[self._state][1]


def find_book(member: Membership, pk: uuid.UUID) -> Book:
    return get_object_or_404(Book.objects.visible_to(member).select_related("workspace", "created_by"), pk=pk)


def find_chapter(book: Book, pk: uuid.UUID) -> Chapter:
    chapter = get_object_or_404(Chapter, book=book, pk=pk)
    chapter.book = book
    return chapter


def lines_of(member: Membership, book: Book, chapters: Sequence[Any], *, first: int = 1) -> list[Line]:
    """chapters: as `services.chapters_of` annotates them."""
    pks = [chapter.pk for chapter in chapters]
    lengths = _lengths(Segment.objects.filter(chapter__in=pks))
    with_jobs = set(Part.objects.filter(chapter__in=pks).exclude(job=None).values_list("chapter", flat=True))
    lines = []
    for number, chapter in enumerate(chapters, first):
        line = {
            "number": number,
            "chapter": chapter,
            "state": chapter.state,
            "sentences": chapter.count,
            "made": chapter.ready,
            "seconds": lengths.get(chapter.pk, 0.0),
            "has_jobs": chapter.pk in with_jobs,
        }
        failed = services.failures_of(chapter) if chapter.failed else []
        if failed:
            line |= {
                "error": failed[0].error,
                "next_step": failed[0].next_step,
                "charged": failed[0].get_charged_display(),
                "price": services.price_of(book, chapter).usd if member.may("create") else None,
                "click": str(uuid.uuid4()),
            }
        lines.append(Line(**line))
    return lines


def _lengths(segments: Any) -> dict[Any, float]:
    """Seconds of sound of each chapter, without the pauses between sentences."""
    heard = segments.exclude(take=None).order_by().values_list("chapter", "take__part__sample_rate")
    found: dict[Any, float] = {}
    for chapter, rate, samples in heard.annotate(samples=Sum(F("take__end_sample") - F("take__start_sample"))):
        found[chapter] = found.get(chapter, 0.0) + (samples / rate if rate else 0.0)
    return found


def figures_of(book: Book, chapters: Sequence[Any] | None = None) -> Figures:
    chapters = services.chapters_of(book) if chapters is None else chapters
    paid = Q(job__charged__in=(Charged.YES, Charged.UNKNOWN)) & ~Q(job__connection_kind="sandbox")
    parts = Part.objects.filter(book=book).aggregate(
        moving=Count("pk", filter=Q(job__status__in=MOVING)),
        paused=Count("pk", filter=Q(job__status=Status.QUEUED, job__is_paused=True)),
        waiting=Count("pk", filter=Q(job__status=Status.QUEUED, job__is_paused=False)),
        spent=Sum(Coalesce("job__cost_usd", "job__estimate_usd"), filter=paid, output_field=DecimalField()),
    )
    return Figures(
        chapters=len(chapters),
        sentences=sum(chapter.count for chapter in chapters),
        made=sum(chapter.ready for chapter in chapters),
        seconds=sum(_lengths(book.segments.in_script()).values()),
        moving=parts["moving"],
        paused=parts["paused"],
        waiting=parts["waiting"],
        failed=sum(chapter.state == "failed" for chapter in chapters),
        spent=parts["spent"] or Decimal(0),
        remaining_s=remaining_s(book, timezone.now()) if parts["moving"] else None,
        has_manuscript=bool(book.filename) or Manuscript.objects.filter(book=book).exists(),
        is_open=any(chapter.due > chapter.moving for chapter in chapters),
    )


def entries_of(books: Iterable[Book]) -> list[Entry]:
    books = list(books)
    chapters = dict(Chapter.objects.filter(book__in=books).order_by().values_list("book").annotate(count=Count("pk")))
    spoken = Segment.objects.in_script().filter(book__in=books, is_silent=False).order_by().values("book")
    silent = Q(take=None)
    rows = spoken.annotate(
        count=Count("pk"),
        made=Count("pk", filter=~silent),
        moving=Count("pk", filter=being_made()),
        failed=Count("pk", filter=silent & Q(making__job__status=Status.FAILED)),
    )
    found = {row["book"]: row for row in rows}
    nothing = {"count": 0, "made": 0, "moving": 0, "failed": 0}
    entries = []
    for one in books:
        row = found.get(one.pk, nothing)
        is_moving, has_failed = bool(row["moving"]), bool(row["failed"])
        entries.append(Entry(one, chapters.get(one.pk, 0), row["count"], row["made"], is_moving, has_failed))
    return entries


def frame(request: MemberRequest, book: Book, chapters: Sequence[Any] | None = None) -> dict[str, Any]:
    """What every page of a book shows: books/_head.html."""
    situation = situation_of(request.member)
    return {
        "book": book,
        "figures": figures_of(book, chapters),
        "can_create": request.member.may("create"),
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
    }


def read_uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def read_click(request: MemberRequest) -> str:
    return str(read_uuid(request.POST.get("click", "")) or uuid.uuid4())


def storable_id(value: Any) -> str:
    return str(value or "").replace("\0", "")[:256]

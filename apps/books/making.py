"""What is to be spoken, what it costs, and the jobs that have it spoken."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.books.casting import Wishes, being_made
from apps.books.expecting import expected_s
from apps.books.generation import LONG_SPEECH
from apps.books.models import Book, Chapter, Part, Segment
from apps.books.pauses import bare
from apps.books.text import preflight
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.minimax import catalogue
from apps.minimax.text import billed_characters
from apps.speech.services import is_free
from apps.voices.resolving import VoiceGoneError, fee_at_use, resolve_request
from apps.workspaces.connections import NoConnectionError, endpoint_for
from apps.workspaces.models import Membership

PART_CHARACTERS = catalogue.speech.long_text.max_characters  # a larger one is sent as a file

Scope = str | Chapter | Iterable[Segment]


class RefusedError(Exception):
    """It was not done: nothing was sent, nothing charged. `str(error)` is for the person."""


@dataclass(frozen=True)
class Draft:
    """A text that would be sent."""

    chapter: Chapter
    settings: dict[str, Any]
    settings_hash: str
    text: str
    places: list[list[Any]]  # [segment id, start, end, lead_ms, tail_ms]

    @property
    def billed_characters(self) -> int:
        return billed_characters(self.text)


@dataclass(frozen=True)
class Price:
    """What making something would cost, as far as can be known before."""

    segments: int
    parts: int  # requests to MiniMax
    characters: int
    billed_characters: int
    usd: Decimal | None  # with `fee_usd`; None: no price is published
    fee_usd: Decimal  # of voices that are used for the first time
    is_free: bool
    expected_s: float | None  # until it is there, judged by the past; None: nothing to judge by

    @property
    def is_nothing(self) -> bool:
        return not self.segments


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan(book: Book, scope: Scope = "missing") -> list[Draft]:
    """The texts that would be sent. scope: "missing" is all that has no fitting sound and is not being made; a chapter
    limits that to itself; sentences are made (again) whatever they have.

    A chapter that has nothing yet goes in long texts, one voice each. Later, each stretch of neighbours that is to be
    made goes alone, so that what is billed is exactly its characters.
    """
    wishes = Wishes(book)
    if isinstance(scope, Chapter):
        chapters, wanted = [scope], None
    elif isinstance(scope, str):
        chapters, wanted = list(book.chapters.defer("text")), None
    else:
        wanted = {segment.pk for segment in scope}
        chapters = list(book.chapters.filter(segments__in=wanted).distinct().defer("text"))
    drafts: list[Draft] = []
    for chapter in chapters:
        drafts += _plan_chapter(chapter, wishes, wanted)
    return drafts


def _plan_chapter(chapter: Chapter, wishes: Wishes, wanted: set[Any] | None) -> list[Draft]:
    spoken = chapter.segments.filter(is_silent=False)
    if wanted is None:
        due = spoken.filter(wishes.to_make()).exclude(being_made())
    else:
        due = spoken.filter(pk__in=wanted).exclude(being_made())
    due_pks = set(due.values_list("pk", flat=True))
    if not due_pks:
        return []
    text = Chapter.objects.values_list("text", flat=True).get(pk=chapter.pk)
    rows = list(spoken.only("pk", "position", "text", "start", "end", "speaker", "chapter"))
    if len(due_pks) == len(rows) and wanted is None and not chapter.segments.exclude(take=None).exists():
        groups: dict[str, list[Segment]] = {}
        for row in rows:
            groups.setdefault(wishes.hash(row.speaker), []).append(row)
        runs = list(groups.values())
    else:
        runs = _runs(rows, due_pks, wishes)
    return [draft for run in runs for draft in _drafts(chapter, text, run, wishes)]


def _runs(rows: Sequence[Segment], due: set[Any], wishes: Wishes) -> list[list[Segment]]:
    runs: list[list[Segment]] = []
    before: Segment | None = None
    for row in rows:
        if row.pk in due:
            goes_on = before is not None and wishes.hash(before.speaker) == wishes.hash(row.speaker)
            if goes_on:
                runs[-1].append(row)
            else:
                runs.append([row])
            before = row
        else:
            before = None
    return runs


def _drafts(chapter: Chapter, text: str, run: Sequence[Segment], wishes: Wishes) -> list[Draft]:
    """One text, or several where one would be too long."""
    drafts, start, length = [], 0, 0
    for index, row in enumerate(run):
        if index > start and length + len(row.text) > PART_CHARACTERS:
            drafts.append(_draft(chapter, text, run[start:index], wishes))
            start, length = index, 0
        length += len(row.text) + 2
    return [*drafts, _draft(chapter, text, run[start:], wishes)]


def _draft(chapter: Chapter, text: str, run: Sequence[Segment], wishes: Wishes) -> Draft:
    pieces, places, length = [], [], 0
    for index, row in enumerate(run):
        said, lead_ms, tail_ms = bare(row.text)
        if index:
            between = _between(text, run[index - 1], row)
            pieces.append(between)
            length += len(between)
        places.append([str(row.pk), length, length + len(said), lead_ms, tail_ms])
        pieces.append(said)
        length += len(said)
    settings = wishes.settings(run[0].speaker)
    return Draft(chapter, settings, wishes.hash(run[0].speaker), "".join(pieces), places)


def _between(text: str, before: Segment, after: Segment) -> str:
    """What stood between two sentences, no longer than it has to be: it is billed too."""
    if before.position + 1 == after.position:
        gap = text[before.end : after.start]
        if not gap:
            return ""
        if gap.isspace():
            return "\n" if "\n" in gap else " "
    return "\n"


# --- what it costs ----------------------------------------------------------------------------------------------------


def price_of(book: Book, scope: Scope = "missing") -> Price:
    return price_of_drafts(book, plan(book, scope))


def price_of_drafts(book: Book, drafts: Sequence[Draft]) -> Price:
    free = is_free(book.workspace)
    fee = Decimal(0) if free else fee_at_use(book.workspace, {draft.settings["voice_id"] for draft in drafts})
    costs = [
        Decimal(0) if free else catalogue.price_of_speech(draft.settings["model"], draft.billed_characters)
        for draft in drafts
    ]
    known = [cost for cost in costs if cost is not None]
    characters = sum(len(draft.text) for draft in drafts)
    return Price(
        segments=sum(len(draft.places) for draft in drafts),
        parts=len(drafts),
        characters=characters,
        billed_characters=sum(draft.billed_characters for draft in drafts),
        usd=sum(known, Decimal(0)) + fee if len(known) == len(costs) else None,
        fee_usd=fee,
        is_free=free,
        expected_s=expected_s([draft.billed_characters for draft in drafts]),
    )


# --- making -----------------------------------------------------------------------------------------------------------


def make(member: Membership, book: Book, *, click: str, scope: Scope = "missing") -> list[Part]:
    """Send what is to be made. A second press of the same button finds the first one's parts. Raises RefusedError."""
    scope = scope if isinstance(scope, str | Chapter) else list(scope)
    known = list(book.parts.filter(click=click).order_by("number"))
    if known:
        return known
    drafts = plan(book, scope)
    _check(book, drafts)  # which takes seconds for a whole book, so the row is not held yet
    checked = {(draft.text, draft.settings_hash) for draft in drafts}
    with transaction.atomic():
        book = Book.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=book.pk)
        known = list(book.parts.filter(click=click).order_by("number"))
        if known:
            return known
        drafts = plan(book, scope)
        if {(draft.text, draft.settings_hash) for draft in drafts} != checked:
            _check(book, drafts)  # something else came or went meanwhile
        parts = [
            Part(
                workspace=book.workspace,
                book=book,
                chapter=draft.chapter,
                click=click,
                number=number,
                text=draft.text,
                places=draft.places,
                settings=draft.settings,
                settings_hash=draft.settings_hash,
                billed_characters=draft.billed_characters,
            )
            for number, draft in enumerate(drafts)
        ]
        Part.objects.bulk_create(parts, batch_size=50)
        for part in parts:
            _send(member, book, part, len(parts))
    return parts


def _send(member: Membership, book: Book, part: Part, of: int) -> None:
    chapter = part.chapter.title if part.chapter else ""
    request = {
        "model": part.settings["model"],
        "voice_id": part.settings["voice_id"],
        "book": str(book.pk),
        "part": str(part.pk),
        "title": f"{book.title}: {chapter}" if chapter else book.title,
        "billed_characters": part.billed_characters,
    }
    part.job = submit_job(member, LONG_SPEECH, request, click=str(uuid.uuid5(part.pk, "made")))
    part.save(update_fields=["job"])
    pks = [place[0] for place in part.places]
    for start in range(0, len(pks), 400):
        Segment.objects.filter(pk__in=pks[start : start + 400]).update(making=part)


def _check(book: Book, drafts: Sequence[Draft]) -> None:
    """Everything that MiniMax would refuse, found before anything is sent."""
    if not drafts:
        raise RefusedError(_("Everything is made, or being made."))
    try:
        endpoint_for(book.workspace)
    except NoConnectionError as error:
        raise RefusedError(str(error)) from error
    for voice_id in {draft.settings["voice_id"] for draft in drafts}:
        try:
            check_voice(book, voice_id)
        except VoiceGoneError as error:
            raise RefusedError(str(error)) from error
    for draft in drafts:
        found = preflight.check(draft.text, model=draft.settings["model"])
        if found.illegal_ratio > catalogue.speech.max_invisible_ratio:
            raise RefusedError(
                _("More than a tenth of the characters in “%(chapter)s” are invisible: MiniMax would refuse it.")
                % {"chapter": draft.chapter.title or book.title}
            )
        blocking = [problem for problem in found.problems if problem.blocks]
        if blocking:
            said = _(blocking[0].message) % blocking[0].params
            raise RefusedError(f"{draft.chapter.title or book.title}: {said}")


def check_voice(book: Book, voice_id: str) -> str:
    """MiniMax's id of a voice now. Raises VoiceGoneError, also for a mix: this endpoint takes none."""
    spoken = resolve_request(book.workspace, voice_id, [])
    if spoken.timbre_weights:
        raise VoiceGoneError(_("A mix of voices cannot read long texts. Choose another voice."))
    return spoken.voice_id


# --- jobs of a chapter ------------------------------------------------------------------------------------------------


def moving_jobs(of: Book | Chapter) -> list[Job]:
    parts = Part.objects.filter(book=of) if isinstance(of, Book) else Part.objects.filter(chapter=of)
    return list(Job.objects.moving().filter(book_part__in=parts).select_related("workspace"))


def pause(of: Book | Chapter) -> None:
    """Hold back what was not sent yet."""
    for job in moving_jobs(of):
        jobs.pause(job)


def resume(of: Book | Chapter) -> None:
    for job in moving_jobs(of):
        if job.is_paused:
            jobs.resume(job)


def cancel(of: Book | Chapter) -> None:
    """What MiniMax already has is dropped here, and may still cost."""
    for job in moving_jobs(of):
        jobs.cancel(job)


def repeat(member: Membership, chapter: Chapter, *, click: str) -> list[Part]:
    """Have made again what failed in a chapter, and only that. Raises RefusedError."""
    return make(member, chapter.book, click=click, scope=chapter)

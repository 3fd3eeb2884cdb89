"""The work, and LONG_SPEECH, the kind of job that speaks one part of a book."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from django import forms
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from apps.books.aligning import rough_ends
from apps.books.casting import Wishes
from apps.books.models import Book, Part, Segment, SegmentTake
from apps.books.pauses import bare
from apps.books.sound import apart
from apps.books.sound.pieces import Piece, Received, SoundError
from apps.books.wishes import FORMAT, speech_request
from apps.jobs.kinds import Errand, Finished, Kind, Result, StillRunning, Submitted
from apps.jobs.models import MOVING, Job
from apps.jobs.saving import LostResultError
from apps.library.models import new_id
from apps.library.storing import discard, store_file, take_over
from apps.minimax import catalogue
from apps.minimax.errors import InvalidRequestError
from apps.minimax.long_speech import create_long_speech, query_long_speech
from apps.speech.models import PronunciationEntry
from apps.voices.resolving import VoiceGoneError, resolve
from apps.voices.services import record_use

log = logging.getLogger(__name__)

RENEW_EVERY_S = 5.0


def price(request: Mapping[str, Any]) -> Decimal | None:
    return catalogue.price_of_speech(str(request.get("model")), int(request.get("billed_characters") or 0))


def title(request: Mapping[str, Any]) -> str:
    return str(request.get("title") or "")


def submit(errand: Errand) -> Submitted:
    part = _claim(errand.job)
    try:
        voice_id = resolve(part.workspace, part.settings["voice_id"])
    except VoiceGoneError as error:
        raise InvalidRequestError(str(error), next_step="") from error
    request = speech_request(part.settings, part.text, voice_id=voice_id, pronunciation=_pronunciation(part))
    task = create_long_speech(errand.client, request)
    usage = {"usage_characters": task.usage_characters or part.billed_characters}
    return Submitted(task.task_id, task.trace_id, usage)


def _claim(job: Job) -> Part:
    """The part that the job is for, unless its sound is there, or is being made by another. Nothing was sent then."""
    with transaction.atomic():
        held = Part.objects.select_for_update(of=("self",)).select_related("workspace")
        part = held.filter(pk=job.request["part"]).first()
        if part is None or part.taken_at or not Segment.objects.filter(making=part, chapter__isnull=False).exists():
            raise InvalidRequestError(translate("This part of the book is not wanted any more."), next_step="")
        if part.job_id != job.pk:  # run again from its card, after a failure
            Part.objects.filter(pk=part.pk).update(job=job)
    return part


def _pronunciation(part: Part) -> tuple[str, ...]:
    if not part.settings["use_dictionary"]:
        return ()
    language, text = part.settings["language_boost"], part.text.casefold()
    entries = PronunciationEntry.objects.filter(workspace=part.workspace, language__in=("", language))
    return tuple(str(entry) for entry in entries if entry.source.casefold() in text)


def poll(errand: Errand) -> StillRunning | Finished:
    state = query_long_speech(errand.client, errand.job.minimax_task_id)
    if state.status == "running":
        return StillRunning(state.word)
    usage = dict(errand.job.usage)
    result = Result("audio", file_id=state.file_id, lifetime_s=catalogue.lifetimes.long_speech_download)
    cost = catalogue.price_of_speech(errand.job.model, int(usage.get("usage_characters") or 0))
    return Finished([result], trace_id=state.trace_id, usage=usage, cost_usd=cost)


# --- taking it in -----------------------------------------------------------------------------------------------------


def take_in(job: Job, path: Path, renew: Callable[[], bool]) -> None:
    """Cut the sound of a part into its sentences and put it where it is joined from. Raises LostResultError."""
    part = Part.objects.select_related("workspace", "book").get(pk=job.request["part"])
    if part.taken_at:
        return
    folder = path.with_suffix(".unpacked")
    try:
        with _kept_alive(renew):
            received, cuts, hashes = _open(part, path, folder)
    except SoundError as error:
        log.warning("part %s could not be opened: %s", part.pk, error)
        raise LostResultError(
            translate("What MiniMax delivered could not be opened."), next_step=translate("Run it again.")
        ) from error
    stored = store_file(received.audio, f"{part.workspace_id}/books/{part.pk.hex}", received.audio.suffix)
    with transaction.atomic():
        fresh = Part.objects.filter(pk=part.pk, taken_at=None).update(
            taken_at=timezone.now(),
            file=stored.name,
            sample_rate=received.sample_rate,
            channels=received.channels,
            samples=received.samples,
            sha256=stored.sha256,
        )
        if fresh:
            take_over(stored)
            _write_takes(part, cuts, hashes)
    if not fresh:
        discard(stored)
    record_use(part.workspace, part.settings["voice_id"], how="long", source=f"job:{job.pk}", trace_id=job.trace_id)


def _open(part: Part, path: Path, folder: Path) -> tuple[Received, list[int], list[str]]:
    """The sound as the book has it, where its sentences end, and the hash of each. Raises SoundError."""
    shutil.rmtree(folder, ignore_errors=True)
    rate, channels = part.settings["sample_rate"], part.settings["channel"]
    received = apart.take_in(path, folder, sample_rate=rate, channels=channels, format=FORMAT)
    ends = [place[2] for place in part.places]
    rough = rough_ends(part.text, ends, received.subtitles, 1000 * received.duration_s)
    cuts = apart.find_cuts(received.audio, rough)
    pieces = [Piece(received.audio, start, end) for start, end in pairwise([0, *cuts])]
    return received, cuts, apart.hashes_of(pieces)


def _write_takes(part: Part, cuts: Sequence[int], hashes: Sequence[str]) -> None:
    """Each sentence gets its stretch of the sound; it is heard where the sentence still reads so."""
    segments = Segment.objects.in_bulk([uuid.UUID(place[0]) for place in part.places])
    wishes, takes, heard = Wishes(part.book), [], []
    edges = [0, *cuts]
    for index, (pk, start, end, lead_ms, tail_ms) in enumerate(part.places):
        segment = segments.get(uuid.UUID(pk))
        if segment is None:
            continue
        take = SegmentTake(
            id=new_id(),
            segment=segment,
            part=part,
            text=part.text[start:end],
            settings_hash=part.settings_hash,
            voice_id=part.settings["voice_id"],
            start_sample=edges[index],
            end_sample=edges[index + 1],
            sha256=hashes[index],
            lead_ms=lead_ms,
            tail_ms=tail_ms,
        )
        takes.append(take)
        asked_last = segment.making_id in (part.pk, None)
        if take.text == bare(segment.text)[0] and (asked_last or segment.take_id is None):
            segment.take, segment.is_chosen = take, wishes.hash(segment.speaker) != part.settings_hash
            heard.append(segment)
    SegmentTake.objects.bulk_create(takes, batch_size=200)
    Segment.objects.bulk_update(heard, ["take", "is_chosen"], batch_size=200)


@contextmanager
def _kept_alive(renew: Callable[[], bool]) -> Iterator[None]:
    """While a child is at work, nobody else begins the same."""
    is_done = threading.Event()

    def say() -> None:
        while not is_done.wait(RENEW_EVERY_S):
            renew()
        connection.close()

    watcher = threading.Thread(target=say, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def whole(job: Job) -> tuple[Any, str] | None:
    """What is told of a book when the last of its parts is over."""
    book = Book.objects.select_related("workspace").filter(pk=job.request["book"]).first()
    if book is None or Part.objects.filter(book=book, job__status__in=MOVING).exists():
        return None
    is_done = not book.segments.in_script().filter(Wishes(book).to_make()).exists()
    words = _("Every sentence is spoken: {title}") if is_done else _("Not all of it could be made: {title}")
    return format_lazy(words, title=book.title), reverse("books:book", args=[book.workspace.slug, book.pk])


LONG_SPEECH = Kind(
    name="long_speech",
    label=_("Long speech"),
    icon="book-audio",
    page="books:index",
    family="speech",
    form=forms.Form,
    title=title,
    price=price,
    submit=submit,
    poll=poll,
    poll_every_s=5,
    has_files=False,
    is_once=True,
    query_family="long_speech_query",
    is_part=True,
    whole=whole,
    take_in=take_in,
)

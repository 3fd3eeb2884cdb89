"""What came for a part of a book: opened, cut into its sentences, and put where it is joined from."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.books.casting import Wishes
from apps.books.models import Part, Segment, SegmentTake
from apps.books.pacing import usual_length
from apps.books.pauses import bare
from apps.books.sound import apart
from apps.books.sound.pieces import SoundError, Spoken
from apps.books.wishes import FORMAT
from apps.files.purposes import in_words
from apps.jobs.models import Job
from apps.jobs.saving import LostResultError
from apps.library.models import new_id
from apps.library.storing import discard, store_file, take_over
from apps.voices.services import record_use

log = logging.getLogger(__name__)

RENEW_EVERY_S = 5.0


def take_in(job: Job, path: Path, renew: Callable[[], bool]) -> None:
    """Cut the sound of a part into its sentences and put it where it is joined from. Raises LostResultError."""
    part = Part.objects.select_related("workspace", "book").get(pk=job.request["part"])
    if part.taken_at:
        return
    folder = path.with_suffix(".unpacked")
    try:
        with _kept_alive(renew):
            spoken = _open(part, path, folder)
    except SoundError as error:
        log.warning("part %s could not be opened: %s", part.pk, error)
        raise LostResultError(_("What MiniMax delivered could not be opened."), next_step=_("Run it again.")) from error
    received = spoken.received
    usual = usual_length(part)
    if usual.is_not_reached(received.duration_s, ends_abruptly=spoken.ends_abruptly):
        log.warning("part %s lasts %.0f s, not %.0f s", part.pk, received.duration_s, usual.seconds)
        raise LostResultError(
            _("The sound that MiniMax delivered breaks off: %(came)s of about %(usual)s.")
            % {"came": in_words(received.duration_s), "usual": in_words(usual.seconds)},
            next_step=_("Run it again."),
        )
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
            _write_takes(part, spoken.cuts, spoken.hashes)
    if not fresh:
        discard(stored)
    record_use(part.workspace, part.settings["voice_id"], how="long", source=f"job:{job.pk}", trace_id=job.trace_id)


def _open(part: Part, path: Path, folder: Path) -> Spoken:
    """The sound as the book has it, where its sentences end, and the hash of each. Raises SoundError."""
    shutil.rmtree(folder, ignore_errors=True)
    return apart.receive(
        path,
        folder,
        text=part.text,
        ends=[place[2] for place in part.places],
        sample_rate=part.settings["sample_rate"],
        channels=part.settings["channel"],
        format=FORMAT,
    )


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

"""Writing editions. The rows are the truth: a lost message costs the seconds until the next sweep."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.books import events
from apps.books.composing import Composition, compose, marks_of, pieces_of
from apps.books.formats import FORMATS, LISTEN
from apps.books.models import Book, Chapter, Edition, EditionStatus, Part
from apps.books.sound import apart
from apps.books.sound.pieces import Joined, Mark, SoundError
from apps.library.audio import Measurements
from apps.library.models import Asset
from apps.library.services import keep
from apps.library.tasks import local_copy, ring
from apps.notifications.services import notify
from apps.workspaces.models import Membership
from apps.workspaces.news import Kind

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)  # renewed while the file is being written
MAX_ATTEMPTS = 3
LONG_S = 20  # who waits longer for a file is told when it is there
RING_AFTER = timedelta(seconds=5)
LOOK_EVERY_S = 0.5
TEXT_SHOWN = 2000  # characters of the script that the library searches


@shared_task
def render_edition(edition_id: str) -> None:
    """Write the file and keep it in the library, unless enough are being written: the worker has other things to do."""
    found = Edition.objects.select_related("workspace", "created_by", "book", "chapter")
    edition = found.filter(pk=edition_id).first()
    if edition is None or not _is_its_turn(edition):
        return
    if not Edition.objects.claim(edition.pk, status=EditionStatus.WAITING, lease=LEASE):
        return
    _render(edition)
    ring_due(lane_of(edition), 1)


_TO_LISTEN = Q(click__startswith=LISTEN)
# Which files wait for each other, and how many are written at once: each takes a processor for minutes and a thread of
# the worker, and whoever wants to hear a chapter waits neither for a whole book nor for fifty chapters to download.
LANES = {
    "listen": (_TO_LISTEN, 2),
    "chapter": (Q(scope="chapter") & ~_TO_LISTEN, 1),
    "book": (Q(scope="book"), 1),
}


def lane_of(edition: Edition) -> str:
    return "listen" if edition.click.startswith(LISTEN) else edition.scope


def _is_its_turn(edition: Edition) -> bool:
    others, most = LANES[lane_of(edition)]
    at_it = Edition.objects.filter(others, status=EditionStatus.WAITING, leased_until__gt=timezone.now())
    return at_it.exclude(pk=edition.pk).count() < most


def _render(edition: Edition) -> None:
    with translation.override(edition.created_by.language or settings.LANGUAGE_CODE):
        try:
            asset = _write(edition)
        except _CancelledError:
            return
        except SoundError as error:
            log.warning("edition %s could not be written: %s", edition.pk, error)
            _end(edition, EditionStatus.FAILED, error=_("The sounds could not be joined."))
        else:
            _end(edition, EditionStatus.READY, asset=asset, percent=100)


class _CancelledError(Exception):
    """Nobody wants the file any more."""


def _end(edition: Edition, status: str, **changes: object) -> None:
    moved = Edition.objects.move_on(edition.pk, from_status=EditionStatus.WAITING, to_status=status, **changes)
    events.publish_edition(edition.pk)
    if moved:
        _tell(edition, status)


def _tell(edition: Edition, status: str) -> None:
    """A message to whoever has waited long, when the last of the files is there that they asked for."""
    waited_s = (timezone.now() - edition.created_at).total_seconds()
    others = Edition.objects.filter(book=edition.book_id, created_by=edition.created_by, status=EditionStatus.WAITING)
    if lane_of(edition) == "listen" or waited_s < LONG_S or others.exists():
        return
    words = _("Ready to download: {title}") if status == EditionStatus.READY else _("Could not be written: {title}")
    url = reverse("books:editions", args=[edition.workspace.slug, edition.book_id])
    kind = Kind.DONE if status == EditionStatus.READY else Kind.FAILED
    notify(edition.created_by, edition.workspace, words.format(title=edition.title), url, kind)


def _write(edition: Edition) -> Asset:
    """Raises SoundError."""
    if edition.attempts >= MAX_ATTEMPTS:
        raise SoundError(f"not done in {MAX_ATTEMPTS} attempts")
    of = edition.chapter if edition.scope == "chapter" else edition.book
    if of is None:
        raise SoundError("the chapter is not in the book any more")
    composition, wanted = compose(of), FORMATS[edition.format]
    with tempfile.TemporaryDirectory(prefix="studio-edition-") as folder, ExitStack() as open_files:
        parts = Part.objects.filter(pk__in={each.take.part_id for each in composition.heard}).only("file")
        paths = {part.pk: open_files.enter_context(local_copy(part.file)) for part in parts}
        cover = open_files.enter_context(local_copy(edition.book.cover)) if edition.book.cover else None
        target, progress = Path(folder) / f"edition.{wanted.suffix}", Path(folder) / "progress" / "percent"
        progress.parent.mkdir()
        with _told(edition, progress):
            joined = apart.join(
                pieces_of(composition, paths),
                target,
                format=edition.format,
                bitrate=wanted.bitrate or 64_000,
                loudness_lufs=edition.loudness_lufs,
                marks=[Mark(title, start) for title, start in marks_of(composition)],
                cover=cover,
                tags=_tags(edition),
                progress=progress,
            )
            if not Edition.objects.filter(pk=edition.pk, status=EditionStatus.WAITING).update(
                fingerprint=composition.fingerprint,
                sample_rate=composition.sample_rate,
                timings=[
                    [each.segment_id, each.chapter, each.text, each.start_sample, each.end_sample]
                    for each in composition.timings()
                ],
            ):
                raise _CancelledError
            return _keep(edition, of, composition, target, joined)


def _keep(edition: Edition, of: Book | Chapter, composition: Composition, target: Path, joined: Joined) -> Asset:
    rate = composition.sample_rate
    timings = composition.timings()
    return keep(
        Membership(workspace=edition.workspace, user=edition.created_by),
        kind="book",
        title=edition.title,
        text="\n\n".join(_beginnings(of)),
        source=target,
        filename=target.name,
        content_type=FORMATS[edition.format].content_type,
        request={
            "book": str(edition.book_id),
            "edition": str(edition.pk),
            "chapter": str(edition.chapter_id or ""),
            "format": edition.format,
            "loudness_lufs": edition.loudness_lufs,
        },
        model=str(edition.book.settings.get("model", "")),
        voice_id=str(edition.book.settings.get("voice_id", "")),
        subtitles=[
            {
                "text": each.text,
                "start_ms": round(each.start_sample * 1000 / rate),
                "end_ms": round(each.end_sample * 1000 / rate),
                "words": [],
            }
            for each in timings
        ],
        asset_id=edition.pk,
        measured=_measured(joined, edition.format),
    )


def _measured(joined: Joined, format: str) -> Measurements:
    wanted = FORMATS[format]
    return Measurements(
        duration_s=round(joined.duration_s, 4),
        sample_rate=joined.sample_rate,
        channels=joined.channels,
        codec=wanted.codec,
        container=wanted.container,
        bit_rate=round(joined.bytes * 8 / joined.duration_s),
        loudness_lufs=joined.loudness_lufs,
        peak_dbfs=joined.peak_dbfs,
        peaks=joined.peaks,
    )


def _beginnings(of: Book | Chapter) -> list[str]:
    """What the library finds it by: the chapters' titles and how the text begins, not all of it."""
    if isinstance(of, Chapter):
        return [of.title, of.text[:TEXT_SHOWN]]
    titles = list(of.chapters.exclude(title="").values_list("title", flat=True))
    first = of.chapters.first()
    return ["\n".join(titles), first.text[:TEXT_SHOWN] if first else ""]


def _tags(edition: Edition) -> dict[str, str]:
    tags = {"title": edition.title, "artist": edition.book.author, "album": edition.book.title}
    tags |= {"genre": "Audiobook", "comment": "Made with AI: text to speech"}
    return {name: value for name, value in tags.items() if value}


@contextmanager
def _told(edition: Edition, progress: Path) -> Iterator[None]:
    """While the file is being written, its card says how far that is, and nobody else begins it.

    When it is cancelled, the folder goes that progress is written to: the child ends over that.
    """
    is_done = threading.Event()

    def look() -> None:
        said, ours = "", Edition.objects.filter(pk=edition.pk, status=EditionStatus.WAITING)
        while not is_done.wait(LOOK_EVERY_S):
            now = progress.read_text() if progress.exists() else ""
            is_news = now.isdigit() and now != said
            changes = {"percent": int(now)} if is_news else {}
            if not ours.update(leased_until=timezone.now() + LEASE, **changes):
                shutil.rmtree(progress.parent, ignore_errors=True)
                break
            if is_news:
                said = now
                events.publish_edition(edition.pk)
        connection.close()

    watcher = threading.Thread(target=look, name=f"edition {edition.pk}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


@shared_task
def sweep() -> None:
    """Ring again for editions whose worker died or never heard of them."""
    for lane, (_which, most) in LANES.items():
        ring_due(lane, most, before=timezone.now() - RING_AFTER)


def ring_due(lane: str, most: int, *, before: datetime | None = None) -> None:
    """Ring for those of a lane that wait longest. before: only for what was asked for until then."""
    waiting = Edition.objects.filter(LANES[lane][0], status=EditionStatus.WAITING).unclaimed()
    due = waiting.filter(created_at__lt=before or timezone.now()).order_by("created_at", "pk")
    for pk in due.values_list("pk", flat=True)[:most]:
        ring(render_edition, pk)

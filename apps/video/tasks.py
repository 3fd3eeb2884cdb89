"""Joining films. The rows are the truth: a lost message costs the seconds until the next sweep."""

from __future__ import annotations

import logging
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.library.models import Asset
from apps.library.services import keep
from apps.library.tasks import local_copy, ring
from apps.video.cutting import CutError, join_films
from apps.video.events import publish
from apps.video.models import Film, FilmStatus
from apps.workspaces.models import Membership

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)  # renewed while the film is being written
LONGEST_S = 3600.0
MAX_ATTEMPTS = 3
RING_AFTER = timedelta(seconds=5)
LOOK_EVERY_S = 0.5


@shared_task
def join_clips(film_id: str) -> None:
    """Write the film and keep it in the library."""
    film = Film.objects.select_related("workspace", "created_by").filter(pk=film_id).first()
    if film is None or not Film.objects.claim(film.pk, status=FilmStatus.WAITING, lease=LEASE):
        return
    with translation.override(film.created_by.language or settings.LANGUAGE_CODE):
        try:
            asset = _write(film)
        except (CutError, Asset.DoesNotExist) as error:
            log.warning("film %s could not be joined: %s", film.pk, error)
            _end(film, FilmStatus.FAILED, error=_sentence(error))
            return
    _end(film, FilmStatus.READY, asset=asset, percent=100)


def _sentence(error: Exception) -> str:
    if isinstance(error, Asset.DoesNotExist):
        return _("One of the videos is not in the library any more.")
    return _("One of the videos could not be opened to its end.")


def _end(film: Film, status: str, **changes: object) -> None:
    if Film.objects.move_on(film.pk, from_status=FilmStatus.WAITING, to_status=status, **changes):
        publish(film.pk)


def _write(film: Film) -> Asset:
    """Raises CutError, Asset.DoesNotExist."""
    if film.attempts >= MAX_ATTEMPTS:
        raise CutError(f"not done in {MAX_ATTEMPTS} attempts")
    known = Asset.objects.filter(workspace=film.workspace).in_bulk(film.clips)
    found = [known[pk] for pk in map(uuid.UUID, film.clips) if pk in known]
    if len(found) < len(film.clips):
        raise Asset.DoesNotExist
    with tempfile.TemporaryDirectory(prefix="studio-film-") as folder, ExitStack() as open_files:
        paths = [open_files.enter_context(local_copy(clip.file)) for clip in found]
        target, progress = Path(folder) / "film.mp4", Path(folder) / "percent"
        with _told(film, progress):
            join_films(paths, target, progress, timeout_s=LONGEST_S)
            return keep(
                Membership(workspace=film.workspace, user=film.created_by),
                kind="film",
                title=film.title,
                text="\n\n".join(filter(None, (clip.text for clip in found))),
                source=target,
                filename=target.name,
                content_type="video/mp4",
                request={"clips": [str(clip.pk) for clip in found]},
                asset_id=film.pk,
                opens=True,
            )


@contextmanager
def _told(film: Film, progress: Path) -> Iterator[None]:
    """While the film is being written, its card says how far that is, and nobody else begins it."""
    is_done = threading.Event()

    def look() -> None:
        said, ours = "", Film.objects.filter(pk=film.pk, status=FilmStatus.WAITING)
        while not is_done.wait(LOOK_EVERY_S):
            now = progress.read_text() if progress.exists() else ""
            until = timezone.now() + LEASE
            if now.isdigit() and now != said:
                said = now
                ours.update(percent=int(now), leased_until=until)
                publish(film.pk)
            else:
                ours.update(leased_until=until)
        connection.close()

    watcher = threading.Thread(target=look, name=f"film {film.pk}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


@shared_task
def sweep() -> None:
    """Ring again for films whose worker died or never heard of them."""
    due = Film.objects.filter(status=FilmStatus.WAITING, created_at__lt=timezone.now() - RING_AFTER).unclaimed()
    for pk in due.order_by("created_at").values_list("pk", flat=True)[:50]:
        ring(join_clips, pk)

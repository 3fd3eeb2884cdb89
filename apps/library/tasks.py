"""Work on what was kept. The rows are the truth: a lost message costs the seconds until the next sweep."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from celery import Task, shared_task
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from apps.library import audio, events, pictures, search, trash
from apps.library.kinds import get_kind
from apps.library.models import Asset, AssetStatus, Rendition, RenditionStatus
from apps.library.storing import StoredFile, delete_abandoned_files, discard, store_file, take_over

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # a file that takes its worker down each time is not opened for ever
RING_AFTER = timedelta(seconds=5)  # by then the first ring has been heard, or was lost
RINGS_AT_ONCE = 200
MEDIA = ("audio", "image", "video")  # what can be opened
RAW_PLAYS_AS = "wav"  # no browser plays sound without a container


def ring(task: Task, pk: object) -> None:
    """Wake a worker. Does not wait for a broker that is away; the sweep rings again."""
    task.apply_async((str(pk),), retry=False)


@shared_task
def measure(asset_id: str) -> None:
    """Open the file, write down what is in it, and show it on the workspace's pages."""
    asset = Asset.objects.select_related("workspace", "created_by").filter(pk=asset_id).first()
    if asset is None or not Asset.objects.claim(asset.pk, status=AssetStatus.SAVED, lease=lease(asset)):
        return
    status, changes, stored = open_file(asset)
    with transaction.atomic():
        is_ours = Asset.objects.move_on(asset_id, from_status=AssetStatus.SAVED, to_status=status, **changes)
        if is_ours:
            take_over(*stored)
            search.update([asset.pk])
    if is_ours:
        asset.refresh_from_db()
        if status == AssetStatus.READY and audio.is_raw(asset.file_name):
            rendition, _is_new = Rendition.objects.get_or_create(asset=asset, format=RAW_PLAYS_AS)
            ring(make_rendition, rendition.pk)
        events.publish_card(asset)
    else:
        for file in stored:
            discard(file)


def open_file(asset: Asset) -> tuple[str, dict[str, Any], list[StoredFile]]:
    """Open the stored file: the asset's new status, what else changes with it, and files that the row shall own."""
    if asset.attempts >= MAX_ATTEMPTS:
        log.error("Asset %s could not be measured in %s attempts", asset.pk, MAX_ATTEMPTS)
        return AssetStatus.DAMAGED, {}, []
    if asset.medium not in MEDIA:  # a document: kept as it is
        return AssetStatus.READY, {}, []
    look = _listen_to if asset.medium == "audio" else _look_at
    try:
        with local_copy(asset.file) as path:
            return AssetStatus.READY, *look(asset, path)
    except (audio.DamagedError, pictures.DamagedError) as exc:
        log.warning("Asset %s is damaged: %s", asset.pk, exc)
        return AssetStatus.DAMAGED, {}, []


def _listen_to(asset: Asset, path: Path) -> tuple[dict[str, Any], list[StoredFile]]:
    measurements = asdict(audio.measure(path, raw_sound(asset), timeout_s=seconds_allowed(asset)))
    peaks, duration_s = measurements.pop("peaks"), measurements.pop("duration_s")
    return {"peaks": peaks, "duration_s": duration_s, "measurements": measurements}, []


def _look_at(asset: Asset, path: Path) -> tuple[dict[str, Any], list[StoredFile]]:
    with tempfile.TemporaryDirectory(prefix="studio-poster-") as folder:
        poster = Path(folder) / "poster.webp"
        found = asdict(pictures.measure(path, poster, timeout_s=seconds_allowed(asset)))
        stored = store_file(poster, asset.folder, poster.suffix)
    found = {name: value for name, value in found.items() if value is not None}
    duration_s = found.pop("duration_s", None)
    return {"duration_s": duration_s, "measurements": found, "poster": stored.name}, [stored]


@shared_task
def make_rendition(rendition_id: str) -> None:
    """Write an asset in the format that somebody wants to download."""
    rendition = Rendition.objects.select_related("asset").filter(pk=rendition_id).first()
    if rendition is None:
        return
    asset = rendition.asset
    if not Rendition.objects.claim(rendition_id, status=RenditionStatus.WAITING, lease=lease(asset)):
        return
    wanted = audio.FORMATS[rendition.format]
    with tempfile.TemporaryDirectory(prefix="studio-rendition-") as folder:
        target = Path(folder) / f"rendition.{wanted.suffix}"
        try:
            if rendition.attempts >= MAX_ATTEMPTS:
                raise audio.DamagedError(f"not done in {MAX_ATTEMPTS} attempts")
            with local_copy(asset.file) as path:
                audio.convert(
                    path, target, rendition.format, tags(asset), raw_sound(asset), timeout_s=seconds_allowed(asset)
                )
        except audio.DamagedError as exc:
            log.warning("Asset %s could not be written as %s: %s", asset.pk, rendition.format, exc)
            Rendition.objects.move_on(
                rendition_id, from_status=RenditionStatus.WAITING, to_status=RenditionStatus.FAILED
            )
            return
        stored = store_file(target, asset.folder, target.suffix)
    with transaction.atomic():
        is_ours = Rendition.objects.move_on(
            rendition_id,
            from_status=RenditionStatus.WAITING,
            to_status=RenditionStatus.READY,
            file=stored.name,
            size=stored.size,
            sha256=stored.sha256,
        )
        if is_ours:
            take_over(stored)
    if not is_ours:
        discard(stored)


@shared_task
def sweep() -> None:
    """Ring again for rows whose worker died or never heard of them; delete files that nobody owns."""
    limit = timezone.now() - RING_AFTER
    for task, rows in (
        (measure, Asset.objects.filter(status=AssetStatus.SAVED)),
        (make_rendition, Rendition.objects.filter(status=RenditionStatus.WAITING)),
    ):
        due = rows.unclaimed().filter(created_at__lt=limit).order_by("created_at").values_list("pk", flat=True)
        for pk in due[:RINGS_AT_ONCE]:
            ring(task, pk)
    delete_abandoned_files()


@shared_task
def purge() -> None:
    """Delete for ever what has been in the trash for 30 days, and forget what can no longer be undone."""
    trash.purge()
    trash.forget_undone()


def seconds_allowed(asset: Asset) -> float:
    """An hour of mp3 is 57 MB and takes a minute to write again; a stuck decoder must not keep a worker."""
    return 60 + 10 * asset.size / 1_000_000


def lease(asset: Asset) -> timedelta:
    return timedelta(seconds=seconds_allowed(asset) + 30)


def tags(asset: Asset) -> dict[str, str]:
    """What a player shows about a downloaded file."""
    made_with = " · ".join(filter(None, (str(get_kind(asset.kind).label), asset.model)))
    comment = f"Made with AI: {made_with}"
    found = {"title": asset.title, "artist": asset.voice_id, "album": asset.model, "comment": comment}
    return {name: value for name, value in found.items() if value}


def raw_sound(asset: Asset) -> audio.RawSound | None:
    """How to read a file without a container: as it was asked for. None when the file says it itself."""
    demuxer = audio.RAW.get(PurePath(asset.file_name).suffix)
    if demuxer is None:
        return None
    return audio.RawSound(
        demuxer,
        sample_rate=int(asset.request.get("sample_rate") or (8000 if demuxer == "mulaw" else 32_000)),
        channels=int(asset.request.get("channel") or 1),
    )


@contextmanager
def local_copy(file: FieldFile) -> Iterator[Path]:
    """The file as a path that a decoder can open: its own where storage is a folder, else a copy on disk."""
    try:
        path = default_storage.path(str(file.name))
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(suffix=PurePath(str(file.name)).suffix) as copy:
            with file.open("rb") as stored:
                shutil.copyfileobj(stored, copy, 1 << 20)
            copy.flush()
            yield Path(copy.name)
    else:
        yield Path(path)

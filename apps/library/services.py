"""What a person, or an app on a person's behalf, can do with what was made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.library import lineage
from apps.library import search as finding
from apps.library.audio import Measurements, is_raw
from apps.library.events import publish_card
from apps.library.models import Asset, AssetQuerySet, AssetStatus, Rendition, RenditionStatus, new_id
from apps.library.storing import delete_given_up_files, discard, give_up, store_file, take_over
from apps.library.tasks import RAW_PLAYS_AS, make_rendition, measure, open_file, ring
from apps.workspaces import audit
from apps.workspaces.happenings import announce
from apps.workspaces.models import Membership

TITLE_LENGTH = 200


def keep(
    member: Membership,
    *,
    kind: str,
    title: str,
    text: str,
    source: Path,
    filename: str,
    content_type: str,
    request: Mapping[str, Any],
    model: str = "",
    voice_id: str = "",
    trace_id: str = "",
    cost_usd: Decimal | None = None,
    usage: Mapping[str, Any] | None = None,
    subtitles: Sequence[Mapping[str, Any]] | None = None,
    measurements: Mapping[str, Any] | None = None,
    asset_id: uuid.UUID | None = None,
    opens: bool = False,
    measured: Measurements | None = None,
) -> Asset:
    """Take a file into the library and remove it from where it lay. Call it outside a transaction: it copies the file.

    With an `asset_id` it may be called again, e.g. after a crash: the second call returns what the first one kept.
    `filename` gives the suffix that says how to open it. `measurements` are what is known before it is measured. With
    `opens` the file is opened and measured here, which may take as long as the file is; otherwise a worker is asked to.
    What the studio encoded itself comes with what it `measured` meanwhile, and is not decoded again.
    Raises StorageError; the source is still there then.
    """
    asset_id = asset_id or new_id()
    if kept := _find_kept(asset_id, source):
        return kept
    asset = Asset(
        id=asset_id,
        workspace=member.workspace,
        created_by=member.user,
        kind=kind,
        title=shorten(title),
        text=text,
        request=dict(request),
        model=model,
        voice_id=voice_id,
        trace_id=trace_id,
        cost_usd=cost_usd,
        usage=dict(usage or {}),
        subtitles=list(subtitles or []),
        measurements=dict(measurements or {}),
        content_type=content_type,
    )
    try:
        stored = store_file(source, asset.folder, PurePath(filename).suffix)
    except FileNotFoundError:
        if kept := _find_kept(asset_id, source):  # another process was doing the same and is done
            return kept
        raise
    asset.file.name, asset.size, asset.sha256 = stored.name, stored.size, stored.sha256
    files = [stored]
    if opens:
        asset.status, found, more = open_file(asset)
        files += more
        for name, value in found.items():
            setattr(asset, name, value)
    elif measured:
        asset.status, asset.peaks, asset.duration_s = AssetStatus.READY, measured.peaks, measured.duration_s
        asset.measurements = {
            name: value for name, value in asdict(measured).items() if name not in ("peaks", "duration_s")
        }
    try:
        with transaction.atomic():
            take_over(*files)
            asset.save(force_insert=True)
            finding.update([asset.pk])
            lineage.record(asset)
            told = {"id": str(asset.pk), "kind": asset.kind, "title": asset.title, "content_type": asset.content_type}
            announce(asset.workspace_id, "asset.created", told | {"by": member.user.name})
            if measured and not opens:
                transaction.on_commit(lambda: publish_card(asset), robust=True)
            elif not opens:
                transaction.on_commit(lambda: ring(measure, asset.pk), robust=True)
    except IntegrityError:
        for file in files:
            discard(file)
        if kept := _find_kept(asset_id, source):
            return kept
        raise
    source.unlink(missing_ok=True)
    return asset


def _find_kept(asset_id: uuid.UUID, source: Path) -> Asset | None:
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset:
        source.unlink(missing_ok=True)
    return asset


def shorten(text: str, length: int = TITLE_LENGTH) -> str:
    """One line of at most `length` characters, cut between words where the script has any."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > length // 2 else cut).rstrip(" ,;:-–—") + "…"


def fetch(member: Membership, ids: Sequence[uuid.UUID]) -> list[Asset]:
    """These assets in this order, as far as they are the member's to see, with what cards and lines show of them."""
    return finding.fetch(member, ids)


def search(member: Membership, q: str, limit: int) -> list[Asset]:
    """The newest assets that hold all words of `q`, all where there are none: for the home page, the palette, chat."""
    return finding.find(member, finding.Query(q=q), limit=limit).assets


def find_assets(member: Membership, *, q: str = "", before: uuid.UUID | None = None) -> AssetQuerySet:
    """The newest first, to be narrowed further; `before` is the last asset of the page before."""
    found = finding.matching(member, finding.Query(q=q)).select_related("workspace", "created_by").order_by("-id")
    return found.filter(pk__lt=before) if before else found


def rename(asset: Asset, title: str) -> None:
    asset.title = shorten(title)
    with transaction.atomic():
        asset.save(update_fields=["title"])
        finding.update([asset.pk])
    with transaction.atomic():  # their tags hold the old title; the next download makes new ones
        old = asset.renditions.exclude(format=RAW_PLAYS_AS if is_raw(asset.file_name) else "")
        given_up = give_up(name for name in old.values_list("file", flat=True) if name)
        old.delete()
    delete_given_up_files(given_up)
    publish_card(asset)


def move_to_trash(member: Membership, asset: Asset, *, request: HttpRequest | None = None) -> None:
    """Hide it everywhere, its public links too. Nothing is deleted: `restore` brings all of it back."""
    _set_trashed(asset, timezone.now())
    audit.record(member, "asset.trashed", subject=asset.title, request=request)
    publish_card(asset)


def _set_trashed(asset: Asset, trashed_at: datetime | None) -> None:
    """Raises Asset.DoesNotExist: it was deleted for good at the same moment."""
    asset.trashed_at = trashed_at
    with transaction.atomic():
        if not Asset.objects.filter(pk=asset.pk).update(trashed_at=trashed_at):
            raise Asset.DoesNotExist
        finding.update([asset.pk])


def restore(member: Membership, asset: Asset, *, request: HttpRequest | None = None) -> None:
    _set_trashed(asset, None)
    audit.record(member, "asset.restored", subject=asset.title, request=request)
    publish_card(asset)


def find_or_order_rendition(asset: Asset, format: str, *, again: bool = False) -> Rendition:
    """Return the asset in another format; WAITING when it has just been ordered. `again`: another try if it failed."""
    rendition, is_ordered = Rendition.objects.get_or_create(asset=asset, format=format)
    if again and rendition.status == RenditionStatus.FAILED:
        is_ordered = Rendition.objects.move_on(
            rendition.pk, from_status=RenditionStatus.FAILED, to_status=RenditionStatus.WAITING, attempts=0
        )
        rendition.status = RenditionStatus.WAITING
    if is_ordered:
        transaction.on_commit(lambda: ring(make_rendition, rendition.pk), robust=True)
    return rendition

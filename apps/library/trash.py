"""The trash: what lies there for 30 days is gone for good, row and files.

The row and all that belongs to it go in one transaction, which also writes down the files that then belong to nobody.
They are deleted after it. So no row is ever without its file, and whatever dies in between leaves notes that
`apps.library.storing` works off. What others hold on to (a PROTECT on the asset) stays, with a sentence that says why.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import ForeignObjectRel, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.library.models import TRASH_KEPT, Asset, AssetQuerySet, BulkAct, Rendition, StorageUse
from apps.library.storing import delete_given_up_files, give_up
from apps.workspaces import audit
from apps.workspaces.events import publish
from apps.workspaces.models import Membership

TOGETHER = 100
AT_ONCE = 200  # while a person waits; the rest is for the worker
UNDO_KEPT_DAYS = 2

FindFiles = Callable[[Sequence[uuid.UUID]], Iterable[str]]
_find_files: list[FindFiles] = []


class HeldError(Exception):
    """It cannot be deleted; `str(error)` says what needs it."""


def register_files(find: FindFiles) -> None:
    """For apps whose rows go with their asset and have files of their own: their names in storage."""
    _find_files.append(find)


def purge(now: datetime | None = None) -> int:
    """Delete for ever what has been in the trash for long enough. Returns how many assets."""
    now = now or timezone.now()
    due = _not_held(Asset.objects.filter(trashed_at__lt=now - TRASH_KEPT)).order_by("trashed_at")
    done = 0
    while ids := list(due.values_list("pk", flat=True)[:TOGETHER]):
        gone = _delete(ids)
        done += len(gone)
        if not gone:  # somebody took them out or needs them since
            break
    return done


def forget_undone(now: datetime | None = None) -> None:
    limit = (now or timezone.now()) - timedelta(days=UNDO_KEPT_DAYS)
    BulkAct.objects.filter(created_at__lt=limit).delete()


def delete_for_ever(member: Membership, asset: Asset, *, request: HttpRequest | None = None) -> None:
    """Delete one asset that lies in the trash. Raises HeldError."""
    if not _delete([asset.pk]):
        things = ", ".join(_holders_of(asset))
        raise HeldError(_("“%(title)s” stays: it is needed by %(things)s.") % {"title": asset.title, "things": things})
    audit.record(member, "asset.deleted", subject=asset.title, request=request)


def empty(member: Membership, *, request: HttpRequest | None = None) -> int:
    """Delete for ever all that the workspace has in its trash; what is more than a moment's work is left to a worker.

    Returns how many assets that concerns.
    """
    at_once = timezone.now() - TRASH_KEPT - timedelta(seconds=1)
    wanted = _not_held(Asset.objects.in_trash_of(member))
    count = wanted.update(trashed_at=at_once)
    _delete(list(wanted.order_by("trashed_at").values_list("pk", flat=True)[:AT_ONCE]))
    subject = ngettext("%d asset", "%d assets", count) % count
    audit.record(member, "trash.emptied", subject=subject, request=request)
    return count


def _delete(ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Delete those of them that lie in the trash and that nobody holds on to."""
    with transaction.atomic():
        wanted = _not_held(Asset.objects.filter(pk__in=ids, trashed_at__isnull=False))
        assets = list(wanted.select_for_update(of=("self",)).order_by("pk").only("pk", "workspace", "file", "poster"))
        found = [asset.pk for asset in assets]
        spaces = {asset.workspace_id for asset in assets}
        # The counters in one order: of two who delete, none waits for the other in a circle.
        list(StorageUse.objects.select_for_update().filter(workspace__in=spaces).order_by("pk").values_list("pk"))
        names = [str(name) for asset in assets for name in (asset.file.name, asset.poster.name) if name]
        names += filter(None, Rendition.objects.filter(asset__in=found).values_list("file", flat=True))
        for find in _find_files:
            names += filter(None, find(found))
        given_up = give_up(names)
        Asset.objects.filter(pk__in=found).delete()
    delete_given_up_files(given_up)
    for space in spaces:
        gone = (asset.pk for asset in assets if asset.workspace_id == space)
        publish(space, "".join(f'<article id="asset-{pk}" hx-swap-oob="delete"></article>' for pk in gone))
    return found


def _holding() -> list[ForeignObjectRel]:
    """Where a row keeps an asset from being deleted, e.g. a voice its recording."""
    fields = Asset._meta.get_fields(include_hidden=True)
    return [rel for rel in fields if isinstance(rel, ForeignObjectRel) and rel.on_delete is models.PROTECT]


def _not_held(assets: AssetQuerySet) -> AssetQuerySet:
    held = Q()
    for rel in _holding():
        name = rel.field.name
        rows = rel.related_model._default_manager.filter(**{f"{name}__isnull": False})
        held |= Q(pk__in=rows.values(name))
    return assets.exclude(held) if held else assets


def _holders_of(asset: Asset) -> list[str]:
    found = []
    for rel in _holding():
        model = rel.related_model
        rows = model._default_manager.filter(**{rel.field.name: asset})[:3]
        found += [f"{model._meta.verbose_name} “{row}”" for row in rows]
    return found

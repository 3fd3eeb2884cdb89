"""What a person can do with collections. Each act returns what its undo needs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.collections.models import STEP, Collection, Item
from apps.library import many
from apps.library.models import TRASH_KEPT, Asset, BulkAct
from apps.workspaces.models import Membership

MOST_COLLECTIONS = 1_000  # in a workspace
MOST_ITEMS = 20_000  # in a collection: the search narrows by it, see library.search.filters


class CollectionError(Exception):
    """Nothing was changed; `str(error)` is a sentence for the person."""


def create(member: Membership, name: str, *, parent: Collection | None = None, note: str = "") -> Collection:
    """Put a new collection before all others at its place. Raises CollectionError."""
    name = clean_name(name)
    if not name:
        raise CollectionError(_("A collection needs a name."))
    if Collection.objects.visible_to(member).count() >= MOST_COLLECTIONS:
        raise CollectionError(_("There are %(most)d collections. Delete one first.") % {"most": MOST_COLLECTIONS})
    if parent is not None and parent.parent_id:
        raise CollectionError(_("A collection inside another one cannot hold a third."))
    with transaction.atomic():
        siblings = Collection.objects.visible_to(member).filter(parent=parent)
        first = siblings.aggregate(first=Min("position"))["first"] or 0
        return Collection.objects.create(
            workspace=member.workspace,
            created_by=member.user,
            name=name,
            note=note,
            parent=parent,
            position=first - STEP,
        )


def clean_name(name: str) -> str:
    return " ".join(name.replace("\0", "").split())[: Collection._meta.get_field("name").max_length].strip()


def change(collection: Collection, *, name: str, note: str, parent: Collection | None) -> None:
    """Rename it, write its note, put it into another one or out of it. Raises CollectionError."""
    if not clean_name(name):
        raise CollectionError(_("A collection needs a name."))
    if parent is not None:
        if parent.parent_id or parent.pk == collection.pk:
            raise CollectionError(_("A collection inside another one cannot hold a third."))
        if collection.children.filter(deleted_at=None).exists():
            raise CollectionError(_("This collection holds others, so it cannot lie in one itself."))
    collection.name, collection.parent = clean_name(name), parent
    collection.note = note.replace("\0", "").replace("\r\n", "\n").strip()[:5000]
    collection.save(update_fields=["name", "note", "parent"])


def delete(collection: Collection) -> None:
    """Take it and what lies in it off every page. The assets stay where they are; `restore` brings it back."""
    now = timezone.now()
    with transaction.atomic():
        Collection.objects.filter(parent=collection, deleted_at=None).update(deleted_at=now)
        Collection.objects.filter(pk=collection.pk).update(deleted_at=now)


def restore(collection: Collection) -> None:
    with transaction.atomic():
        Collection.objects.filter(parent=collection, deleted_at=collection.deleted_at).update(deleted_at=None)
        Collection.objects.filter(pk=collection.pk).update(deleted_at=None)


def purge(now: datetime | None = None) -> None:
    """Forget deleted collections when no undo can mean them any more."""
    Collection.objects.filter(deleted_at__lt=(now or timezone.now()) - TRASH_KEPT).delete()


def set_cover(collection: Collection, asset: Asset | None) -> None:
    Collection.objects.filter(pk=collection.pk).update(cover=asset)


def add(member: Membership, collection: Collection, ids: Sequence[uuid.UUID]) -> BulkAct:
    """Put assets of the member's workspace at the end, in this order. Raises CollectionError."""
    known = set(Item.objects.filter(collection=collection).values_list("asset_id", flat=True))
    fresh = [pk for pk in ids if pk not in known]
    if len(known) + len(fresh) > MOST_ITEMS:
        raise CollectionError(_("A collection holds up to %(most)d assets. Begin a second one.") % {"most": MOST_ITEMS})
    act = many.remember(member, "uncollect", fresh, collection=str(collection.pk))
    for part in many.in_parts(fresh):
        with transaction.atomic():
            Collection.objects.select_for_update().get(pk=collection.pk)  # one adds at a time: the order is kept
            allowed = set(Asset.objects.visible_to(member).filter(pk__in=part).values_list("pk", flat=True))
            last = Item.objects.filter(collection=collection).aggregate(last=Max("position"))["last"] or 0
            rows = [
                Item(collection=collection, asset_id=pk, position=last + STEP * (place + 1))
                for place, pk in enumerate(pk for pk in part if pk in allowed)
            ]
            Item.objects.bulk_create(rows, ignore_conflicts=True)
    return act


def transfer(member: Membership, source: Collection, target: Collection, ids: Sequence[uuid.UUID]) -> BulkAct:
    """Take assets out of one collection and put them at the end of another one. Raises CollectionError."""
    held = Item.objects.filter(collection=source, asset__in=ids)
    places = dict(held.values_list("asset_id", "position"))
    moving = sorted(places, key=lambda pk: places[pk])
    added = add(member, target, moving)
    taken = remove(member, source, moving)
    parts = [{"undo": act.undo, **act.payload} for act in (added, taken)]
    BulkAct.objects.filter(pk__in=[added.pk, taken.pk]).delete()
    return many.remember(member, "transfer_back", moving, parts=parts)


def remove(member: Membership, collection: Collection, ids: Sequence[uuid.UUID]) -> BulkAct:
    items = Item.objects.filter(collection=collection, asset__in=ids)
    places = dict(items.values_list("asset_id", "position"))
    named = {str(pk): position for pk, position in places.items()}
    act = many.remember(member, "recollect", list(places), collection=str(collection.pk), places=named)
    Item.objects.filter(collection=collection, asset__in=list(places)).delete()
    return act


def move(
    collection: Collection, asset_id: uuid.UUID, *, before: uuid.UUID | None = None, after: uuid.UUID | None = None
) -> None:
    """Put one asset in front of another one of the collection, or behind one; with neither, at the end."""
    with transaction.atomic():
        Collection.objects.select_for_update().get(pk=collection.pk)
        items = Item.objects.filter(collection=collection)
        moving = items.filter(asset=asset_id).first()
        if moving is None or asset_id in (before, after):
            return
        others = items.exclude(pk=moving.pk)
        place = _free_place(others, before, after)
        if place is None:
            _spread(collection)
            place = _free_place(others, before, after)
        Item.objects.filter(pk=moving.pk).update(position=place)


def step(collection: Collection, asset_id: uuid.UUID, *, by: int) -> None:
    """Move one asset a place forwards (by = -1) or backwards (1)."""
    items = Item.objects.filter(collection=collection, asset__trashed_at=None)
    item = items.filter(asset=asset_id).first()
    if item is None:
        return
    if by < 0:
        neighbour = items.filter(position__lt=item.position).order_by("-position", "-pk").first()
        if neighbour:
            move(collection, asset_id, before=neighbour.asset_id)
    else:
        neighbour = items.filter(position__gt=item.position).order_by("position", "pk").first()
        if neighbour:
            move(collection, asset_id, after=neighbour.asset_id)


def _free_place(others: QuerySet[Item], before: uuid.UUID | None, after: uuid.UUID | None) -> int | None:
    """A position in front of `before` or behind `after`; None where there is none left between two neighbours."""
    low = high = None
    if before and (following := others.filter(asset=before).first()):
        high = following.position
        low = others.filter(position__lt=high).aggregate(last=Max("position"))["last"]
    elif after and (previous := others.filter(asset=after).first()):
        low = previous.position
        high = others.filter(position__gt=low).aggregate(first=Min("position"))["first"]
    else:
        low = others.aggregate(last=Max("position"))["last"] or 0
    if low is None or high is None:
        return low + STEP if low is not None else high - STEP if high is not None else STEP
    return (low + high) // 2 if high - low > 1 else None


def _spread(collection: Collection) -> None:
    """Make room between all neighbours again."""
    items = list(Item.objects.filter(collection=collection).order_by("position", "pk"))
    for place, item in enumerate(items):
        item.position = STEP * (place + 1)
    Item.objects.bulk_update(items, ["position"], batch_size=500)


# --- ways back, for apps.library.many ---------------------------------------------------------------------------------


def _collection_in(member: Membership, payload: Mapping[str, Any]) -> Collection | None:
    return Collection.objects.visible_to(member).filter(pk=payload["collection"]).first()


def undo_add(member: Membership, payload: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    collection, ids = _collection_in(member, payload), many.ids_in(payload)
    if collection:
        for part in many.in_parts(ids):
            Item.objects.filter(collection=collection, asset__in=part).delete()
    return ids


def undo_remove(member: Membership, payload: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    collection, ids = _collection_in(member, payload), many.ids_in(payload)
    if collection:
        for part in many.in_parts(ids):
            there = Asset.objects.filter(workspace=member.workspace, pk__in=part).values_list("pk", flat=True)
            rows = [Item(collection=collection, asset_id=pk, position=payload["places"][str(pk)]) for pk in there]
            Item.objects.bulk_create(rows, ignore_conflicts=True)
    return ids


def undo_transfer(member: Membership, payload: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    added, taken = payload["parts"]
    undo_add(member, added)
    undo_remove(member, taken)
    return many.ids_in(payload)

"""What the library asks of collections: a filter of its search, and what an asset lies in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import QuerySet
from django.urls import reverse

from apps.collections.models import Collection, Item
from apps.library.dependants import MOST
from apps.library.lookups import parse_uuid
from apps.library.models import Asset
from apps.library.search import Choice
from apps.workspaces.models import Membership

OFFERED = 100


def ids_in(member: Membership, value: str) -> QuerySet | None:
    pk = parse_uuid(value)
    if pk is None or not Collection.objects.visible_to(member).filter(pk=pk).exists():
        return None
    return Item.objects.filter(collection=pk).values("asset_id")


def choices_for(member: Membership) -> list[Choice]:
    found = Collection.objects.visible_to(member).order_by("position", "id").values_list("pk", "name")[:OFFERED]
    return [Choice(str(pk), name, "folder") for pk, name in found]


def find_collections(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    holding = Collection.objects.visible_to(member).filter(items__asset=asset).order_by("name")
    for one in holding[: MOST + 1]:
        yield one.name, reverse("collections:collection", args=[member.workspace.slug, one.pk])


def collected_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    items = Item.objects.filter(collection__in=Collection.objects.visible_to(member), asset__in=ids)
    return items.values_list("asset", flat=True)

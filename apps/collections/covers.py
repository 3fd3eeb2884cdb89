"""What a collection looks like among others: its cover, or its first pictures."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from apps.collections.models import Collection, Item
from apps.library.models import Asset
from apps.workspaces.models import Membership

LOOKED_AT = 24  # the first of a collection's items, until one has a picture


def with_covers(member: Membership, collections: Sequence[Collection]) -> Sequence[Collection]:
    """Give each its `picture`: an asset with a poster, or None."""
    if not collections:
        return collections
    wanted: dict[uuid.UUID, uuid.UUID | None] = {one.pk: one.cover_id for one in collections if one.cover_id}
    for one in collections:
        if one.pk not in wanted:
            first = Item.objects.filter(collection=one).order_by("position", "pk")[:LOOKED_AT]
            ids = list(first.values_list("asset_id", flat=True))
            with_poster = set(
                Asset.objects.visible_to(member).filter(pk__in=ids).exclude(poster="").values_list("pk", flat=True)
            )
            wanted[one.pk] = next((pk for pk in ids if pk in with_poster), None)
    pictures = Asset.objects.visible_to(member).exclude(poster="").only("pk", "title", "workspace")
    found = {asset.pk: asset for asset in pictures.filter(pk__in=filter(None, wanted.values()))}
    for one in collections:
        pk = wanted[one.pk]
        one.picture = found.get(pk) if pk else None
    return collections

"""Tags, stars, ratings and notes: free to give and free to take back, on one asset or on many."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from apps.library import search
from apps.library.models import Asset, Favourite, Tag, Tagging
from apps.workspaces.models import Membership

TAG_LENGTH = Tag._meta.get_field("name").max_length or 0
NOTE_LENGTH = 5000
HIGHEST = 5


def clean_name(name: str) -> str:
    return " ".join(name.replace("\0", "").split())[:TAG_LENGTH].strip()


def tag(member: Membership, assets: Iterable[Asset], name: str) -> Tag | None:
    """Put a tag on assets of the member's workspace; it is made when it is new. None for an empty name."""
    name = clean_name(name)
    if not name:
        return None
    with transaction.atomic():
        found = _find_or_make(member, name)
        ids = [asset.pk for asset in assets]
        Tagging.objects.bulk_create([Tagging(tag=found, asset_id=pk) for pk in ids], ignore_conflicts=True)
        search.update(ids)
    return found


def untag(assets: Iterable[Asset], tag: Tag) -> None:
    """Take the tag off. One that nothing has any more is gone."""
    with transaction.atomic():
        ids = [asset.pk for asset in assets]
        Tagging.objects.filter(tag=tag, asset__in=ids).delete()
        search.update(ids)
        if not tag.taggings.exists():
            tag.delete()


def _find_or_make(member: Membership, name: str) -> Tag:
    key = name.casefold()[:TAG_LENGTH]
    try:
        with transaction.atomic():
            return Tag.objects.get_or_create(workspace=member.workspace, key=key, defaults={"name": name})[0]
    except IntegrityError:
        return Tag.objects.get(workspace=member.workspace, key=key)


def set_favourite(member: Membership, assets: Iterable[Asset], *, is_favourite: bool) -> None:
    """The member's own star."""
    if is_favourite:
        rows = [Favourite(user=member.user, asset=asset) for asset in assets]
        Favourite.objects.bulk_create(rows, ignore_conflicts=True)
    else:
        Favourite.objects.filter(user=member.user, asset__in=list(assets)).delete()


def rate(assets: Iterable[Asset], rating: int) -> None:
    """0 to 5; 0 takes the rating back."""
    with transaction.atomic():
        ids = [asset.pk for asset in assets]
        Asset.objects.filter(pk__in=ids).update(rating=min(max(rating, 0), HIGHEST))
        search.update(ids)


def write_note(asset: Asset, note: str) -> None:
    asset.note = note.replace("\0", "").replace("\r\n", "\n").strip()[:NOTE_LENGTH]
    with transaction.atomic():
        asset.save(update_fields=["note"])
        search.update([asset.pk])

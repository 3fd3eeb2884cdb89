"""What is done to many assets at once, and undone.

Which ones: either ids, or everything that a search finds, up to MOST. Each act writes down what it is about to change
before it changes anything, in steps of TOGETHER, so that one that was broken off can be undone too. An app above the
library adds a way back with `register_undo`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.library import search, tagging
from apps.library.events import publish_card
from apps.library.lookups import parse_uuid
from apps.library.models import Asset, AssetQuerySet, BulkAct, Tag, Tagging
from apps.workspaces import audit
from apps.workspaces.models import Membership

MOST = 2_000  # an act on so many takes seconds, most of them the search index
TOGETHER = 200
SHOWN = 60  # cards that are drawn anew for the page, and pushed to others; beyond that a page asks again


class TooManyError(Exception):
    """Nothing was done; `str(error)` is a sentence for the person."""


Undo = Callable[[Membership, Mapping[str, Any]], Sequence[uuid.UUID]]  # returns what it changed
_undos: dict[str, Undo] = {}
_listing: set[str] = set()


def register_undo(name: str, undo: Undo, *, changes_lists: bool = False) -> None:
    """`changes_lists`: it brings to a page, or takes from it, what its cards alone do not show."""
    _undos[name] = undo
    if changes_lists:
        _listing.add(name)


def changes_lists(act: BulkAct) -> bool:
    return act.undo in _listing


def choose(member: Membership, form: QueryDict, *, in_trash: bool = False) -> list[uuid.UUID]:
    """The ids a form means: those it names as `asset`, or with `all` those that the search `params` finds.

    Only what is the member's to see, newest first. Raises TooManyError.
    """
    if form.get("all"):
        query = search.Query.from_params(QueryDict(form.get("params", "")))
        wanted = search.matching(member, query)
        if query.is_trash != in_trash:
            return []
    else:
        named = [pk for value in form.getlist("asset")[: MOST + 1] if (pk := parse_uuid(value))]
        everything = Asset.objects.in_trash_of(member) if in_trash else Asset.objects.visible_to(member)
        wanted = everything.filter(pk__in=named)
    found = list(wanted.order_by("-id").values_list("pk", flat=True)[: MOST + 1])
    if len(found) > MOST:
        raise TooManyError(
            _("This search finds more than %(most)d. Narrow it down, by date for example, and take them in parts.")
            % {"most": MOST}
        )
    return found


def move_to_trash(member: Membership, ids: Sequence[uuid.UUID], *, request: HttpRequest | None = None) -> BulkAct:
    act = remember(member, "restore", ids)
    changed = _set_trashed(member, ids, trashed=True)
    _record(member, "asset.trashed", changed, request)
    return act


def restore(member: Membership, ids: Sequence[uuid.UUID], *, request: HttpRequest | None = None) -> BulkAct:
    act = remember(member, "trash", ids)
    changed = _set_trashed(member, ids, trashed=False)
    _record(member, "asset.restored", changed, request)
    return act


def tag(member: Membership, ids: Sequence[uuid.UUID], name: str) -> BulkAct | None:
    """None for an empty name."""
    key = tagging.clean_name(name).casefold()[: tagging.TAG_LENGTH]
    if not key:
        return None
    known = set[uuid.UUID]()
    for part in in_parts(ids):
        has = Tagging.objects.filter(tag__workspace=member.workspace, tag__key=key, asset__in=part)
        known |= set(has.values_list("asset_id", flat=True))
    fresh = [pk for pk in ids if pk not in known]
    act = remember(member, "untag", fresh, tag=key)
    for part in in_parts(fresh):
        tagging.tag(member, _rows(member, part), name)
    return act


def undo(member: Membership, act: BulkAct) -> Sequence[uuid.UUID]:
    """Take an act back, once. Returns the assets that changed."""
    changed = _undos[act.undo](member, act.payload)
    act.delete()
    return changed


def remember(member: Membership, undo: str, ids: Iterable[uuid.UUID], **more: Any) -> BulkAct:
    payload = {"assets": [str(pk) for pk in ids], **more}
    return BulkAct.objects.create(workspace=member.workspace, person=member.user, undo=undo, payload=payload)


def ids_in(payload: Mapping[str, Any]) -> list[uuid.UUID]:
    return [uuid.UUID(pk) for pk in payload["assets"]]


def in_parts(ids: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    for start in range(0, len(ids), TOGETHER):
        yield ids[start : start + TOGETHER]


def _rows(member: Membership, ids: Sequence[uuid.UUID]) -> AssetQuerySet:
    return Asset.objects.visible_to(member).filter(pk__in=ids).only("pk")


def _set_trashed(member: Membership, ids: Sequence[uuid.UUID], *, trashed: bool) -> list[uuid.UUID]:
    changed: list[uuid.UUID] = []
    for part in in_parts(ids):
        with transaction.atomic():
            rows = Asset.objects.filter(workspace=member.workspace, pk__in=part, trashed_at__isnull=trashed)
            moving = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
            Asset.objects.filter(pk__in=moving).update(trashed_at=timezone.now() if trashed else None)
            search.update(moving)
        changed += moving
    return changed


def publish_cards(ids: Sequence[uuid.UUID]) -> None:
    for asset in Asset.objects.filter(pk__in=ids[:SHOWN]).select_related("workspace", "created_by"):
        publish_card(asset)


def _record(member: Membership, action: str, ids: Sequence[uuid.UUID], request: HttpRequest | None) -> None:
    if not ids:
        return
    subject = ngettext("%d asset", "%d assets", len(ids)) % len(ids)
    if len(ids) == 1:
        subject = Asset.objects.values_list("title", flat=True).get(pk=ids[0])
    audit.record(member, action, subject=subject, request=request)
    publish_cards(ids)


def _undo_trash(member: Membership, payload: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    changed = _set_trashed(member, ids_in(payload), trashed=False)
    _record(member, "asset.restored", changed, None)
    return changed


def _undo_restore(member: Membership, payload: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    changed = _set_trashed(member, ids_in(payload), trashed=True)
    _record(member, "asset.trashed", changed, None)
    return changed


def _undo_tag(member: Membership, payload: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    ids = ids_in(payload)
    for part in in_parts(ids):
        found = Tag.objects.filter(workspace=member.workspace, key=payload["tag"]).first()
        if found:
            tagging.untag(_rows(member, part), found)
    return ids


register_undo("restore", _undo_trash)
register_undo("trash", _undo_restore)
register_undo("untag", _undo_tag)

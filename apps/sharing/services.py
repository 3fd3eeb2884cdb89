"""What can be done with public links."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.library.models import Asset
from apps.sharing.models import Share, ShareQuerySet
from apps.workspaces import audit
from apps.workspaces.models import Membership

SHOWN = ("asset", "snapshot__conversation")  # what a link points to


def share(member: Membership, asset: Asset, *, request: HttpRequest | None = None) -> Share:
    """Return the member's open link to the asset; made if there is none, so a second press shows the same link."""
    with transaction.atomic():
        mine = Share.objects.visible_to(member).open().filter(asset=asset, created_by=member.user)
        found = mine.select_related("asset", "workspace").first()
        if found:
            return found
        made = Share.with_new_token(workspace=member.workspace, asset=asset, created_by=member.user)
        made.save()
        audit.record(member, "share.created", subject=asset.title, request=request)
    return made


def may_change(member: Membership, link: Share) -> bool:
    return member.may("manage") or (member.may("publish") and link.created_by_id == member.user_id)


def revoke(member: Membership, link: Share, *, request: HttpRequest | None = None) -> None:
    """End the link for good. Whoever has it open keeps what was loaded; nothing more is given out."""
    with transaction.atomic():
        if Share.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(member, "share.revoked", subject=link.title, request=request)
    link.refresh_from_db(fields=["revoked_at"])


def shared_among(assets: Sequence[Asset]) -> set[uuid.UUID]:
    """Which of the assets have open links, whoever made them."""
    open_links = Share.objects.filter(asset__in=[asset.pk for asset in assets]).open()
    return {pk for pk in open_links.values_list("asset", flat=True) if pk}


def end_links_of(member: Membership, assets: Sequence[Asset], request: HttpRequest | None = None) -> int:
    """End everybody's links to the assets, e.g. because a person took their consent back. Returns how many."""
    links = Share.objects.visible_to(member).open().filter(asset__in=[asset.pk for asset in assets])
    ended = list(links.select_related(*SHOWN))
    for link in ended:
        revoke(member, link, request=request)
    return len(ended)


def list_shares(member: Membership, *, everyones: bool = False) -> ShareQuerySet:
    """Newest first; the member's own, or for managers everybody's."""
    found = Share.objects.visible_to(member).select_related(*SHOWN, "created_by", "workspace").order_by("-id")
    return found if everyones and member.may("manage") else found.filter(created_by=member.user)


def count_view(link: Share) -> None:
    Share.objects.filter(pk=link.pk).update(views=F("views") + 1)


def absolute_url(name: str, token: str) -> str:
    return settings.PUBLIC_URL + reverse(f"public:{name}", args=[token])


def public_url(link: Share) -> str:
    """The address to pass on; empty when the token can no longer be read."""
    token = link.token
    return absolute_url("page", token) if token else ""

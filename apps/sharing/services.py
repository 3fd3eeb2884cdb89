"""What can be done with public links."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.collections.models import Collection
from apps.library.models import Asset
from apps.library.storing import give_up
from apps.sharing.models import EndedAddress, Share, SharePolicy, ShareQuerySet, State
from apps.workspaces import audit
from apps.workspaces.models import Membership
from apps.workspaces.refusals import ActRefusedError

SHOWN = ("asset", "snapshot__conversation", "collection")  # what a link points to
POLICY = ("workspace__share_policy",)


class LinksForbiddenError(ActRefusedError):
    """The workspace wants no public links."""


def share(member: Membership, shown: Asset | Collection, *, request: HttpRequest | None = None) -> Share:
    """Return the member's open link to it; made if there is none, so a second press shows the same link.

    Raises LinksForbiddenError.
    """
    check_allowed(member)
    what = {"asset" if isinstance(shown, Asset) else "collection": shown}
    with transaction.atomic():
        mine = Share.objects.visible_to(member).open().filter(created_by=member.user, **what)
        found = next((link for link in mine.select_related(*SHOWN, *POLICY) if link.state != State.EXPIRED), None)
        if found:
            return found
        made = Share.with_new_token(workspace=member.workspace, created_by=member.user, **what)
        made.save()
        audit.record(member, "share.created", subject=str(shown), request=request)
    return made


def check_allowed(member: Membership) -> None:
    if not SharePolicy.of(member.workspace).allows_links:
        raise LinksForbiddenError(_("This workspace allows no public links. Its owner can change that under Shares."))


def may_change(member: Membership, link: Share) -> bool:
    return member.may("manage") or (member.may("publish") and link.created_by_id == member.user_id)


def revoke(member: Membership, link: Share, *, request: HttpRequest | None = None) -> None:
    """End the link for good. Whoever has it open keeps what was loaded; nothing more is given out."""
    with transaction.atomic():
        if Share.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(member, "share.revoked", subject=link.title, request=request)
    link.refresh_from_db(fields=["revoked_at"])


def policy_in_words(policy: SharePolicy) -> str:
    """For the audit log."""
    if not policy.allows_links:
        return _("no public links")
    words = [
        _("with a password") if policy.demands_password else "",
        _("for at most %(n)d days") % {"n": policy.longest_days} if policy.longest_days else "",
    ]
    return ", ".join(filter(None, words)) or _("no demands")


def renew(member: Membership, link: Share, *, request: HttpRequest | None = None) -> None:
    """Give the link another address. The old one leads nowhere from now on; settings and counts stay."""
    with transaction.atomic():
        EndedAddress.objects.get_or_create(token_hash=link.token_hash)
        link.renew_token()
        link.save(update_fields=["token_hash", "token_sealed"])
        audit.record(member, "share.renewed", subject=link.title, request=request)


def revoke_many(member: Membership, ids: Sequence[int], *, request: HttpRequest | None = None) -> int:
    """End those of the links that the member may end. Returns how many."""
    links = Share.objects.visible_to(member).open().filter(pk__in=ids).select_related(*SHOWN)
    mine = [link for link in links if may_change(member, link)]
    for link in mine:
        revoke(member, link, request=request)
    return len(mine)


def leave_note(sender: type[Share], instance: Share, **told: object) -> None:
    """Before a link goes with what it showed: whoever has the address reads that it is over, and its card goes too."""
    EndedAddress.objects.get_or_create(token_hash=instance.token_hash)
    if instance.card and instance.asset_id is None:  # those of assets are deleted with the assets' other files
        give_up([str(instance.card.name)])


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
    found = Share.objects.visible_to(member).select_related(*SHOWN, "created_by", *POLICY).order_by("-id")
    found = found.annotate(last_day=Max("days__day"))
    return found if everyones and member.may("manage") else found.filter(created_by=member.user)


def absolute_url(name: str, token: str) -> str:
    return settings.PUBLIC_URL + reverse(f"public:{name}", args=[token])


def public_url(link: Share) -> str:
    """The address to pass on; empty when the token can no longer be read."""
    address = link.address
    return absolute_url("page", address) if address else ""

"""What a workspace takes from a role or from one person: acts, and what one act may cost at most."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.workspaces.audit import record
from apps.workspaces.events import membership_changed
from apps.workspaces.models import LIMITABLE_ACTS, Membership, Role, Workspace

LIMITED_ROLES = (Role.ADMIN, Role.CREATOR)  # owners are never limited; viewers have none of these acts


def spending_right(member: Membership) -> Decimal | None:
    """US dollars that one act of this person may cost; None: as much as it costs."""
    if member.role == Role.OWNER:
        return None
    if member.pk is None:  # made by whoever read the role alone
        people = Membership.objects.select_related("workspace")
        member = people.get(workspace_id=member.workspace_id, user_id=member.user_id)
    said = member.right("spend_usd")
    return None if said in (None, "") else Decimal(said)


def find_overspending(member: Membership, amount_usd: Decimal) -> str:
    """Return a sentence where one act would cost more than the person may spend at once, else nothing."""
    limit = spending_right(member) if amount_usd else None
    if limit is None or amount_usd <= limit:
        return ""
    return _("This would cost about $%(amount)s. You may spend up to $%(limit)s at once; an owner can change that.") % {
        "amount": f"{amount_usd:.2f}",
        "limit": f"{limit:.2f}",
    }


def limit_role(member: Membership, role: str, rights: Mapping[str, Any], request: HttpRequest | None = None) -> None:
    """Set what everybody with `role`, one of LIMITED_ROLES, may do. Open pages come back with the new rights."""
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update().get(pk=member.workspace_id)
        workspace.rights = {**workspace.rights, str(role): dict(rights)}
        workspace.save(update_fields=["rights"])
        subject = f"{Role(role).label}: {in_words(rights)}"
        record(member, "rights.changed", subject=subject, request=request)
        for user_id in Membership.objects.visible_to(member).filter(role=role).values_list("user_id", flat=True):
            transaction.on_commit(partial(membership_changed, user_id, member.workspace_id), robust=True)


def limit_person(
    member: Membership, target: Membership, rights: Mapping[str, Any], request: HttpRequest | None = None
) -> None:
    """Set what differs for one person from what their role may; nothing: as the role."""
    with transaction.atomic():
        Membership.everyone.visible_to(member).filter(pk=target.pk).update(rights=dict(rights))
        record(member, "rights.changed", subject=f"{target.user}: {in_words(rights)}", request=request)
        transaction.on_commit(partial(membership_changed, target.user_id, target.workspace_id), robust=True)


def in_words(rights: Mapping[str, Any]) -> str:
    """For the audit log, such as `clone no, publish yes, spend_usd 5`."""
    acts = [f"{act} {'yes' if rights[act] else 'no'}" for act in LIMITABLE_ACTS if rights.get(act) is not None]
    spend = [f"spend_usd {rights['spend_usd']}"] if rights.get("spend_usd") else []
    return ", ".join(acts + spend) or "–"

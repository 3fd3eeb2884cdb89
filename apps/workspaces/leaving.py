"""What the studio's leaving asks of workspaces: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry, Invitation, Membership, Role
from apps.workspaces.services import remove_member


def objections(user: User) -> Iterator[str]:
    """A workspace is never left without an owner."""
    theirs = Membership.everyone.filter(user=user, role=Role.OWNER).select_related("workspace")
    for mine in theirs.order_by("pk"):
        owners = Membership.objects.filter(workspace=mine.workspace_id, role=Role.OWNER).exclude(user=user)
        if not owners.exists():
            sentence = _("You are the only owner of %(workspace)s. Hand it over to somebody first, on its page Team.")
            yield sentence % {"workspace": mine.workspace.name}


def erase(user: User) -> None:
    for mine in Membership.everyone.filter(user=user).select_related("workspace", "user"):
        remove_member(mine, mine)
    Invitation.objects.filter(accepted_by=user).update(email="")


def memberships(user: User) -> Iterator[Mapping[str, Any]]:
    rows = Membership.everyone.filter(user=user).order_by("pk")
    yield from rows.values("workspace__name", "workspace__slug", "role", "created_at", "suspended_at")


def audit(user: User) -> Iterator[Mapping[str, Any]]:
    rows = AuditEntry.objects.filter(actor=user).order_by("pk")
    yield from rows.values("at", "action", "subject", "ip", "workspace__slug").iterator(500)

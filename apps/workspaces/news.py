"""What people should hear about. Whoever can deliver it registers here; `apps.notifications` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.workspaces.models import ACTS, Workspace


class Kind(models.TextChoices):
    """What people choose by: how they want to be told of each."""

    DONE = "done", _("Something you made is done")
    FAILED = "failed", _("Something you made failed")
    REVIEW = "review", _("Notes and decisions on works you shared")
    VOICE = "voice", _("A voice is about to be lost")
    BUDGET = "budget", _("A budget reaches a level")
    TEAM = "team", _("People, roles and invitations")
    CONNECTION = "connection", _("The connection or a webhook stops working")


# Person, workspace, text (lazy, so that each reads it in their own language), address, kind.
Deliver = Callable[[User, Workspace | None, Any, str, Kind], object]

_deliveries: list[Deliver] = []


def deliver_by(deliver: Deliver) -> None:
    _deliveries.append(deliver)


def tell(
    people: Iterable[User], workspace: Workspace | None, text: Any, url: str = "", *, kind: Kind = Kind.TEAM
) -> None:
    for person in people:
        for deliver in _deliveries:
            deliver(person, workspace, text, url, kind)


def managers(workspace: Workspace) -> QuerySet[User]:
    return User.objects.filter(
        is_active=True,
        memberships__workspace=workspace,
        memberships__role__in=ACTS["manage"],
        memberships__suspended_at=None,
    ).order_by("pk")

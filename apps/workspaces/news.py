"""What people should hear about. Whoever can deliver it registers here; `apps.notifications` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.workspaces.models import ACTS, Workspace

# Person, workspace, text (lazy, so that each reads it in their own language), address.
Deliver = Callable[[User, Workspace | None, Any, str], object]

_deliveries: list[Deliver] = []


def deliver_by(deliver: Deliver) -> None:
    _deliveries.append(deliver)


def tell(people: Iterable[User], workspace: Workspace | None, text: Any, url: str = "") -> None:
    for person in people:
        for deliver in _deliveries:
            deliver(person, workspace, text, url)


def managers(workspace: Workspace) -> QuerySet[User]:
    return User.objects.filter(
        is_active=True, memberships__workspace=workspace, memberships__role__in=ACTS["manage"]
    ).order_by("pk")

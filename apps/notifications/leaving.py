"""What somebody's leaving asks of their news: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.accounts.models import User
from apps.notifications.models import Choice, Device, Notification, Timing


def erase(user: User) -> None:
    for model in (Notification, Choice, Timing, Device):
        model._default_manager.filter(user=user).delete()


def notifications(user: User) -> Iterator[Mapping[str, Any]]:
    rows = Notification.objects.filter(user=user).order_by("pk")
    yield from rows.values("created_at", "kind", "text", "read_at").iterator(500)

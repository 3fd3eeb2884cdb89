"""What somebody's leaving asks of speech: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.accounts.models import User
from apps.speech.models import Take


def takes(user: User) -> Iterator[Mapping[str, Any]]:
    rows = Take.objects.filter(created_by=user).order_by("pk")
    yield from rows.values("id", "workspace__slug", "request", "status", "created_at", "cost_usd").iterator(500)

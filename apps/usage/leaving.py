"""What somebody's leaving asks of the books: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.accounts.models import User
from apps.usage.models import Budget, LedgerEntry

TOLD = ("at", "workspace__slug", "kind", "model", "estimate_usd", "actual_usd", "usage", "charged")


def erase(user: User) -> None:
    """The ledger stays: without it a bill could not be explained."""
    Budget.objects.filter(person=user).delete()


def ledger(user: User) -> Iterator[Mapping[str, Any]]:
    yield from LedgerEntry.objects.current().filter(person=user).order_by("pk").values(*TOLD).iterator(500)

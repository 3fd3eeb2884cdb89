"""The book of what was asked of MiniMax and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.usage.models import Charged, Hold, LedgerEntry
from apps.workspaces.models import Workspace

SMALLEST = Decimal("0.00000001")  # US dollars
FACTS = ("model", "connection_kind", "route", "estimate_usd", "actual_usd", "usage", "charged")


def record(
    source: str,
    *,
    workspace: Workspace,
    person: User,
    kind: str,
    model: str,
    connection_kind: str,
    estimate_usd: Decimal | None,
    actual_usd: Decimal | None,
    usage: Mapping[str, Any],
    charged: str,
    route: Mapping[str, Any] | None = None,
) -> None:
    """Enter an act when it is over. `source` names it: a second call that says something else enters a correction."""
    entry = LedgerEntry(
        source=source,
        workspace=workspace,
        person=person,
        kind=kind,
        model=model,
        connection_kind=connection_kind,
        route=dict(route or {}),
        estimate_usd=_to_the_digit(estimate_usd),
        actual_usd=Decimal(0) if charged == Charged.NO else _to_the_digit(actual_usd),
        usage=dict(usage),
        charged=charged,
    )
    with transaction.atomic():
        while not _enter(entry):
            pass  # somebody else has entered the same act, or a correction of it, at this moment
        Hold.objects.filter(source=source).delete()  # it is counted here now


def _enter(entry: LedgerEntry) -> bool:
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
            return True
    except IntegrityError:
        known = LedgerEntry.objects.current().filter(source=entry.source).first()
        if known is None:
            raise
    if all(getattr(known, name) == getattr(entry, name) for name in FACTS):
        return True
    entry.pk, entry.corrects, entry.at = None, known, known.at
    return False


def _to_the_digit(amount: Decimal | None) -> Decimal | None:
    """As the column keeps it."""
    return None if amount is None else Decimal(amount).quantize(SMALLEST)

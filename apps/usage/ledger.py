"""The book of what was asked of MiniMax and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.usage.models import Charged, Hold, LedgerEntry
from apps.workspaces.models import Workspace

CORRECTED = ["model", "connection_kind", "estimate_usd", "actual_usd", "usage", "charged"]


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
) -> None:
    """Enter an act when it is over. `source` names it, so a second call corrects the entry and adds none."""
    entry = LedgerEntry(
        source=source,
        workspace=workspace,
        person=person,
        kind=kind,
        model=model,
        connection_kind=connection_kind,
        estimate_usd=estimate_usd,
        actual_usd=Decimal(0) if charged == Charged.NO else actual_usd,
        usage=dict(usage),
        charged=charged,
    )
    with transaction.atomic():
        LedgerEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["source"], update_fields=CORRECTED
        )
        Hold.objects.filter(source=source).delete()  # it is counted here now

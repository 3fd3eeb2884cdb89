"""What a turn may cost at most is set aside before it is sent, so that budgets hold for chat as for everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.chat import tree
from apps.chat.models import Message, Status
from apps.chat.own import price_row_of
from apps.minimax.catalogue import MILLION
from apps.usage import budgets, prices
from apps.usage.models import Hold
from apps.workspaces.models import ChatConnection, Membership
from apps.workspaces.wallets import Route

FRAME_TOKENS = 50  # what a request holds besides our text; generous
PICTURE_TOKENS = 15_000  # of one picture at the most, as the reference has it
ORPHANED = timedelta(hours=1)


def most_of(
    settings: Mapping[str, Any], past: Sequence[tree.Said], own: ChatConnection | None, tools_bytes: int = 0
) -> Decimal | None:
    """US dollars for one reply that gets as long as it may. None: no price is published.

    No text has more tokens than bytes, so it cannot cost more. What the cache has read before costs less.
    """
    tokens = FRAME_TOKENS + len((settings.get("system") or "").encode()) + tools_bytes
    for said in past:
        for block in said.blocks:
            if block["type"] == "image":
                tokens += PICTURE_TOKENS
            else:
                tokens += len(json.dumps(block, ensure_ascii=False).encode())
    row = price_row_of(own, settings["model"], tokens, settings.get("service_tier") or "")
    if row is None:
        return None
    dearest = max(row.input, row.cache_write or row.input)
    return (tokens * dearest + settings["max_tokens"] * row.output) / MILLION


def hold(
    member: Membership,
    reply: Message,
    past: Sequence[tree.Said],
    *,
    own: ChatConnection | None,
    route: Route | None,
) -> None:
    """Raises budgets.BudgetReachedError. Call it in the transaction that stores the reply."""
    if own is None and route is not None and route.is_free:
        return
    functions = reply.settings.get("functions") or ()
    # the studio's own tools are described in some hundred bytes each
    tools_bytes = len(json.dumps(list(functions))) + 1000 * len(reply.settings.get("tools") or ())
    with prices.in_force(member.workspace_id):
        most = most_of(reply.settings, past, own, tools_bytes)
    budgets.hold(f"chat:{reply.pk}", member, kind="chat", amount_usd=most)


def release_orphans() -> None:
    """Give back what was set aside for replies whose conversation was deleted while they were written."""
    old = Hold.objects.filter(source__startswith="chat:", at__lt=timezone.now() - ORPHANED)
    found = {source.partition(":")[2]: source for source in old.values_list("source", flat=True)[:500]}
    running = Message.objects.filter(pk__in=found, status=Status.RUNNING).values_list("pk", flat=True)
    for pk in running:
        found.pop(str(pk), None)
    Hold.objects.filter(source__in=found.values()).delete()

"""What the rows say while a reply arrives and when it is over. All of it blocks; the loop calls it in a thread."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat import calls, quick
from apps.chat.models import SILENCE, Message, Piece, Status
from apps.chat.own import OWN, find_own, price_row_of
from apps.chat.rendering import markdown
from apps.chat.reply import Reply, StoredEvent
from apps.minimax.chat import Usage, cost_by, price_of_chat
from apps.usage import budgets, ledger, prices
from apps.usage.models import Charged
from apps.workspaces.models import ChatConnection, ConnectionKind, Workspace
from apps.workspaces.storable import storable


def beat(
    ids: Iterable[uuid.UUID], news: Mapping[uuid.UUID, Sequence[StoredEvent]], *, is_sign_of_life: bool = True
) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Write that these replies live, and what has arrived of them since the last time.

    is_sign_of_life: whether the rows' heartbeat is due as well.
    Returns the replies that somebody asked to stop, and those whose end is on the row already: written by ourselves, or
    by a sweeper that took us for dead.
    """
    ours = set(ids)
    if is_sign_of_life or any(news.values()):
        with transaction.atomic():
            if is_sign_of_life:
                quick.touch(ours, timezone.now())
            quick.insert_pieces(news)
    running = quick.running(ours)
    return {pk for pk, stop_asked in running.items() if stop_asked}, ours - running.keys()


def finish(pk: uuid.UUID, changes: dict[str, Any]) -> Message:
    """A reply is over: everything onto its row, its price into the book. Harmless when somebody else has done it."""
    changes = _fitting(changes)
    message = Message.objects.select_related("conversation").get(pk=pk)
    if message.status != Status.RUNNING:
        return message
    for name, value in changes.items():
        setattr(message, name, value)
    own = find_own(message.conversation.workspace_id) if message.connection_kind == OWN else None
    if _is_free(message, own):
        message.charged = Charged.NO
        if message.status in (Status.STOPPED, Status.INTERRUPTED):
            message.next_step = ""
    with prices.in_force(message.conversation.workspace_id, timezone.localdate(message.created_at)):
        message.cost_usd = _cost(message, own)
    names = {*changes, "charged", "next_step", "cost_usd"}
    with transaction.atomic():
        ours = Message.objects.running().filter(pk=pk).update(**{name: getattr(message, name) for name in names})
        if ours:
            Piece.objects.filter(message_id=pk).delete()
            type(message.conversation).objects.filter(pk=message.conversation_id).update(moved_at=timezone.now())
            _enter(message)
    if ours and message.status == Status.DONE and message.stop_reason == "tool_use":
        calls.enter_calls(message)
    return message


def _fitting(changes: dict[str, Any]) -> dict[str, Any]:
    """What MiniMax said, as far as a row can hold it: a paid reply must not be lost over an odd trace id."""
    changes = storable(changes)
    changes["trace_id"] = changes.get("trace_id", "")[:64]
    changes["stop_reason"] = changes.get("stop_reason", "")[:30]
    if abs(changes.get("error_code") or 0) >= 1 << 31:
        changes["error_code"] = None
    return changes


def _is_free(message: Message, own: ChatConnection | None) -> bool:
    """Whether nobody bills for it. A server of the team's own that is gone meanwhile has no price any more."""
    if message.connection_kind == OWN:
        return own is None or own.is_free
    return message.connection_kind == ConnectionKind.SANDBOX


def _is_covered(message: Message) -> bool:
    """Whether the window of a plan pays, so that no money goes."""
    return bool(message.route.get("covered"))


def _cost(message: Message, own: ChatConnection | None) -> Any:
    """US dollars as billed; None when only MiniMax, or the team's own server, knows."""
    if _is_free(message, own) or _is_covered(message) or message.charged == Charged.NO:
        return 0
    if own:
        row = price_row_of(own, message.model, 0)
        return cost_by(row, Usage(**message.usage)) if row and message.usage else None
    if message.usage:
        return price_of_chat(message.model, Usage(**message.usage), message.settings.get("service_tier", ""))
    return None


def _enter(message: Message) -> None:
    """Put the reply into the book, unless MiniMax refused it before it did any work."""
    if message.status == Status.FAILED and message.charged == Charged.NO:
        return budgets.release(f"chat:{message.pk}")
    ledger.record(
        f"chat:{message.pk}",
        workspace=Workspace(pk=message.conversation.workspace_id),  # the book needs no more than their keys
        person=User(pk=message.created_by_id),
        kind="chat",
        model=message.model[:60],
        connection_kind=ConnectionKind.CUSTOM if message.connection_kind == OWN else message.connection_kind,
        route=message.route,
        estimate_usd=None,
        actual_usd=message.cost_usd,
        usage=message.usage,
        charged=message.charged,
    )


def explain_early_end(status: str) -> dict[str, Any]:
    """What the row says when we ended the reply. What MiniMax bills then is not documented, so it stays open."""
    if status == Status.STOPPED:
        sentence = _("Stopped. What had been written is kept.")
    else:
        sentence = _("The studio was restarted while this was written. What had arrived is kept.")
    return {"error": sentence, "charged": Charged.UNKNOWN, "next_step": _("MiniMax may bill what it had written.")}


def outcome_of(reply: Reply) -> dict[str, Any]:
    """What a reply leaves on its row, however it ended."""
    reply.finish()
    return {
        "blocks": reply.blocks(),
        "text": reply.text,
        "html": reply.html,
        "html_version": markdown.VERSION,
        "thinking_ms": reply.thinking_ms,
    }


# --- replies whose process went away ----------------------------------------------------------------------------------


def sweep() -> int:
    """Close every reply that nobody receives any more, with what had arrived. Several sweepers do no harm."""
    now, closed = timezone.now(), 0
    for message in Message.objects.running().filter(heartbeat_at__lt=now - SILENCE).only("pk", "heartbeat_at"):
        reply = Reply(message.pk, lambda _frame: None)
        for piece in Piece.objects.filter(message_id=message.pk).order_by("pk"):
            for event in piece.events:
                reply.add(event)
        changes = {"status": Status.INTERRUPTED, **explain_early_end(Status.INTERRUPTED), **outcome_of(reply)}
        still_silent = Message.objects.running().filter(pk=message.pk, heartbeat_at=message.heartbeat_at)
        if still_silent.update(heartbeat_at=now):
            finish(message.pk, changes)
            closed += 1
    return closed

"""One prompt to several columns: what it may cost, who answered what, and the vote."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.chat import services, showing, tree
from apps.chat.holding import FRAME_TOKENS, PICTURE_TOKENS
from apps.chat.models import Candidate, Comparison, Conversation, Message
from apps.chat.own import OWN, find_own, key_of, label_of, price_row_of, who_answers
from apps.chat.services import Asked, Started
from apps.chat.showing import ShownTurn
from apps.library.services import shorten
from apps.minimax.catalogue import MILLION
from apps.workspaces.models import Connection, Membership

LETTERS = "ABCD"
COLUMNS = range(2, len(LETTERS) + 1)
MOST_LISTED = 20

_shuffle = random.SystemRandom().shuffle


class TooEarlyError(Exception):
    """A column is still being written. `str(error)` is for the person."""


def columns_of(asked: Asked, *, is_blind: bool) -> Asked:
    """The same turn without tools, since a call would make one column go on alone; blind: in an order by chance."""
    settings = [{**each, "tools": [], "functions": []} for each in asked.settings]
    if is_blind:
        _shuffle(settings)
    return replace(asked, settings=settings)


def enter(member: Membership, started: Started, click: str, *, is_blind: bool) -> Comparison:
    """Write down that these replies were asked for side by side. The same click finds the first one again."""
    first = started.replies[0]
    with transaction.atomic():
        comparison, is_new = Comparison.objects.get_or_create(
            workspace_id=member.workspace_id,
            created_by_id=member.user_id,
            click=click,
            defaults={
                "conversation": started.conversation,
                "question_id": first.parent_id,
                "is_blind": is_blind,
            },
        )
        if is_new:
            Candidate.objects.bulk_create(
                [
                    Candidate(
                        comparison=comparison,
                        message=reply,
                        model=key_of(reply.model, is_own=reply.connection_kind == OWN),
                    )
                    for reply in started.replies
                ]
            )
    return comparison


def is_running(comparison: Comparison) -> bool:
    return comparison.candidates.filter(message__status="running").exists()


def vote(comparison: Comparison, winner: uuid.UUID | None) -> bool:
    """Name the best column, or none for a tie; names are shown from then on. Only the first vote counts.

    Raises TooEarlyError while a column is being written.
    """
    if is_running(comparison):
        raise TooEarlyError(_("Wait until every column is written."))
    with transaction.atomic():
        open_one = Comparison.objects.filter(pk=comparison.pk, is_blind=True, voted_at=None)
        if not open_one.update(voted_at=timezone.now()):
            return False
        if winner:
            comparison.candidates.filter(message_id=winner).update(has_won=True)
    comparison.refresh_from_db(fields=["voted_at"])
    return True


def keep(comparison: Comparison, message: Message) -> Conversation:
    """Make this column the branch that is shown, and its settings those of the next turn. The others stay beside it."""
    conversation = message.conversation
    services.show_branch(conversation, message.pk)
    conversation.settings = message.settings
    conversation.save(update_fields=["settings"])
    return conversation


# --- what it may cost -------------------------------------------------------------------------------------------------


def most_it_costs(
    member: Membership,
    settings: Sequence[Mapping[str, Any]],
    *,
    said_bytes: int,
    pictures: int,
    conversation: Conversation | None,
) -> Decimal | None:
    """US dollars for all columns together if each reply gets as long as it may. None: a price is not published.

    No text has more tokens than bytes, so nothing can cost more than this. Raises UnknownModelError,
    or RefusedError if a model takes none of what is attached.
    """
    if pictures:
        services.check_inputs([{"type": "image"}], settings)
    connection = Connection.objects.filter(workspace_id=member.workspace_id).first()
    own = find_own(member.workspace_id)
    is_free = connection is not None and connection.is_sandbox
    past = _past_tokens(conversation)
    total = Decimal(0)
    for each in settings:
        tokens = past + said_bytes + len((each.get("system") or "").encode()) + FRAME_TOKENS
        tokens += pictures * PICTURE_TOKENS
        server = who_answers(each, own)
        if server is None and is_free:
            continue
        row = price_row_of(server, each["model"], tokens, each.get("service_tier") or "")
        if row is None:
            return None
        total += (tokens * row.input + each["max_tokens"] * row.output) / MILLION
    return total


def _past_tokens(conversation: Conversation | None) -> int:
    if conversation is None:
        return 0
    tokens = 0
    for turn in tree.branch(conversation):
        message = turn.message
        tokens = message.tokens if message.is_reply and message.usage else tokens + len(message.text.encode())
    return tokens


# --- what is shown ----------------------------------------------------------------------------------------------------


@dataclass
class Column:
    letter: str
    shown: ShownTurn
    candidate: Candidate
    differences: list[str]

    @property
    def message(self) -> Message:
        return self.shown.message


def board(member: Membership, comparison: Comparison) -> dict[str, Any]:
    """What chat/compare/_board.html shows."""
    candidates = [
        candidate
        for candidate in comparison.candidates.select_related("message__conversation")
        if candidate.message is not None
    ]
    messages = [candidate.message for candidate in candidates if candidate.message]
    question = comparison.question
    rows = [tree.Turn(message, [message.pk]) for message in ([question] if question else []) + messages]
    shown = showing.show(member, rows, is_mine=True)
    asked = shown.pop(0) if question else None
    told = _differences([message.settings for message in messages])
    columns = [
        Column(LETTERS[at], turn, candidates[at], told[at]) for at, turn in enumerate(shown) if at < len(LETTERS)
    ]
    running = any(message.is_running for message in messages)
    return {
        "comparison": comparison,
        "conversation": comparison.conversation,
        "question": asked,
        "columns": columns,
        "is_running": running,
        "total_usd": None
        if running or any(message.cost_usd is None for message in messages)
        else sum((message.cost_usd or Decimal(0) for message in messages), Decimal(0)),
        "slug": member.workspace.slug,
    }


def show_started(member: Membership, started: Started, click: str, is_blind: bool) -> dict[str, Any]:
    """What the page that asked gets to draw its columns."""
    comparison = enter(member, started, click, is_blind=is_blind)
    return {
        "conversation": str(started.conversation.pk),
        "parent": str(started.replies[0].parent_id or ""),
        "replies": [str(reply.pk) for reply in started.replies],
        "url": reverse("chat:comparison", args=[member.workspace.slug, comparison.pk]),
        "html": render_to_string("chat/compare/_board.html", board(member, comparison)),
    }


def _differences(settings: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """What sets columns apart besides their model, in words."""
    told: list[list[str]] = [[] for _each in settings]
    words = {
        "thinking": lambda value: _("thinks first") if value else _("does not think first"),
        "temperature": lambda value: _("temperature %(value)s") % {"value": "1" if value is None else f"{value:g}"},
        "top_p": lambda value: _("top p %(value)s") % {"value": "—" if value is None else f"{value:g}"},
        "max_tokens": lambda value: _("up to %(value)s tokens") % {"value": f"{value:,}"},
        "system": lambda value: _("system prompt: %(value)s") % {"value": shorten(value or "", 60) or "—"},
    }
    for name, say in words.items():
        values = [each.get(name) for each in settings]
        if any(value != values[0] for value in values):
            for at, value in enumerate(values):
                told[at].append(say(value))
    return told


def recent(member: Membership) -> list[Comparison]:
    found = Comparison.objects.visible_to(member).select_related("question").prefetch_related("candidates")
    return list(found.order_by("-created_at")[:MOST_LISTED])


@dataclass(frozen=True)
class Score:
    model: str
    label: str
    shown: int
    won: int
    tied: int

    @property
    def percent(self) -> int:
        return round(100 * self.won / self.shown)


def tally(member: Membership) -> list[Score]:
    """How often each model was among the columns of a blind vote of this workspace, and how often it won."""
    voted = Comparison.objects.filter(workspace_id=member.workspace_id, is_blind=True, voted_at__isnull=False)
    decided = voted.filter(candidates__has_won=True)
    rows = (
        Candidate.objects.filter(comparison__in=voted)
        .values("model")
        .annotate(
            shown=Count("pk"),
            won=Count("pk", filter=Q(has_won=True)),
            tied=Count("pk", filter=~Q(comparison__in=decided)),
        )
    )
    scores = []
    for row in rows:
        scores.append(Score(row["model"], label_of(row["model"]), row["shown"], row["won"], row["tied"]))
    return sorted(scores, key=lambda score: (-score.percent, -score.shown, score.label))

"""The rate limits of MiniMax, kept by us: a call that would be refused is not made."""

from __future__ import annotations

import time

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from apps.jobs.kinds import Kind, names_in_family
from apps.jobs.models import Job, Status, Turn
from apps.minimax import catalogue
from apps.minimax.catalogue.schema import RateLimit

LOOK_AGAIN_S = 2.0  # when as many are on their way as may be at once


def window_of(limit: RateLimit) -> tuple[int, float]:
    """Return how many calls may be made in how many seconds; (0, 0) when their number is not limited."""
    if limit.rpm:
        return limit.rpm, 60
    return (limit.per_second, 1) if limit.per_second else (0, 0)


def wait_for_turn(job: Job, kind: Kind, connection_id: int) -> float:
    """Take the job's turn and return 0, or return the seconds until it comes and take nothing.

    Call it in the transaction that claims the job. Turns go by the order of the line: one that is due first goes first,
    and those that wait get the time at which the line will have come to them.
    """
    limit = catalogue.rate_limits[kind.family]
    kinds = names_in_family(kind.family)
    if limit.concurrency:
        sent = Job.objects.filter(workspace_id=job.workspace_id, kind__in=kinds, status=Status.SUBMITTING)
        if sent.exclude(pk=job.pk).count() >= limit.concurrency:
            return LOOK_AGAIN_S
    calls, seconds = window_of(limit)
    if not calls:
        return 0
    line = Job.objects.in_line(job.workspace_id, kinds).before(job)
    places = line.aggregate(before=Count("pk"), due_before=Count("pk", filter=Q(next_at__lte=timezone.now())))
    return take_turn(connection_id, kind.family, calls=calls, seconds=seconds, **places)


def take_turns(connection_id: int, family: str, wanted: int) -> int:
    """Take up to `wanted` calls of a family now, and return how many there were. For calls that wait in no line."""
    calls, seconds = window_of(catalogue.rate_limits[family])
    if not calls:
        return wanted
    taken = 0
    with transaction.atomic():
        while taken < wanted and not take_turn(connection_id, family, calls=calls, seconds=seconds):
            taken += 1
    return taken


def take_turn(
    connection_id: int,
    family: str,
    *,
    calls: int,
    seconds: float = 60,
    before: int = 0,
    due_before: int = 0,
    now: float | None = None,
) -> float:
    """Take one of the `calls` that any window of `seconds` may hold. Call it in a transaction.

    Returns 0 when the call may be made now; otherwise the seconds until its turn, and nothing was taken. `before` and
    `due_before`: how many in the line have precedence, in all and among those that may go now.
    Exact over any window, not only over whole minutes: the time of every call in the window is kept.
    """
    now = time.time() if now is None else now
    turn, _is_new = Turn.objects.select_for_update().get_or_create(connection_id=connection_id, family=family)
    recent = [at for at in turn.calls if at > now - seconds]
    free = calls - len(recent)
    if free > due_before:
        turn.calls = [*recent, now]
        turn.save(update_fields=["calls"])
        return 0
    place = max(0, before - max(0, free))
    rounds, slot = divmod(place, calls)
    came_at = recent[-calls:][slot] if slot < len(recent) else now
    return max(0.1, came_at + seconds * (1 + rounds) - now) if free <= 0 else LOOK_AGAIN_S

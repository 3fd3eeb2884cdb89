"""The rate limits of MiniMax, kept by us: a call that would be refused is not made."""

from __future__ import annotations

import time

from django.db import transaction

from apps.jobs.models import Turn


def take_turn(connection_id: int, family: str, *, calls: int, seconds: float = 60, now: float | None = None) -> float:
    """Take one of the `calls` that any window of `seconds` may hold.

    Returns 0 when the call may be made now; otherwise the seconds until the next turn, and nothing was taken.
    Exact over any window, not only over whole minutes: the time of every call in the window is kept.
    """
    now = time.time() if now is None else now
    Turn.objects.get_or_create(connection_id=connection_id, family=family)
    with transaction.atomic():
        turn = Turn.objects.select_for_update().get(connection_id=connection_id, family=family)
        recent = [at for at in turn.calls if at > now - seconds]
        if len(recent) >= calls:
            return recent[-calls] + seconds - now
        turn.calls = [*recent, now]
        turn.save(update_fields=["calls"])
    return 0

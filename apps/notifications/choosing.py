"""What a person wants to be told, how and when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.models import User
from apps.notifications.models import ByMail, Choice, Timing
from apps.workspaces.news import Kind

# What would be missed at a cost is mailed unless somebody says otherwise; nothing is pushed before it was asked for.
BY_MAIL = {Kind.VOICE: ByMail.AT_ONCE, Kind.BUDGET: ByMail.AT_ONCE, Kind.CONNECTION: ByMail.AT_ONCE}


def choice_of(user: User, kind: Kind | str) -> Choice:
    """The person's choice, or the default: not saved then."""
    found = Choice.objects.filter(user=user, kind=kind).first()
    return found or Choice(user=user, kind=kind, by_mail=BY_MAIL.get(Kind(kind), ByMail.NEVER))


def timing_of(user: User) -> Timing:
    return Timing.objects.filter(user=user).first() or Timing(user=user)


def mail_at(choice: Choice, timing: Timing, zone: str, now: datetime) -> datetime | None:
    """When news of now are to be mailed; None: never. What falls into the quiet hours waits for their end."""
    here = now.astimezone(ZoneInfo(zone))
    match choice.by_mail:
        case ByMail.AT_ONCE:
            due = here
        case ByMail.HOURLY:
            due = here.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        case ByMail.DAILY:
            due = _next(here, timing.daily_at)
        case _:
            return None
    if is_quiet(timing, due) and timing.quiet_until:
        due = _next(due, timing.quiet_until)
    return due.astimezone(UTC)


def is_quiet(timing: Timing, here: datetime) -> bool:
    """here: the person's own time. The quiet hours may lie across midnight."""
    begin, end = timing.quiet_from, timing.quiet_until
    if begin is None or end is None or begin == end:
        return False
    at = here.time()
    return begin <= at < end if begin < end else at >= begin or at < end


def _next(here: datetime, at: time) -> datetime:
    due = here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return due if due > here else due + timedelta(days=1)

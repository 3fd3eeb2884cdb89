"""What a workspace made since the first of the month, and what the ledger says that it spent, for its home page."""

from __future__ import annotations

import calendar
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.library.models import Asset
from apps.usage.reports import spent_each_day
from apps.workspaces.models import Membership

CHART_HEIGHT = 40


@dataclass(frozen=True)
class Day:
    date: date
    spent: Decimal
    made: int
    height: int  # of its bar, 0 to CHART_HEIGHT
    is_over: bool  # today counts as over

    @property
    def x(self) -> int:
        return (self.date.day - 1) * 10

    @property
    def y(self) -> int:
        return CHART_HEIGHT - self.height


@dataclass(frozen=True)
class Month:
    first: datetime
    spent: Decimal
    made: int
    seconds: float  # of sound
    days: list[Day]

    @property
    def width(self) -> int:
        return len(self.days) * 10


def first_id_of(moment: datetime) -> uuid.UUID:
    """Return the smallest UUID v7 of a moment: assets are found in the library's order, without a look at each date."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def month_of(member: Membership) -> Month:
    """Sum up the running month, in the person's own time zone."""
    now = timezone.localtime()
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    kept = Asset.objects.visible_to(member) | Asset.objects.in_trash_of(member)
    rows = (
        kept.filter(pk__gte=first_id_of(first))
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(made=Count("pk"), seconds=Sum("duration_s"))
    )
    made_by_day = {row["day"]: (row["made"], row["seconds"] or 0.0) for row in rows}
    spent_by_day = spent_each_day(member, first.date())
    by_day = {
        day: (spent_by_day.get(day, Decimal(0)), *made_by_day.get(day, (0, 0.0)))
        for day in made_by_day.keys() | spent_by_day.keys()
    }
    most_spent = max((spent for spent, _made, _seconds in by_day.values()), default=Decimal(0))
    most_made = max((made for _spent, made, _seconds in by_day.values()), default=0)
    days = []
    for number in range(1, calendar.monthrange(first.year, first.month)[1] + 1):
        day = date(first.year, first.month, number)
        spent, made, _seconds = by_day.get(day, (Decimal(0), 0, 0.0))
        # Bars are money; where everything was free, they are what was made.
        share = float(spent / most_spent) if most_spent else made / max(most_made, 1)
        days.append(Day(day, spent, made, round(share * CHART_HEIGHT), number <= now.day))
    return Month(
        first=first,
        spent=sum((day.spent for day in days), Decimal(0)),
        made=sum(day.made for day in days),
        seconds=sum(seconds for _spent, _made, seconds in by_day.values()),
        days=days,
    )

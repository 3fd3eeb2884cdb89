"""What a month cost, by day, person, model and modality."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.library.kinds import get_kind
from apps.usage.models import Charged, LedgerEntry
from apps.workspaces.models import Membership

BAR_HEIGHT = 40


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    label: str
    acts: int
    estimate: Decimal
    actual: Decimal
    difference: Decimal  # of those whose cost and estimate are both known
    unknown: int  # acts of which nobody here can say what they cost


@dataclass(frozen=True)
class Day:
    date: date
    actual: Decimal
    acts: int
    height: int  # of its bar, 0 to BAR_HEIGHT

    @property
    def x(self) -> int:
        return (self.date.day - 1) * 10

    @property
    def y(self) -> int:
        return BAR_HEIGHT - self.height


@dataclass(frozen=True)
class Report:
    first: date
    total: Line
    days: list[Day]
    by_day: list[Line]
    by_kind: list[Line]
    by_model: list[Line]
    by_person: list[Line]

    @property
    def width(self) -> int:
        return len(self.days) * 10

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date | None:
        """The month after; None when it has not begun."""
        after = (self.first + timedelta(days=31)).replace(day=1)
        return after if after <= timezone.localdate() else None


def month_from(text: str) -> date:
    """The first day of "2026-11"; of the running month when that is no month, or one that has not begun."""
    today = timezone.localdate().replace(day=1)
    try:
        first = datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return today
    return min(first, today) if first.year >= 2000 else today


def entries_of(member: Membership, first: date) -> QuerySet[LedgerEntry]:
    """The month's entries that the member may see, by the person's own calendar."""
    zone = timezone.get_current_timezone()
    _weekday, days = calendar.monthrange(first.year, first.month)
    begins = datetime(first.year, first.month, 1, tzinfo=zone)
    after = first + timedelta(days=days)
    return (
        LedgerEntry.objects.visible_to(member)
        .current()
        .filter(at__gte=begins, at__lt=datetime(after.year, after.month, 1, tzinfo=zone))
    )


SUMS = {
    "acts": Count("pk"),
    "estimate": Sum("estimate_usd"),
    "actual": Sum("actual_usd"),
    "difference": Sum(F("actual_usd") - F("estimate_usd")),
    "unknown": Count("pk", filter=Q(charged=Charged.UNKNOWN) | Q(charged=Charged.YES, actual_usd=None)),
}


def _sums(rows: QuerySet[LedgerEntry], *names: str) -> Iterable[dict[str, Any]]:
    return rows.order_by().values(*names).annotate(**SUMS)


def _line(label: str, row: dict[str, Any]) -> Line:
    estimate, actual, difference = (row[name] or Decimal(0) for name in ("estimate", "actual", "difference"))
    return Line(label, row["acts"], estimate, actual, difference, row["unknown"])


def _kind_label(name: str) -> str:
    return str(get_kind(name).label)


def report(member: Membership, first: date) -> Report:
    """Sum up one month of what the member may see."""
    rows = entries_of(member, first)
    by_day = {row["day"]: row for row in _sums(rows.annotate(day=TruncDate("at")), "day")}
    most = max((row["actual"] or Decimal(0) for row in by_day.values()), default=Decimal(0))
    most_acts = max((row["acts"] for row in by_day.values()), default=0)
    days = []
    for number in range(1, calendar.monthrange(first.year, first.month)[1] + 1):
        row = by_day.get(first.replace(day=number), {"actual": None, "acts": 0})
        actual = row["actual"] or Decimal(0)
        # Bars are money; where everything was free, they are acts.
        share = float(actual / most) if most else row["acts"] / max(most_acts, 1)
        days.append(Day(first.replace(day=number), actual, row["acts"], round(share * BAR_HEIGHT)))

    def lines(found: Iterable[Line]) -> list[Line]:
        return sorted(found, key=lambda line: (-line.actual, -line.acts, line.label))

    return Report(
        first=first,
        total=_line("", rows.aggregate(**SUMS)),
        days=days,
        by_day=[_line(day.isoformat(), by_day[day]) for day in sorted(by_day, reverse=True)],
        by_kind=lines(_line(_kind_label(row["kind"]), row) for row in _sums(rows, "kind")),
        by_model=lines(_line(row["model"] or "–", row) for row in _sums(rows, "model")),
        by_person=lines(
            _line(row["person__name"] or row["person__email"], row)
            for row in _sums(rows, "person", "person__name", "person__email")
        ),
    )

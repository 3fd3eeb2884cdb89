"""What a month cost, by day, person, model and modality."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from apps.library.kinds import get_kind
from apps.usage.budgets import bounds
from apps.usage.models import Charged, Hold, Invoice, LedgerEntry, Period
from apps.workspaces.models import ConnectionKind, Membership
from apps.workspaces.wallets import MODALITIES, modality_of

BAR_HEIGHT = 40
MOST_HELD = 100  # lines


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    label: str
    acts: int
    estimate: Decimal
    actual: Decimal
    difference: Decimal  # of those whose cost and estimate are both known
    unknown: int  # acts of which nobody here can say what they cost
    share: int = 0  # percent of the dearest line beside it; where all are free, of the one with most acts


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


def spent_each_day(member: Membership, first: date) -> dict[date, Decimal]:
    """US dollars by what was reported, and where that is not known by the estimate; what the member may see."""
    rows = entries_of(member, first).exclude(charged=Charged.NO).annotate(day=TruncDate("at")).order_by()
    sums = rows.values("day").annotate(spent=Sum(Coalesce("actual_usd", "estimate_usd")))
    return {row["day"]: row["spent"] for row in sums if row["spent"]}


UNKNOWN = Q(charged=Charged.UNKNOWN) | Q(charged=Charged.YES, actual_usd=None)
SUMS = {
    "acts": Count("pk"),
    "estimate": Sum("estimate_usd"),
    "actual": Sum("actual_usd"),
    "difference": Sum(F("actual_usd") - F("estimate_usd")),
    "unknown": Count("pk", filter=UNKNOWN),
}


def _sums(rows: QuerySet[LedgerEntry], *names: str) -> Iterable[dict[str, Any]]:
    return rows.order_by().values(*names).annotate(**SUMS)


def _line(label: str, row: dict[str, Any]) -> Line:
    estimate, actual, difference = (row[name] or Decimal(0) for name in ("estimate", "actual", "difference"))
    return Line(label, row["acts"], estimate, actual, difference, row["unknown"])


def _with_shares(lines: list[Line]) -> list[Line]:
    """How long the bar of each is."""
    most = max((line.actual for line in lines), default=Decimal(0))
    most_acts = max((line.acts for line in lines), default=0)
    return [
        replace(line, share=round(100 * (line.actual / most if most else line.acts / max(most_acts, 1))))
        for line in lines
    ]


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
        return _with_shares(sorted(found, key=lambda line: (-line.actual, -line.acts, line.label)))

    return Report(
        first=first,
        total=_line("", rows.aggregate(**SUMS)),
        days=days,
        by_day=_with_shares([_line(day.isoformat(), by_day[day]) for day in sorted(by_day, reverse=True)]),
        by_kind=lines(_line(_kind_label(row["kind"]), row) for row in _sums(rows, "kind")),
        by_model=lines(_line(row["model"] or "–", row) for row in _sums(rows, "model")),
        by_person=lines(
            _line(row["person__name"] or row["person__email"], row)
            for row in _sums(rows, "person", "person__name", "person__email")
        ),
    )


def held_now(member: Membership) -> list[tuple[Hold, str]]:
    """What has money set aside, newest first, and what it is."""
    found = Hold.objects.visible_to(member).select_related("person").order_by("-at")[:MOST_HELD]
    return [(hold, _kind_label(hold.kind)) for hold in found]


# --- drift ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drift:
    """One modality in a month: what the studio expected, what MiniMax reported, what MiniMax billed. US dollars."""

    modality: str
    label: Any
    acts: int
    estimate: Decimal  # of acts that had one
    reported_of_estimated: Decimal  # what those same acts were reported to cost
    reported: Decimal
    unknown: int  # acts that may have been charged
    at_most: Decimal  # what those were expected to cost
    invoice: Invoice | None

    @property
    def by_estimate(self) -> Decimal:
        """How much more was reported than expected."""
        return self.reported_of_estimated - self.estimate

    @property
    def by_invoice(self) -> Decimal | None:
        """How much more was billed than reported."""
        return None if self.invoice is None else self.invoice.amount_usd - self.reported

    @property
    def is_explained(self) -> bool:
        """Whether what may have been charged can account for the difference to the bill, to the cent."""
        difference = self.by_invoice
        return difference is not None and -CENT < difference < self.at_most + CENT


CENT = Decimal("0.01")


def drift(member: Membership, first: date) -> list[Drift]:
    """By modality; of the whole workspace, so for those who manage it. Months of bills are by UTC, as MiniMax's."""
    begins, ends = bounds(Period.MONTH, datetime(first.year, first.month, 1, tzinfo=UTC))
    rows = LedgerEntry.objects.visible_to(member).current().filter(at__gte=begins, at__lt=ends)
    rows = rows.exclude(connection_kind=ConnectionKind.SANDBOX)
    known = Q(actual_usd__isnull=False, estimate_usd__isnull=False)
    sums = (
        rows.order_by()
        .values("kind")
        .annotate(
            acts=Count("pk"),
            estimate=Sum("estimate_usd", filter=known),
            reported_of_estimated=Sum("actual_usd", filter=known),
            reported=Sum("actual_usd"),
            unknown=Count("pk", filter=UNKNOWN),
            at_most=Sum("estimate_usd", filter=UNKNOWN),
        )
    )
    invoices = {each.modality: each for each in Invoice.objects.visible_to(member).filter(month=first)}
    by_modality: dict[str, dict[str, Any]] = {}
    for row in sums:
        total = by_modality.setdefault(modality_of(row["kind"]), defaultdict(Decimal))
        for name, value in row.items():
            if name != "kind":
                total[name] += value or 0
    return [
        Drift(
            modality,
            label,
            acts=int(total["acts"]),
            estimate=total["estimate"],
            reported_of_estimated=total["reported_of_estimated"],
            reported=total["reported"],
            unknown=int(total["unknown"]),
            at_most=total["at_most"],
            invoice=invoices.get(modality),
        )
        for modality, label in MODALITIES.items()
        if (total := by_modality.get(modality, defaultdict(Decimal))) or modality in invoices
    ]


# --- the end of the month -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Projection:
    spent: Decimal
    held: Decimal
    expected: Decimal  # by the end of the month, if the days left are as those gone
    days_gone: int
    days: int


def project(member: Membership) -> Projection:
    """The running month, by UTC as budgets are. What is held counts as spent."""
    now = timezone.now()
    begins, ends = bounds(Period.MONTH, now)
    rows = LedgerEntry.objects.visible_to(member).current().filter(at__gte=begins, at__lt=ends)
    paid = rows.exclude(charged=Charged.NO)
    spent = paid.aggregate(sum=Sum(Coalesce("actual_usd", "estimate_usd")))["sum"] or Decimal(0)
    held = Hold.objects.visible_to(member).aggregate(sum=Sum("amount_usd"))["sum"] or Decimal(0)
    days, gone = (ends - begins).days, (now - begins).total_seconds() / 86_400
    rate = (spent + held) / Decimal(str(max(gone, 1.0)))  # on the first day nobody can say what a month is like
    expected = spent + held + rate * Decimal(str(max(0.0, days - max(gone, 1.0))))
    return Projection(spent, held, expected, int(gone) + 1, days)

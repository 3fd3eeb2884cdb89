"""Limits that hold. Whatever costs money sets its price aside before it is asked for, and gives it back afterwards.

A hold is taken in the transaction that stores the act: an act that does not fit is not stored, and acts of many people
at once go one after another through the workspace's row, so that together they never exceed the limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.library.kinds import get_kind
from apps.usage import currencies
from apps.usage.models import Budget, BudgetNews, Charged, Hold, LedgerEntry, Period
from apps.workspaces.happenings import announce
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.news import Kind, managers, tell
from apps.workspaces.refusals import ActRefusedError
from apps.workspaces.rights import find_overspending

LEVELS = (50, 80, 100)  # percent of a budget at which people are told
ZERO = Decimal(0)


class BudgetReachedError(ActRefusedError):
    """The price does not fit into a budget."""

    more = ("usage:index", gettext_lazy("Budgets and what is spent"))


@dataclass(frozen=True)
class State:
    """How far one budget is used, for one person where it counts each of them."""

    budget: Budget
    person: User | None  # whose share of it; None: of all together
    since: datetime
    until: datetime
    spent: Decimal
    held: Decimal

    @property
    def used(self) -> Decimal:
        return self.spent + self.held

    @property
    def left(self) -> Decimal:
        return max(ZERO, self.budget.limit_usd - self.used)

    @property
    def percent(self) -> int:
        return round(100 * self.used / self.budget.limit_usd) if self.budget.limit_usd else 100

    @property
    def bar(self) -> int:
        return min(100, self.percent)

    @property
    def spent_bar(self) -> int:
        return min(100, round(100 * self.spent / self.budget.limit_usd)) if self.budget.limit_usd else 100

    @property
    def is_lifted(self) -> bool:
        return is_lifted(self.budget)

    @property
    def projected(self) -> Decimal:
        """What will have been spent at the end of the period if it goes on like this."""
        gone = (timezone.now() - self.since) / (self.until - self.since)
        return self.spent / Decimal(str(max(gone, 0.01)))


def is_lifted(budget: Budget) -> bool:
    return budget.lifted_until is not None and budget.lifted_until > timezone.now()


def bounds(period: str, now: datetime | None = None) -> tuple[datetime, datetime]:
    """The running period, by UTC: one calendar for a team in many places."""
    now = (now or timezone.now()).astimezone(UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == Period.DAY:
        return day, day + timedelta(days=1)
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def hold(source: str, member: Membership, *, kind: str, amount_usd: Decimal | None) -> None:
    """Set a price aside for one act. Call it in the transaction that stores the act.

    Raises BudgetReachedError when it does not fit; the caller's transaction must end with it. What is free, or whose
    price nobody knows before, holds nothing, but where a budget is used up nothing more begins.
    """
    amount = amount_usd or ZERO
    if amount_usd is not None and not amount:
        return
    if too_much := find_overspending(member, amount):
        raise BudgetReachedError(too_much)
    budgets = budgets_for(member, kind)
    if budgets:
        Workspace.objects.select_for_update().only("pk").get(pk=member.workspace_id)
    for budget in budgets:
        if budget.is_hard and not is_lifted(budget):
            state = state_of(budget, member.user)
            if state.used + amount > budget.limit_usd or (not amount and state.used >= budget.limit_usd):
                raise BudgetReachedError(sentence(state, amount))
    if amount:
        Hold.objects.create(
            workspace_id=member.workspace_id, person_id=member.user_id, source=source, kind=kind, amount_usd=amount
        )
        if budgets:
            transaction.on_commit(partial(tell_levels, member.workspace_id, [b.pk for b in budgets], member.user_id))


def release(source: str) -> None:
    """The act is over and cost nothing. What did cost something is released by `ledger.record`."""
    Hold.objects.filter(source=source).delete()


def budgets_for(member: Membership, kind: str) -> list[Budget]:
    """Those that an act of this kind by this member counts against."""
    found = Budget.objects.filter(
        Q(person=None) | Q(person=member.user_id), Q(kind="") | Q(kind=kind), workspace_id=member.workspace_id
    )
    roles = {budget.role for budget in found} - {""}
    role = member.role
    if roles and not role:  # asked on behalf of somebody, by a worker
        role = (
            Membership.objects.filter(workspace_id=member.workspace_id, user_id=member.user_id)
            .values_list("role", flat=True)
            .first()
            or ""
        )
    return [budget for budget in found if budget.role in ("", role)]


def state_of(budget: Budget, person: User | None = None) -> State:
    """How far it is used. `person` matters where the budget is for each person with a role."""
    since, until = bounds(budget.period)
    whose = budget.person or (person if budget.role else None)
    spent = _sum(
        _of(
            LedgerEntry.objects.current().filter(at__gte=since, at__lt=until).exclude(charged=Charged.NO), budget, whose
        ),
        Coalesce("actual_usd", "estimate_usd"),
    )
    held = _sum(_of(Hold.objects.all(), budget, whose), "amount_usd")
    return State(budget, whose, since, until, spent, held)


def _of(rows: QuerySet, budget: Budget, person: User | None) -> QuerySet:
    rows = rows.filter(workspace_id=budget.workspace_id)
    if person is not None:
        rows = rows.filter(person=person)
    return rows.filter(kind=budget.kind) if budget.kind else rows


def _sum(rows: QuerySet, amount: str | Coalesce) -> Decimal:
    return rows.aggregate(sum=Sum(amount))["sum"] or ZERO


def states_for(member: Membership) -> list[State]:
    """What a member may see: those who manage see all, each person those that bind them."""
    found = Budget.objects.visible_to(member).select_related("person").order_by("pk")
    if not member.may("manage"):
        found = found.filter(Q(person=None) | Q(person=member.user_id), role__in=("", member.role))
    states = []
    for budget in found:
        people: Iterable[User | None] = [None]
        if budget.role and not budget.person:
            everybody = User.objects.filter(
                memberships__workspace=budget.workspace_id, memberships__role=budget.role
            ).order_by("pk")
            people = everybody if member.may("manage") else [member.user]
        states += [state_of(budget, person) for person in people]
    return states


def scope(budget: Budget) -> str:
    """For whom and what it is, in words."""
    who = str(budget.person) if budget.person else ""
    if budget.role:
        who = _("each %(role)s") % {"role": budget.get_role_display()}
    what = str(get_kind(budget.kind).label) if budget.kind else ""
    return " · ".join(filter(None, (who or _("the whole workspace"), what)))


def in_usd(amount: Decimal) -> str:
    """Two decimals, and more only where a small price has more: $12.50, $0.01, $0.0035; in the currency shown."""
    sign, amount = currencies.convert(amount)
    decimals = 2 if amount >= 1 else max(2, -int(amount.quantize(Decimal("0.0001")).normalize().as_tuple().exponent))
    return f"{sign}{number_format(amount, decimal_pos=decimals)}"


def sentence(state: State, amount: Decimal) -> str:
    facts = {
        "limit": in_usd(state.budget.limit_usd),
        "period": state.budget.get_period_display(),
        "scope": scope(state.budget),
        "left": in_usd(state.left),
        "price": in_usd(amount),
        "until": date_format(timezone.localtime(state.until), "SHORT_DATETIME_FORMAT"),
    }
    if not amount:
        text = _("The budget of %(limit)s %(period)s for %(scope)s is used up. Nothing was sent.")
    else:
        text = _(
            "This costs %(price)s, and %(left)s are left of the budget of %(limit)s %(period)s for %(scope)s. "
            "Nothing was sent."
        )
    return f"{text % facts} {_('It begins anew at %(until)s; an owner can lift it before.') % facts}"


def lift(budget: Budget) -> None:
    """Let everything through until the period ends."""
    budget.lifted_until = bounds(budget.period)[1]
    budget.save(update_fields=["lifted_until"])


def unlift(budget: Budget) -> None:
    budget.lifted_until = None
    budget.save(update_fields=["lifted_until"])


def tell_levels(workspace_id: int, budget_ids: list[int], user_id: int) -> None:
    """Tell those who manage the workspace, and the person, once for each level that a budget has reached."""
    person = User.objects.get(pk=user_id)
    for budget in Budget.objects.filter(pk__in=budget_ids).select_related("person", "workspace"):
        state = state_of(budget, person)
        reached = [level for level in LEVELS if state.percent >= level]
        if not reached:
            continue
        whose = state.person.pk if state.person else 0
        _news, is_new = BudgetNews.objects.get_or_create(
            budget=budget, person_id=whose, since=state.since, percent=reached[-1]
        )
        if is_new:
            text = format_lazy(
                gettext_lazy("{percent} % of the budget for {scope} is used: {used} of {limit} {period}."),
                percent=state.percent,
                scope=scope(budget),
                used=in_usd(state.used),
                limit=in_usd(budget.limit_usd),
                period=budget.get_period_display(),
            )
            people = managers(budget.workspace) | User.objects.filter(pk=user_id)
            address = reverse("usage:index", args=[budget.workspace.slug])
            tell(people.distinct(), budget.workspace, text, address, kind=Kind.BUDGET)
            reached_now = {"percent": state.percent, "used_usd": state.used, "limit_usd": budget.limit_usd}
            announce(workspace_id, "budget.reached", {"scope": str(scope(budget)), **reached_now})

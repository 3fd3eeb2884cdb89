from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.usage import budgets, reports
from apps.usage.forms import BudgetForm
from apps.usage.models import Budget, LedgerEntry
from apps.workspaces import audit
from apps.workspaces.access import MemberRequest, member_required

COLUMNS = ("at", "person", "kind", "model", "connection", "estimate_usd", "actual_usd", "charged", "usage", "source")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with one of these


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    report = reports.report(request.member, reports.month_from(request.GET.get("month", "")))
    return render(
        request, "usage/index.html", _context(request, BudgetForm(member=request.member)) | {"report": report}
    )


def _context(request: MemberRequest, form: BudgetForm) -> dict[str, Any]:
    may_manage = request.member.may("manage")
    return {
        "sees_all": may_manage,
        "states": [(state, budgets.scope(state.budget)) for state in budgets.states_for(request.member)],
        "budget_form": form if may_manage else None,
        "may_lift": request.member.may("own"),
    }


@require_POST
@member_required(can="manage")
def add_budget(request: MemberRequest, workspace: str) -> HttpResponse:
    form = BudgetForm(request.POST, member=request.member)
    if not form.is_valid():
        report = reports.report(request.member, reports.month_from(""))
        return render(request, "usage/index.html", _context(request, form) | {"report": report}, status=422)
    budget = form.save()
    audit.record(request.member, "budget.set", subject=_in_words(budget), request=request)
    messages.success(request, _("The budget holds from now on."))
    return redirect("usage:index", workspace)


@require_POST
@member_required(can="manage")
def remove_budget(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    budget = _find(request, pk)
    audit.record(request.member, "budget.removed", subject=_in_words(budget), request=request)
    budget.delete()
    messages.success(request, _("The budget is gone."))
    return redirect("usage:index", workspace)


@require_POST
@member_required(can="own")
def lift_budget(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Let everything through until the period ends; pressed again, not any more."""
    budget = _find(request, pk)
    if budgets.is_lifted(budget):
        budgets.unlift(budget)
        audit.record(request.member, "budget.unlifted", subject=_in_words(budget), request=request)
    else:
        budgets.lift(budget)
        audit.record(request.member, "budget.lifted", subject=_in_words(budget), request=request)
    return redirect("usage:index", workspace)


def _find(request: MemberRequest, pk: int) -> Budget:
    return get_object_or_404(Budget.objects.visible_to(request.member).select_related("person"), pk=pk)


def _in_words(budget: Budget) -> str:
    return f"{budgets.in_usd(budget.limit_usd)} {budget.get_period_display()} · {budgets.scope(budget)}"


@require_GET
@member_required()
def export(request: MemberRequest, workspace: str) -> HttpResponse:
    """The month's entries as a table, one line for each act."""
    first = reports.month_from(request.GET.get("month", ""))
    entries = reports.entries_of(request.member, first).select_related("person").order_by("at", "pk")
    # Not a stream: an event loop would collect one too, and warn that it has to.
    response = HttpResponse(_lines(entries.iterator(500)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="usage-{workspace}-{first:%Y-%m}.csv"'
    return response


class _Echo:
    def write(self, text: str) -> str:
        return text


def _lines(entries: Iterator[LedgerEntry]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        yield writer.writerow([_harmless(value) for value in _row(entry)])


def _row(entry: LedgerEntry) -> tuple[Any, ...]:
    return (
        entry.at.isoformat(timespec="seconds"),
        entry.person.email,
        entry.kind,
        entry.model,
        entry.connection_kind,
        "" if entry.estimate_usd is None else entry.estimate_usd,
        "" if entry.actual_usd is None else entry.actual_usd,
        entry.charged,
        json.dumps(entry.usage, ensure_ascii=False),
        entry.source,
    )


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value

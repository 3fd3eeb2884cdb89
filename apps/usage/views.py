from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.usage import budgets, reports
from apps.usage.forms import BudgetForm, InvoiceForm
from apps.usage.models import Budget, LedgerEntry
from apps.workspaces import audit
from apps.workspaces.access import MemberRequest, member_required

COLUMNS = (
    *("at", "person", "kind", "model", "connection", "wallet", "estimate_usd", "actual_usd", "charged"),
    *("usage", "source", "entered_at", "is_correction"),
)
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with one of these


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    report = reports.report(request.member, reports.month_from(request.GET.get("month", "")))
    context = _context(request, BudgetForm(member=request.member), is_running=report.after is None)
    return render(request, "usage/index.html", context | {"report": report})


@require_GET
@member_required(can="manage")
def drift(request: MemberRequest, workspace: str) -> HttpResponse:
    first = reports.month_from(request.GET.get("month", ""))
    return _drift_page(request, first, InvoiceForm(initial={"month": f"{first:%Y-%m}"}))


def _drift_page(request: MemberRequest, first: date, form: InvoiceForm, *, status: int = 200) -> HttpResponse:
    context = {
        "first": first,
        "before": (first - timedelta(days=1)).replace(day=1),
        "rows": reports.drift(request.member, first),
        "form": form,
        "may_enter": request.member.may("own"),
    }
    return render(request, "usage/drift.html", context, status=status)


@require_POST
@member_required(can="own")
def enter_invoice(request: MemberRequest, workspace: str) -> HttpResponse:
    """Keep what MiniMax billed for one modality in a month."""
    form = InvoiceForm(request.POST)
    first = reports.month_from(request.POST.get("month", ""))
    if not form.is_valid():
        return _drift_page(request, first, form, status=422)
    invoice = form.save(request.member, first)
    subject = f"{first:%Y-%m} {invoice.modality}: {invoice.amount_usd.normalize():f} USD"
    audit.record(request.member, "invoice.entered", subject=subject, request=request)
    return redirect(f"{reverse('usage:drift', args=[workspace])}?month={first:%Y-%m}")


def _context(request: MemberRequest, form: BudgetForm, *, is_running: bool = True) -> dict[str, Any]:
    """`is_running`: the page shows the month that is under way."""
    may_manage = request.member.may("manage")
    return {
        "sees_all": may_manage,
        "states": [(state, budgets.scope(state.budget)) for state in budgets.states_for(request.member)],
        "budget_form": form if may_manage else None,
        "may_lift": request.member.may("own"),
        "projection": reports.project(request.member) if is_running else None,
        "holds": reports.held_now(request.member) if is_running else [],
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
        entry.route.get("wallet", ""),
        "" if entry.estimate_usd is None else entry.estimate_usd,
        "" if entry.actual_usd is None else entry.actual_usd,
        entry.charged,
        json.dumps(entry.usage, ensure_ascii=False),
        entry.source,
        entry.entered_at.isoformat(timespec="seconds"),
        "yes" if entry.corrects_id else "",
    )


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value

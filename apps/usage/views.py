from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.usage import reports
from apps.usage.models import LedgerEntry
from apps.workspaces.access import MemberRequest, member_required

COLUMNS = ("at", "person", "kind", "model", "connection", "estimate_usd", "actual_usd", "charged", "usage", "source")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with one of these


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    report = reports.report(request.member, reports.month_from(request.GET.get("month", "")))
    return render(request, "usage/index.html", {"report": report, "sees_all": request.member.may("manage")})


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

"""The audit log as a page, and as a file to take away."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.audit import ACTIONS, entries_for, search
from apps.workspaces.forms import AuditFilterForm
from apps.workspaces.models import AuditEntry, Membership
from apps.workspaces.querysets import AppendOnlyQuerySet

ENTRIES_PER_PAGE = 50
COLUMNS = ("at", "person", "action", "subject", "ip")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate


def _form(request: MemberRequest) -> AuditFilterForm:
    members = Membership.everyone.visible_to(request.member).select_related("user").order_by("user__name")
    actions = sorted(ACTIONS.items(), key=lambda item: str(item[1]))
    return AuditFilterForm(request.GET, people=[member.user for member in members], actions=actions)


def _filtered(request: MemberRequest, form: AuditFilterForm) -> tuple[AppendOnlyQuerySet, dict[str, Any]]:
    """What the filter leaves, and what it says. A filter that cannot be understood leaves nothing."""
    if not form.is_valid():
        return entries_for(request.member).none(), {"q": "?"}
    chosen = form.cleaned_data
    entries = search(entries_for(request.member), chosen["q"])
    wanted = {
        "actor_id": chosen["person"],
        "action": chosen["action"],
        "at__date__gte": chosen["since"],
        "at__date__lte": chosen["until"],
        "pk__lt": chosen["before"],
    }
    return entries.filter(**{name: value for name, value in wanted.items() if value}), chosen


@member_required(can="manage")
@require_GET
def audit_log(request: MemberRequest, workspace: str) -> HttpResponse:
    form = _form(request)
    entries, chosen = _filtered(request, form)
    page = list(entries[: ENTRIES_PER_PAGE + 1])
    rows = [{"entry": entry, "action": ACTIONS.get(entry.action, entry.action)} for entry in page[:ENTRIES_PER_PAGE]]
    query, older = request.GET.copy(), ""
    query.pop("before", None)
    taken = query.urlencode()
    if len(page) > ENTRIES_PER_PAGE:
        query["before"] = str(page[ENTRIES_PER_PAGE - 1].pk)
        older = f"?{query.urlencode()}"
    context = {"form": form, "rows": rows, "older": older, "is_filtered": any(chosen.values()), "query": taken}
    return render(request, "workspaces/audit.html", context)


@member_required(can="manage")
@require_GET
def export(request: MemberRequest, workspace: str, format: str) -> HttpResponse:
    """All that the filter leaves, oldest first, as CSV or JSON; times in UTC."""
    if format not in ("csv", "json"):
        raise Http404
    entries, _chosen = _filtered(request, _form(request))
    newest = entries.first()
    rows = entries.filter(pk__lte=newest.pk if newest else 0).order_by("pk")
    write, content_type = (_as_csv, "text/csv") if format == "csv" else (_as_json, "application/json")
    response = HttpResponse("".join(write(rows)), content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{workspace}-{timezone.now():%Y-%m-%d}.{format}"'
    response["Cache-Control"] = "no-store"
    return response


def _row(entry: AuditEntry) -> dict[str, str]:
    values = (entry.at.isoformat(), entry.actor_label, entry.action, entry.subject, entry.ip or "")
    return dict(zip(COLUMNS, values, strict=True))


class _Line:
    """A file for `csv.writer` that gives back each line."""

    def write(self, line: str) -> str:
        return line


def _as_csv(rows: AppendOnlyQuerySet) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # with its mark Excel takes it for UTF-8
    for entry in rows.iterator(500):
        yield writer.writerow([f"'{text}" if text.startswith(FORMULA) else text for text in _row(entry).values()])


def _as_json(rows: AppendOnlyQuerySet) -> Iterator[str]:
    before = "[\n"
    for entry in rows.iterator(500):
        yield before + json.dumps(_row(entry), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"

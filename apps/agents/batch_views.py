from __future__ import annotations

import json
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, Q
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.agents import batches, feeding, services
from apps.agents.archive import Streamed, entries_of, table_of, write_zip
from apps.agents.batches import Brought
from apps.agents.forms import PICTURE, TEXT_CHARACTERS, LimitForm
from apps.agents.gallery import Template, templates_for
from apps.agents.models import Batch, BatchRow, BatchStatus
from apps.agents.tables import MOST_ROWS, TableRefusedError, read_table
from apps.jobs.models import MOVING, Job
from apps.library.files import safe_filename
from apps.library.storage_use import check_room
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.connections import situation_of
from apps.workspaces.models import Membership

PAGE = 120  # rows
LATEST = 12  # batches


@require_GET
@member_required()
def new(request: MemberRequest, workspace: str) -> HttpResponse:
    """The form of a batch. `?template=` says of which template."""
    return render(request, "agents/batch_new.html", _form(request))


@require_POST
@member_required(can="create")
def prepare(request: MemberRequest, workspace: str) -> HttpResponse:
    """Read what was brought and lead to the draft, or 422 and the form with a sentence. Nothing is sent."""
    situation = situation_of(request.member)
    known = {each.id: each for each in templates_for(situation.kind)}
    template = known.get(request.POST.get("template", ""))
    try:
        if template is None:
            raise TableRefusedError(_("This template cannot be had on this connection."))
        pictures, table = _brought(request.POST.get("pictures", "")), request.FILES.get("table")
        text, words = request.POST.get("text", "")[:TEXT_CHARACTERS], request.POST.get("words", "")
        lines = read_table(table.read(), template) if table else batches.lines_of(template, pictures, text, words)
    except TableRefusedError as refusal:
        return render(request, "agents/batch_new.html", _form(request, str(refusal)), status=422)
    batch_id = _uuid(request.POST.get("click", ""))
    if batch_id and Batch.objects.exclude(workspace=request.member.workspace).filter(pk=batch_id).exists():
        batch_id = None
    batch = batches.prepare(
        request.member, template, lines, pictures, connection_kind=situation.kind, batch_id=batch_id
    )
    return redirect("agents:batch", workspace, batch.pk)


def _form(request: MemberRequest, refusal: str = "") -> dict[str, Any]:
    situation = situation_of(request.member)
    templates = templates_for(situation.kind)
    wanted = request.POST.get("template") or request.GET.get("template", "")
    latest = Batch.objects.visible_to(request.member).select_related("created_by").order_by("-created_at")
    return {
        "templates": templates,
        "template": next((each for each in templates if each.id == wanted), templates[0]),
        "purpose": PICTURE,
        "most_rows": MOST_ROWS,
        "text_characters": TEXT_CHARACTERS,
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
        "can_create": request.member.may("create"),
        "refusal": refusal,
        "text": request.POST.get("text", ""),
        "words": request.POST.get("words", ""),
        "click": str(_uuid(request.POST.get("click", "")) or uuid.uuid4()),
        "latest": latest[:LATEST],
    }


def _brought(given: str) -> list[Brought]:
    """The pictures that the page has gathered: a JSON list of {id, name}. What is odd about it is left out."""
    try:
        listed = json.loads(given or "[]")
    except ValueError:
        return []
    if not isinstance(listed, list):
        return []
    return [
        Brought(each["id"][:36], each["name"][:200])
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("name"), str)
    ]


@require_GET
@member_required()
def batch(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """A draft with its rows and its price, or a batch under way. `?page=` of its rows."""
    return _show(request, _find(request.member, pk))


def _show(request: MemberRequest, one: Batch, form: LimitForm | None = None) -> HttpResponse:
    name = "agents/batch_draft.html" if one.is_draft else "agents/batch.html"
    rows = _rows(one).order_by("is_fine" if one.is_draft else "-is_fine", "number")  # what is wrong is seen first
    context = _state(request, one) | {"rows": _page(rows, request), "form": form}
    return render(request, name, context, status=422 if form else 200)


@require_GET
@member_required()
def progress(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """How far it is, and the rows that have changed after `?since=`."""
    one = _find(request.member, pk)
    since = _time(request.GET.get("since", ""))
    is_news = Q(job__status__in=MOVING) | Q(job__finished_at__gt=since) | Q(job__created_at__gt=since)
    changed = _rows(one).filter(is_news)
    return render(request, "agents/_progress.html", _state(request, one) | {"changed": changed})


@require_POST
@member_required(can="create")
def start(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The one confirmation: let a draft, or the rest of a stopped batch, go. 422 for a limit that cannot be kept."""
    one, situation = _find(request.member, pk), situation_of(request.member)
    form = LimitForm(request.POST, price_each=one.price_each, is_free=situation.is_free)
    if not form.is_valid():
        return _show(request, one, form)
    check_room(request.member.workspace_id, request.member.user_id)
    batches.start(one, limit_usd=form.cleaned_data["limit_usd"])
    return redirect("agents:batch", workspace, one.pk)


@require_POST
@member_required(can="create")
def stop(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    feeding.stop(_find(request.member, pk))
    return redirect("agents:batch", workspace, pk)


@require_POST
@member_required(can="create")
def discard(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Forget a draft. A batch that was ever let go stays: its films belong to it."""
    one = _find(request.member, pk)
    Batch.objects.filter(pk=one.pk, status=BatchStatus.DRAFT).delete()
    return redirect(f"{reverse('agents:batch_new', args=[workspace])}?template={one.template_id}")


@require_GET
@member_required()
def sheet(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The contact sheet: all films with their inputs, to print."""
    one = _find(request.member, pk)
    return render(request, "agents/batch_sheet.html", _state(request, one) | {"rows": _rows(one).filter(is_fine=True)})


@require_GET
@member_required()
def archive(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    """All films as one zip, with a table of what each was made of."""
    one = _find(request.member, pk)
    rows = list(_rows(one))
    entries, table = entries_of(rows), table_of(rows)

    def begin() -> Any:
        return write_zip(entries, table)

    response = StreamingHttpResponse(
        Streamed(begin) if isinstance(request, ASGIRequest) else begin(), content_type="application/zip"
    )
    name = safe_filename(f"{one.name} {timezone.localtime(one.created_at):%Y-%m-%d}", "zip")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


def _find(member: Membership, pk: uuid.UUID) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(member).select_related("workspace", "created_by"), pk=pk)


def _rows(one: Batch) -> Any:
    jobs = Job.objects.for_cards()
    return BatchRow.objects.filter(batch=one).order_by("number").prefetch_related(Prefetch("job", jobs))


def _page(rows: Any, request: MemberRequest) -> Page:
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))


def _state(request: MemberRequest, one: Batch) -> dict[str, Any]:
    figures = batches.tally(one)
    each, situation = one.price_each, situation_of(request.member)
    template: Template | None = one.template
    return {
        "batch": one,
        "template": template,
        "tally": figures,
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
        "is_fitting": template is not None and services.is_fitting(template, situation),
        "price_each": each,
        "price_left": None if each is None else each * figures.unsent,
        "price_limit": one.limit_usd if one.limit_usd is not None else Decimal(0),
        "can_create": request.member.may("create"),
        "now": timezone.now(),
    }


def _time(value: str) -> datetime:
    try:
        found = parse_datetime(value)
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found):
        return timezone.now()
    return found


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None

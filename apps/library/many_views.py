from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from apps.library import many, tagging, trash
from apps.library.archive import stream_archive, write_archive
from apps.library.dependants import dependants_among
from apps.library.models import Asset, BulkAct
from apps.library.tasks import purge
from apps.workspaces.access import MemberRequest, member_required


@require_POST
@member_required()
def download_many(request: MemberRequest, workspace: str) -> HttpResponseBase:
    """What is chosen as one ZIP file, each with its settings in a JSON file beside it."""
    try:
        found = many.choose(request.member, request.POST)
    except many.TooManyError as error:
        return refuse(request, error)
    if not found:
        raise Http404
    blocks = stream_archive(found) if isinstance(request, ASGIRequest) else write_archive(found)
    response = StreamingHttpResponse(blocks, content_type="application/zip")
    name = f"{request.member.workspace.slug}-{timezone.localdate().isoformat()}.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@member_required()
def count_many(request: MemberRequest, workspace: str) -> HttpResponse:
    """How many a search finds, counted up to the most that can be taken at once."""
    try:
        count = len(many.choose(request.member, request.POST, in_trash="trash" in request.POST))
    except many.TooManyError as error:
        return refuse(request, error)
    text = ngettext("All %d in this search", "All %d in this search", count) % count
    return trigger_client_event(HttpResponse(status=204), "many:counted", {"count": count, "text": text})


@require_POST
@member_required(can="create")
def trash_many(request: MemberRequest, workspace: str) -> HttpResponse:
    """Ask once more, with what depends on them, unless the answer is already there: `sure`."""
    try:
        ids = many.choose(request.member, request.POST)
    except many.TooManyError as error:
        return refuse(request, error)
    if "sure" not in request.POST and (dependants := dependants_among(request.member, ids)):
        context = {"count": len(ids), "chosen": ids, "dependants": dependants}
        if not request.htmx:
            return render(request, "library/trash_many.html", context)
        return reswap(retarget(render(request, "library/_trash_many.html", context), "#drawer"), "innerHTML")
    act = many.move_to_trash(request.member, ids, request=request)
    text = ngettext("%d is in the trash.", "%d are in the trash.", len(ids)) % len(ids)
    return done(request, ids, text, act)


@require_POST
@member_required(can="create")
def restore_many(request: MemberRequest, workspace: str) -> HttpResponse:
    try:
        ids = many.choose(request.member, request.POST, in_trash=True)
    except many.TooManyError as error:
        return refuse(request, error)
    act = many.restore(request.member, ids, request=request)
    text = ngettext("%d is back in the library.", "%d are back in the library.", len(ids)) % len(ids)
    return done(request, ids, text, act)


@require_POST
@member_required(can="create")
def tag_many(request: MemberRequest, workspace: str) -> HttpResponse:
    """Put the tag `name` on what is chosen."""
    try:
        ids = many.choose(request.member, request.POST)
    except many.TooManyError as error:
        return refuse(request, error)
    act = many.tag(request.member, ids, request.POST.get("name", ""))
    if act is None:
        return say(request, _("Write the tag first."), tone="bad")
    fresh = len(act.payload["assets"])
    name = tagging.clean_name(request.POST["name"])
    text = ngettext("“%(tag)s” is on %(n)d more.", "“%(tag)s” is on %(n)d more.", fresh) % {"tag": name, "n": fresh}
    return done(request, ids, text, act if fresh else None)


@require_POST
@member_required(can="create")
def undo_many(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Take back what this person did last."""
    act = get_object_or_404(BulkAct, pk=pk, workspace=request.member.workspace, person=request.member.user)
    changed = many.undo(request.member, act)
    response = done(request, changed, _("Undone."), None)
    return trigger_client_event(response, "library:stale", {}) if many.changes_lists(act) else response


@require_POST
@member_required(can="create")
def delete_for_ever(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """One asset out of the trash: by who made it, or by who manages the workspace."""
    one = get_object_or_404(Asset.objects.in_trash_of(request.member), pk=pk)
    if one.created_by_id != request.member.user_id and not request.member.may("manage"):
        raise PermissionDenied
    try:
        trash.delete_for_ever(request.member, one, request=request)
    except trash.HeldError as error:
        return say(request, str(error), tone="bad")
    if not request.htmx:
        return redirect(f"{reverse('library:index', args=[workspace])}?trash=1")
    response = HttpResponse()
    return trigger_client_event(response, "toast", {"text": _("“%(title)s” is gone for good.") % {"title": one.title}})


@require_POST
@member_required(can="manage")
def empty_trash(request: MemberRequest, workspace: str) -> HttpResponse:
    count = trash.empty(request.member, request=request)
    if count > trash.AT_ONCE:
        purge.apply_async(retry=False)
    left = Asset.objects.in_trash_of(request.member).exists()
    text = ngettext("%d is gone for good.", "%d are gone for good.", count) % count
    if left and count <= trash.AT_ONCE:
        text = _("%(gone)s What is left is still needed, for example by a voice.") % {"gone": text}
    messages.success(request, text)
    return redirect(f"{reverse('library:index', args=[workspace])}?trash=1")


# --- answers ----------------------------------------------------------------------------------------------------------


def done(request: MemberRequest, ids: Sequence[uuid.UUID], text: str, act: BulkAct | None) -> HttpResponse:
    """The cards that changed, or, where these are many, a word to the page that it should ask again."""
    slug = request.member.workspace.slug
    shown = Asset.objects.filter(workspace=request.member.workspace, pk__in=ids[: many.SHOWN])
    assets = shown.select_related("workspace", "created_by").order_by("-id")
    response = render(request, "library/_many.html", {"assets": assets})
    news: dict[str, Any] = {"text": text, "tone": "ok"}
    if act:
        news["undo"] = {"url": reverse("library:undo_many", args=[slug, act.pk])}
    trigger_client_event(response, "toast", news)
    if len(ids) > many.SHOWN:
        trigger_client_event(response, "library:stale", {})
    return response


def say(request: MemberRequest, text: str, *, tone: str = "ok") -> HttpResponse:
    if not request.htmx:
        return render(request, "library/said.html", {"text": text})
    response = HttpResponse(status=204)
    return trigger_client_event(response, "toast", {"text": text, "tone": tone})


def refuse(request: MemberRequest, error: many.TooManyError) -> HttpResponse:
    return say(request, str(error), tone="bad")

from __future__ import annotations

import io
import uuid

import segno
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from apps.chat.models import Conversation
from apps.library.models import Asset
from apps.sharing import conversations, services
from apps.sharing.forms import form_of
from apps.sharing.models import Share
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership

PAGE = 50


@require_safe
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """My links, newest first; `?whose=all` everybody's, for those who manage; `?before=<id>` the next page."""
    member = request.member
    everyones = request.GET.get("whose") == "all" and member.may("manage")
    found = services.list_shares(member, everyones=everyones)
    if request.GET.get("before", "").isdecimal():
        found = found.filter(pk__lt=int(request.GET["before"][:18]))
    links = list(found[: PAGE + 1])
    rows = [(link, services.public_url(link), services.may_change(member, link)) for link in links[:PAGE]]
    context = {
        "rows": rows,
        "next": links[PAGE - 1].pk if len(links) > PAGE else None,
        "everyones": everyones,
        "can_manage": member.may("manage"),
    }
    return render(request, "sharing/index.html", context)


@require_POST
@member_required(can="publish")
def create(request: MemberRequest, workspace: str) -> HttpResponse:
    """Share the asset or the conversation named in the form; pressed twice, it shows the same link."""
    member = request.member
    if "conversation" in request.POST:
        mine = Conversation.objects.of(member).select_related("workspace")
        conversation = get_object_or_404(mine, pk=_uuid(request.POST["conversation"]))
        try:
            link = conversations.share(member, conversation, request=request)
        except conversations.NothingToShareError as exc:
            return trigger_client_event(HttpResponse(status=204), "toast", {"text": str(exc), "tone": "warn"})
    else:
        asset = get_object_or_404(Asset.objects.visible_to(member), pk=_uuid(request.POST.get("asset", "")))
        link = services.share(member, asset, request=request)
    if not request.htmx:
        return redirect("sharing:panel", workspace, link.pk)
    return _panel(request, link)


@require_GET
@member_required()
def panel(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """The link, what guests may do with it, its QR code and its end."""
    return _panel(request, _find(request.member, pk))


@require_POST
@member_required(can="publish")
def settings(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    link = _find_to_change(request.member, pk)
    form = form_of(link, request.POST)
    if form.is_valid():
        link.save(update_fields=list(form.fields))
    if not request.htmx:
        return redirect("sharing:panel", workspace, pk)
    return trigger_client_event(HttpResponse(status=204), "toast", {"text": _("Saved"), "tone": "ok"})


@require_POST
@member_required(can="publish")
def revoke(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    link = _find_to_change(request.member, pk)
    services.revoke(request.member, link, request=request)
    if not request.htmx:
        return redirect("sharing:index", workspace)
    if "row" in request.GET:
        everyones = request.GET["row"] == "all" and request.member.may("manage")
        return render(
            request, "sharing/_row.html", {"link": link, "url": "", "can_change": True, "everyones": everyones}
        )
    return _panel(request, link)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(can="create")
def go_on(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Continue a shared conversation as a copy of one's own."""
    link = _find(request.member, pk)
    if link.snapshot is None or not link.is_open:
        raise Http404
    if request.method != "POST":
        return render(request, "sharing/go_on.html", {"link": link})
    copy = conversations.copy(request.member, link.snapshot)
    return redirect("chat:conversation", workspace, copy.pk)


@require_safe
@member_required()
def qr(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """The link as a drawing that a phone can read."""
    url = services.public_url(_find(request.member, pk))
    if not url:
        raise Http404
    drawing = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(
        drawing,
        kind="svg",
        scale=8,
        border=2,
        dark="#1b1714",
        light="#ffffff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
    )
    response = HttpResponse(drawing.getvalue(), content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _panel(request: MemberRequest, link: Share) -> HttpResponse:
    context = {
        "link": link,
        "url": services.public_url(link) if link.revoked_at is None else "",
        "form": form_of(link),
        "can_change": services.may_change(request.member, link),
    }
    return render(request, "sharing/_panel.html" if request.htmx else "sharing/panel.html", context)


def _find(member: Membership, pk: int) -> Share:
    visible = Share.objects.visible_to(member).select_related(*services.SHOWN, "workspace", "created_by")
    return get_object_or_404(visible, pk=pk)


def _find_to_change(member: Membership, pk: int) -> Share:
    """Raises PermissionDenied for a link that somebody else made."""
    link = _find(member, pk)
    if not services.may_change(member, link):
        raise PermissionDenied
    return link


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None

from __future__ import annotations

import io
import uuid

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from apps.chat.models import Conversation
from apps.collections.models import Collection
from apps.library.files import safe_filename
from apps.library.models import Asset
from apps.sharing import conversations, oembed, services, visits
from apps.sharing.forms import PolicyForm, ShareForm, form_of
from apps.sharing.models import Share, SharePolicy
from apps.workspaces import audit
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
    policy = SharePolicy.of(member.workspace)
    rows = [(link, services.public_url(link), services.may_change(member, link)) for link in links[:PAGE]]
    context = {
        "rows": rows,
        "next": links[PAGE - 1].pk if len(links) > PAGE else None,
        "everyones": everyones,
        "can_manage": member.may("manage"),
        "can_end": any(can_change and link.revoked_at is None for link, _url, can_change in rows),
        "policy": policy,
        "policy_form": PolicyForm(instance=policy) if member.may("manage") else None,
    }
    return render(request, "sharing/index.html", context)


@require_POST
@member_required(can="manage")
def policy(request: MemberRequest, workspace: str) -> HttpResponse:
    """What the workspace demands of its links, those that are there included."""
    form = PolicyForm(request.POST, instance=SharePolicy.of(request.member.workspace))
    if form.is_valid():
        with transaction.atomic():
            form.save()
            audit.record(
                request.member, "share.policy", subject=services.policy_in_words(form.instance), request=request
            )
        messages.success(request, _("The rules hold for every link from now on."))
    else:
        messages.error(request, " ".join(str(sentence) for faults in form.errors.values() for sentence in faults))
    return redirect("sharing:index", workspace)


@require_POST
@member_required(can="publish")
def revoke_many(request: MemberRequest, workspace: str) -> HttpResponse:
    """End the links that were ticked."""
    ids = [int(pk[:18]) for pk in request.POST.getlist("link")[:PAGE] if pk.isdecimal()]
    ended = services.revoke_many(request.member, ids, request=request)
    messages.success(request, ngettext("%(n)d link has ended.", "%(n)d links have ended.", ended) % {"n": ended})
    whose = "?whose=all" if request.POST.get("whose") == "all" else ""
    return redirect(reverse("sharing:index", args=[workspace]) + whose)


@require_POST
@member_required(can="publish")
def renew(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Another address for the same link."""
    link = _find_to_change(request.member, pk)
    if link.revoked_at is None:
        services.renew(request.member, link, request=request)
    return _panel(request, link) if request.htmx else redirect("sharing:panel", workspace, pk)


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
    elif "collection" in request.POST:
        visible = Collection.objects.visible_to(member)
        link = services.share(member, get_object_or_404(visible, pk=_uuid(request.POST["collection"])), request=request)
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
        link = form.save()
    if not request.htmx:
        if form.is_valid():
            return redirect("sharing:panel", workspace, pk)
        return _panel(request, _find_to_change(request.member, pk), form, status=422)
    response = render(request, "sharing/_faults.html", {"form": form, "link": link, "url": services.public_url(link)})
    if form.is_valid():
        trigger_client_event(response, "toast", {"text": _("Saved"), "tone": "ok"})
    return response


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
def qr(request: MemberRequest, workspace: str, pk: int, kind: str) -> HttpResponse:
    """The link as a drawing that a phone can read: SVG for pages, PNG to be put elsewhere."""
    link = _find(request.member, pk)
    url = services.public_url(link)
    if not url:
        raise Http404
    drawing = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    ink = {"border": 2, "dark": "#1b1714", "light": "#ffffff"}
    if kind == "svg":
        code.save(drawing, kind="svg", scale=8, xmldecl=False, svgclass=None, lineclass=None, **ink)
    else:
        code.save(drawing, kind="png", scale=16, **ink)
    response = HttpResponse(drawing.getvalue(), content_type="image/svg+xml" if kind == "svg" else "image/png")
    if kind == "png":
        name = safe_filename(_("QR code of %(title)s") % {"title": link.headline}, "png")
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _panel(request: MemberRequest, link: Share, form: ShareForm | None = None, *, status: int = 200) -> HttpResponse:
    days = visits.last_days(link)
    context = {
        "link": link,
        "url": services.public_url(link) if link.revoked_at is None else "",
        "form": form or form_of(link),
        "days": days,
        "seen": max((day.day for day in days if day.views), default=None),
        "seen_times": sum(day.views for day in days),
        "embed_code": _embed_code(link),
        "can_change": services.may_change(request.member, link),
    }
    return render(request, "sharing/_panel.html" if request.htmx else "sharing/panel.html", context, status=status)


def _embed_code(link: Share) -> str:
    """Empty while no site may embed it."""
    if link.asset is None or not link.frame_ancestors or not link.token:
        return ""
    return oembed.embed_code(link, link.token, *oembed.size_of(link))


def _find(member: Membership, pk: int) -> Share:
    visible = Share.objects.visible_to(member).select_related(*services.SHOWN, *services.POLICY, "created_by")
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

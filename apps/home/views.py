from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.home.last_workspace import find_last_membership
from apps.home.palette import search
from apps.library.models import Asset
from apps.workspaces import navigation
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.tray import items_for

LATEST = 6
RECENT = 6


@login_required
def enter(request: Any) -> HttpResponse:
    """Lead a person to the workspace they were in last."""
    member = find_last_membership(request, request.user)
    if member is None:
        return render(request, "home/no_workspace.html")
    return redirect("home:index", member.workspace.slug)


@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    member = request.member
    assets = Asset.objects.visible_to(member)
    month = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    speech = navigation.get_page("speech")
    return render(
        request,
        "home/index.html",
        {
            "assets": assets.select_related("created_by").order_by("-id")[:LATEST],
            "items": items_for(member),
            "spent": assets.filter(created_at__gte=month).aggregate(sum=Sum("cost_usd"))["sum"] or 0,
            "month": month,
            "speech_url": speech.url(member.workspace) if speech and member.may("create") else "",
        },
    )


@member_required()
def palette(request: MemberRequest, workspace: str) -> HttpResponse:
    query = request.GET.get("q", "")[:200]
    recent = request.GET.get("recent", "").split(",")[:RECENT]
    return render(
        request, "home/_palette.html", {"groups": search(request.member, query, recent), "query": query.strip()}
    )


@member_required()
def tray(request: MemberRequest, workspace: str) -> HttpResponse:
    mine = request.GET.get("mine") == "1"
    items = items_for(request.member)
    shown = [item for item in items if item.person.pk == request.member.user_id] if mine else items
    return render(request, "home/_tray.html", {"items": shown, "moving_now": len(items), "mine": mine})


@login_required
def design(request: HttpRequest) -> HttpResponse:
    return render(request, "home/design.html", {"themes": ["light", "dark"]})

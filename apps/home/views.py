from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.home.design import GROUPS
from apps.home.last_workspace import find_last_membership
from apps.home.month import month_of
from apps.home.palette import search
from apps.library import services as library
from apps.voices.services import expiring
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership
from apps.workspaces.navigation import Page, pages_for
from apps.workspaces.tray import items_for

LATEST = 6
EXPIRING = 5  # voices
RECENT = 6
TEXT_LIMIT = 2_000  # it travels in the address; the page it leads to takes more


@login_required
@require_GET
def enter(request: Any) -> HttpResponse:
    """Lead a person to the workspace they were in last."""
    member = find_last_membership(request, request.user)
    if member is None:
        return render(request, "home/no_workspace.html")
    return redirect("home:index", member.workspace.slug)


@member_required()
@require_GET
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    items = items_for(request.member)
    makers = makers_for(request.member)
    return render(
        request,
        "home/index.html",
        {
            "assets": library.search(request.member, "", LATEST),
            "items": items,
            "moving": len(items),  # the shell's own look at the tray is spared
            "month": month_of(request.member),
            "expiring": expiring(request.member)[:EXPIRING],
            "makers": makers,
            "example_url": example_url(makers, workspace),
            "text_limit": TEXT_LIMIT,
        },
    )


@member_required(can="create")
@require_GET
def make(request: MemberRequest, workspace: str) -> HttpResponse:
    """Take the words of the home page's box to the chosen page. Nothing is made or charged yet."""
    page = next((page for page in makers_for(request.member) if page.name == request.GET.get("page")), None)
    if page is None:
        raise Http404
    text = request.GET.get("text", "").strip()[:TEXT_LIMIT]
    return redirect(page.url(request.member.workspace) + (f"?{urlencode({'text': text})}" if text else ""))


def example_url(makers: list[Page], workspace: str) -> str:
    """Where the first example is made; "" when there is none."""
    for page in makers:
        for _title, words in page.ask.examples if page.ask else ():
            return f"{reverse('home:make', args=[workspace])}?{urlencode({'page': page.name, 'text': words})}"
    return ""


def makers_for(member: Membership) -> list[Page]:
    """The pages that the home page's box can lead to, in the order of the rail."""
    return [page for page in pages_for(member) if page.ask and member.may("create")]


@member_required()
@require_GET
def palette(request: MemberRequest, workspace: str) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "")[:200]
    recent = request.GET.get("recent", "").split(",")[:RECENT]
    groups = search(request.member, query, recent)
    return render(request, "home/_palette.html", {"groups": groups, "query": query.strip()})


@member_required()
@require_GET
def tray(request: MemberRequest, workspace: str) -> HttpResponse:
    """What is in motion; `mine=1` leaves out what others started, from then on. The count is always of all."""
    items = items_for(request.member)
    if request.GET.get("mine") in {"0", "1"}:
        request.session["tray_mine"] = request.GET["mine"] == "1"
    mine = request.session.get("tray_mine", False)
    shown = [item for item in items if item.person.pk == request.member.user_id] if mine else items
    is_at_home = request.htmx.current_url_abs_path == reverse("home:index", args=[workspace])
    context = {"items": items, "shown": shown, "mine": mine, "is_at_home": is_at_home}
    return render(request, "home/_tray.html", context)


@login_required
@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Every token and component together, for whoever works on the pages."""
    return render(request, "home/design.html", {"groups": GROUPS, "themes": ["light", "dark"]})

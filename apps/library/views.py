from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.library.kinds import all_kinds
from apps.library.lookups import is_fragment
from apps.library.search import Query, find
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership
from apps.workspaces.navigation import Page, pages_for

PAGE = 24
LAYOUT_COOKIE = "studio_library"  # grid or list


@require_safe
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """What was made, newest first. `?q=` words, `?kind=`, `?before=` an id: the next page, `?layout=`, `?trash=1`."""
    q = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL refuses NUL
    kind, is_trash = request.GET.get("kind", "").replace("\0", ""), "trash" in request.GET
    before = request.GET.get("before", "")
    query = Query.from_params(request.GET)
    found = find(request.member, query, after=request.GET.get("before", ""), limit=PAGE)
    chosen = request.GET.get("layout", "")
    layout = "list" if (chosen or request.COOKIES.get(LAYOUT_COOKIE)) == "list" else "grid"
    context: dict[str, Any] = {
        "assets": found.assets,
        "next": found.after,
        "q": q,
        "kind": kind,
        "kinds": all_kinds(),
        "layout": layout,
        "is_trash": is_trash,
        "can_create": request.member.may("create"),
        "is_empty": not (found.assets or q or kind or before or is_trash),
        "starting_point": _starting_point(request.member),
    }
    name = "library/index.html"
    if is_fragment(request):
        name = "library/_page.html" if before else "library/_results.html"
    response = render(request, name, context)
    response["Vary"] = "HX-Request"
    if chosen:
        response.set_cookie(LAYOUT_COOKIE, layout, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def _starting_point(member: Membership) -> Page | None:
    """The first page of the rail that fills the library and has an example to run."""
    filling = {kind.recall for kind in all_kinds()}
    makers = (page for page in pages_for(member, "rail") if page.url_name in filling)
    return next((page for page in makers if page.ask and page.ask.examples), None)

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.library import storage_use
from apps.library.facets import describe, facet_for, facets_for
from apps.library.kinds import all_kinds
from apps.library.lookups import is_fragment
from apps.library.models import Asset, Favourite
from apps.library.saved_searches import saved_searches_of
from apps.library.search import Query, find
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership
from apps.workspaces.navigation import Page, pages_for

PAGE = 24
LAYOUT_COOKIE = "studio_library"  # grid or list
SORT_LABELS = {
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
    "title": gettext_lazy("By title"),
    "cost": gettext_lazy("Most expensive first"),
    "size": gettext_lazy("Largest first"),
    "duration": gettext_lazy("Longest first"),
}


@require_safe
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """What was made, one page of it. The address: see `Query`; `?before=` the next page, `?layout=` grid or list."""
    member, query, before = request.member, Query.from_params(request.GET), request.GET.get("before", "")
    found = find(member, query, after=before, limit=PAGE)
    chosen = request.GET.get("layout", "")
    layout = "list" if (chosen or request.COOKIES.get(LAYOUT_COOKIE)) == "list" else "grid"
    params = query.as_params().urlencode()
    context: dict[str, Any] = {
        "assets": found.assets,
        "next": found.after,
        "favourites": favourites_among(member, found.assets),
        "query": query,
        "params": params,
        "layout": layout,
        "is_trash": query.is_trash,
        "can_create": member.may("create"),
        "can_manage": member.may("manage"),
    }
    name = "library/_page.html"
    if not (is_fragment(request) and before):
        context["chips"] = describe(member, query)
        name = "library/_results.html"
    if not is_fragment(request):
        context |= {
            "is_empty": not (found.assets or query.is_narrowed or before or query.is_trash),
            "kinds": facet_for(member, query, "kind"),
            "facets": facets_for(member, query) if "filters" in request.GET else None,
            "folded": [(name, each) for name, each in _pairs(query) if name not in ("q", "kind", "sort", "trash")],
            "sorts": SORT_LABELS.items(),
            "saved_searches": saved_searches_of(member),
            "starting_point": _starting_point(member),
            "storage": storage_use.tightest_of(member),
        }
        name = "library/index.html"
    response = render(request, name, context)
    response["Vary"] = "HX-Request"
    if name == "library/_results.html":
        response["HX-Push-Url"] = f"{request.path}?{params}" if params else request.path
    if chosen:
        response.set_cookie(LAYOUT_COOKIE, layout, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def favourites_among(member: Membership, assets: Iterable[Asset]) -> set[Any]:
    """Which of them have the member's star."""
    found = Favourite.objects.filter(user=member.user_id, asset__in=[asset.pk for asset in assets])
    return set(found.values_list("asset_id", flat=True))


def _pairs(query: Query) -> Iterator[tuple[str, str]]:
    for name, values in query.as_params().lists():
        yield from ((name, str(value)) for value in values)


def _starting_point(member: Membership) -> Page | None:
    """The first page of the rail that fills the library and has an example to run."""
    filling = {kind.recall for kind in all_kinds()}
    makers = (page for page in pages_for(member, "rail") if page.url_name in filling)
    return next((page for page in makers if page.ask and page.ask.examples), None)

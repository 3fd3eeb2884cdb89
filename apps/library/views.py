from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.library.kinds import all_kinds
from apps.library.lookups import is_fragment
from apps.library.models import Asset, Favourite
from apps.library.saved_searches import saved_searches_of
from apps.library.search import Query, find
from apps.library.search.filters import Facet, Filter, all_filters, get_filter
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


@dataclass(frozen=True)
class Chip:
    """One thing that the search is narrowed by, and the address without it."""

    label: str
    value: str
    params: str


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
            "facets": [facet for each in all_filters() if (facet := facet_for(member, query, each))],
            "is_folded_out": bool(query.since or query.until or query.chosen.keys() - {"kind"}),
            "sorts": SORT_LABELS.items(),
            "saved_searches": saved_searches_of(member),
            "starting_point": _starting_point(member),
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


def facet_for(member: Membership, query: Query, filter: Filter) -> Facet | None:
    """A filter with its choices; None where there is nothing to choose from."""
    chosen = query.chosen.get(filter.name, ())
    choices = [(choice, choice.value in chosen) for choice in filter.choices(member)]
    if len(choices) < 2 and not chosen and not filter.is_switch:
        return None
    return Facet(filter.name, filter.label, choices, filter.is_switch)


def describe(member: Membership, query: Query) -> list[Chip]:
    """What is looked for, piece by piece, each with the address that leads on without it."""
    chips = []
    for name, values in query.chosen.items():
        filter = get_filter(name)
        labels = {choice.value: str(choice.label) for choice in filter.choices(member)} if filter else {}
        for value in values:
            label = str(filter.label) if filter and not filter.is_switch else ""
            chips.append(Chip(label, labels.get(value, value), query.without(name, value).as_params().urlencode()))
    for name, day, label in (("since", query.since, _("Since")), ("until", query.until, _("Until"))):
        if day:
            chips.append(Chip(label, date_format(day), query.without(name).as_params().urlencode()))
    return chips


def _starting_point(member: Membership) -> Page | None:
    """The first page of the rail that fills the library and has an example to run."""
    filling = {kind.recall for kind in all_kinds()}
    makers = (page for page in pages_for(member, "rail") if page.url_name in filling)
    return next((page for page in makers if page.ask and page.ask.examples), None)

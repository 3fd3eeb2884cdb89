"""What the library's page offers to narrow a search by, and how it says what it is narrowed by."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.library.search import Query
from apps.library.search.filters import Facet, all_filters, get_filter
from apps.library.search.ranges import MEASURES
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership


@dataclass(frozen=True)
class Chip:
    """One thing that the search is narrowed by, and the address without it."""

    label: str
    value: str
    params: str


@require_GET
@member_required()
def filters(request: MemberRequest, workspace: str) -> HttpResponse:
    """All filters but the kinds, for the library's page when they are folded out: most visits do without them."""
    query = Query.from_params(request.GET)
    return render(request, "library/_facets.html", {"query": query, "facets": facets_for(request.member, query)})


def facets_for(member: Membership, query: Query) -> list[Facet]:
    names = (each.name for each in all_filters() if each.name != "kind")
    return [facet for name in names if (facet := facet_for(member, query, name))]


def facet_for(member: Membership, query: Query, name: str) -> Facet | None:
    """A filter with its choices; None where there is nothing to choose from."""
    filter = get_filter(name)
    if filter is None:
        return None
    chosen = query.chosen.get(name, ())
    choices = [(choice, choice.value in chosen) for choice in filter.choices(member)]
    if len(choices) < 2 and not chosen and not filter.is_switch:
        return None
    return Facet(name, filter.label, choices, filter.is_switch, MEASURES.get(name), query.ranges.get(name))


def describe(member: Membership, query: Query) -> list[Chip]:
    """What is looked for, piece by piece, each with the address that leads on without it."""
    chips = []
    for name, values in query.chosen.items():
        filter = get_filter(name)
        if filter and filter.name_of:
            labels = {value: filter.name_of(value) for value in values}
        else:
            labels = {choice.value: str(choice.label) for choice in filter.choices(member)} if filter else {}
        for value in values:
            label = str(filter.label) if filter and not filter.is_switch else ""
            chips.append(Chip(label, labels.get(value, value), query.without(name, value).as_params().urlencode()))
    for name, span in query.ranges.items():
        measure, filter = MEASURES[name], get_filter(name)
        less = query.without(measure.names[0]).as_params().urlencode()
        chips.append(Chip(str(filter.label) if filter else "", span.in_words(measure), less))
    for name, day, label in (("since", query.since, _("Since")), ("until", query.until, _("Until"))):
        if day:
            chips.append(Chip(label, date_format(day), query.without(name).as_params().urlencode()))
    return chips

"""What a search can be narrowed by, besides its words. An app above the library registers its own in its `ready()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.functional import Promise

from apps.library.search.ranges import Measure, Range
from apps.workspaces.models import Membership


@dataclass(frozen=True)
class Choice:
    value: str
    label: str | Promise
    icon: str = ""  # a name at lucide.dev


@dataclass(frozen=True)
class Facet:
    """A filter as a page offers it."""

    name: str
    label: str | Promise
    choices: list[tuple[Choice, bool]]  # and whether it is chosen
    is_switch: bool  # on or off, by its only choice
    measure: Measure | None = None  # where it may also be from so much to so much
    range: Range | None = None


@dataclass(frozen=True)
class Filter:
    """One name in the library's address, e.g. `?kind=speech&kind=music`: either. Has one of `term` and `apply`.

    `term` gives the term of the index that stands for a value: for what may be true of many assets.
    `apply` gives the ids of the assets that a value stands for, as a queryset of one column, or None for a value that
    does not exist here: for sets that people put together, up to some ten thousand, such as a collection.
    """

    name: str
    label: str | Promise
    choices: Callable[[Membership], Sequence[Choice]]  # bounded: what is offered on the page
    term: Callable[[str], str] | None = None
    apply: Callable[[Membership, str], QuerySet | None] | None = None
    needs_all: bool = False  # several values: all of them, not any
    is_switch: bool = False  # has one choice only: on or off
    name_of: Callable[[str], str] | None = None  # a value in words, where that is known without all choices


_filters: dict[str, Filter] = {}


def add(filter: Filter) -> None:
    _filters[filter.name] = filter


def register_filter(
    name: str,
    label: str | Promise,
    apply: Callable[[Membership, str], QuerySet | None],
    choices: Callable[[Membership], Iterable[Choice]],
) -> None:
    """Let an app narrow the search to a set of its own: see `Filter.apply`.

    register_filter("collection", _("Collection"), apply, choices), where apply(member, value) returns e.g.
    Item.objects.filter(collection__workspace=member.workspace, collection=value).values("asset_id").
    """
    add(Filter(name, label, lambda member: list(choices(member)), apply=apply))


def all_filters() -> list[Filter]:
    return list(_filters.values())


def get_filter(name: str) -> Filter | None:
    return _filters.get(name)

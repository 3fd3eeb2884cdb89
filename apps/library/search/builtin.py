"""The filters that every library has, and what they offer: looked up in an index value by value, never counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from django.db import connections
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.library.kinds import all_kinds
from apps.library.models import Asset, Favourite
from apps.library.names import model_label, voice_label
from apps.library.search import terms
from apps.library.search.filters import Choice, Filter, add
from apps.workspaces.models import Membership

OFFERED = 100  # of models, voices, people, tags

COST_LABELS = {
    "free": gettext_lazy("free"),
    "1c": gettext_lazy("up to 1 cent"),
    "10c": gettext_lazy("1 to 10 cents"),
    "1usd": gettext_lazy("10 cents to $1"),
    "more": gettext_lazy("over $1"),
}
SIZE_LABELS = {
    "100kb": gettext_lazy("up to 100 kB"),
    "1mb": gettext_lazy("100 kB to 1 MB"),
    "10mb": gettext_lazy("1 to 10 MB"),
    "100mb": gettext_lazy("10 to 100 MB"),
    "more": gettext_lazy("over 100 MB"),
}
LENGTH_LABELS = {
    "10s": gettext_lazy("up to 10 seconds"),
    "1min": gettext_lazy("10 seconds to 1 minute"),
    "10min": gettext_lazy("1 to 10 minutes"),
    "more": gettext_lazy("over 10 minutes"),
}
DIFFERENT = """
WITH RECURSIVE found(value, at) AS (
    SELECT (SELECT min({column}) FROM library_asset WHERE workspace_id = %s AND trashed_at IS NULL AND {column} > ''), 1
    UNION ALL
    SELECT (SELECT min({column}) FROM library_asset
            WHERE workspace_id = %s AND trashed_at IS NULL AND {column} > found.value), at + 1
    FROM found WHERE found.value IS NOT NULL AND at < %s
)
SELECT value FROM found WHERE value IS NOT NULL
"""


def different(member: Membership, column: str) -> list[str]:
    """The values that occur in a column of the library: one step in its index for each."""
    with connections[Asset.objects.db].cursor() as cursor:
        cursor.execute(DIFFERENT.format(column=column), [member.workspace_id, member.workspace_id, OFFERED])
        return [value for (value,) in cursor.fetchall()]


def kinds(member: Membership) -> list[Choice]:
    occurring = set(different(member, "kind"))
    return [Choice(kind.name, kind.label, kind.icon) for kind in all_kinds() if kind.name in occurring]


def models(member: Membership) -> list[Choice]:
    return [Choice(name, model_label(name)) for name in different(member, "model")]


def voices(member: Membership) -> list[Choice]:
    return sorted(
        (Choice(pk, voice_label(pk)) for pk in different(member, "voice_id")), key=lambda each: str(each.label)
    )


def people(member: Membership) -> list[Choice]:
    members = member.workspace.memberships.order_by("user__name", "pk").values_list("user_id", "user__name")
    return [Choice(str(pk), name or _("No name")) for pk, name in members[:OFFERED]]


def tags(member: Membership) -> list[Choice]:
    return [
        Choice(str(pk), name) for pk, name in member.workspace.tags.order_by("key").values_list("pk", "name")[:OFFERED]
    ]


def ratings(member: Membership) -> list[Choice]:
    return [
        Choice(
            str(stars), _("5 stars") if stars == 5 else ngettext("%d star and more", "%d stars and more", stars) % stars
        )
        for stars in range(5, 0, -1)
    ]


def levels(labels: Mapping[str, str | Promise]) -> Callable[[Membership], list[Choice]]:
    return lambda member: [Choice(value, label) for value, label in labels.items()]


def favourites(member: Membership, value: str) -> QuerySet | None:
    return Favourite.objects.filter(user=member.user_id).values("asset_id") if value == "1" else None


NAMES = {"model": model_label, "voice": voice_label}


def register() -> None:
    for name, label, choices, letter in (
        ("kind", gettext_lazy("Kind"), kinds, terms.KIND),
        ("model", gettext_lazy("Model"), models, terms.MODEL),
        ("voice", gettext_lazy("Voice"), voices, terms.VOICE),
        ("person", gettext_lazy("Person"), people, terms.PERSON),
        ("tag", gettext_lazy("Tag"), tags, terms.TAG),
        ("rating", gettext_lazy("Rating"), ratings, terms.RATING),
        ("cost", gettext_lazy("Cost"), levels(COST_LABELS), terms.COST),
        ("size", gettext_lazy("Size"), levels(SIZE_LABELS), terms.SIZE),
        ("length", gettext_lazy("Length"), levels(LENGTH_LABELS), terms.LENGTH),
    ):
        term, name_of = partial(terms.fact, letter), NAMES.get(name)
        add(Filter(name, label, choices, term=term, needs_all=name == "tag", name_of=name_of))
    add(
        Filter(
            "favourite",
            gettext_lazy("Favourites"),
            lambda member: [Choice("1", _("My favourites"), "heart")],
            apply=favourites,
            is_switch=True,
        )
    )

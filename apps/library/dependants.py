"""What breaks if an asset is deleted? Each app that leans on assets says so, once, in its `ready()`:

    then = _("They can never be made again.")
    dependants.register(_("Voices"), find_voices, among_voices, icon="audio-waveform", then=then)

`find_voices(member, asset)` gives (label, address) for each thing that depends on the asset, at most MOST + 1 of them.
What the member may not see is named without its title, and with an empty address. `among_voices(member, ids)` says of
many assets at once which of them something depends on. The details show it, and whoever moves one or many to the trash
is asked again while there is anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.functional import Promise

from apps.library.models import Asset
from apps.workspaces.models import Membership

MOST = 5

Finder = Callable[[Membership, Asset], Iterable[tuple[str | Promise, str]]]
Among = Callable[[Membership, Sequence[uuid.UUID]], Iterable[uuid.UUID]]


@dataclass(frozen=True)
class Registered:
    name: str | Promise
    find: Finder
    among: Among
    icon: str
    then: str | Promise


@dataclass(frozen=True)
class Group:
    """What one app has to say of one asset; of many: which of them it needs."""

    name: str | Promise
    icon: str  # a name at lucide.dev
    then: str | Promise  # what becomes of it without the asset
    things: Sequence[tuple[str | Promise, str]]  # (label, address)
    has_more: bool
    count: int = 0  # of many: how many assets it concerns


_registered: list[Registered] = []


def register(name: str | Promise, find: Finder, among: Among, *, icon: str = "link", then: str | Promise = "") -> None:
    _registered.append(Registered(name, find, among, icon, then))


def dependants_of(member: Membership, asset: Asset) -> list[Group]:
    found = []
    for each in _registered:
        things = list(islice(each.find(member, asset), MOST + 1))
        if things:
            found.append(Group(each.name, each.icon, each.then, things[:MOST], len(things) > MOST))
    return found


def dependants_among(member: Membership, ids: Sequence[uuid.UUID]) -> list[Group]:
    """For many assets: which of them each app needs, the newest first."""
    found, wanted = [], set(ids)
    for each in _registered:
        needed = sorted(wanted.intersection(each.among(member, ids)), reverse=True)
        titles = Asset.objects.visible_to(member).filter(pk__in=needed[:MOST]).only("title", "workspace")
        by_id = titles.select_related("workspace").in_bulk()
        things = [(by_id[pk].title, by_id[pk].get_absolute_url()) for pk in needed[:MOST] if pk in by_id]
        if things:
            found.append(Group(each.name, each.icon, each.then, things, len(needed) > MOST, len(needed)))
    return found

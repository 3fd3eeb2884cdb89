"""What breaks if an asset is deleted? Each app that leans on assets says so, once, in its `ready()`:

    dependants.register(_("Voices"), find_voices, icon="audio-waveform", then=_("They can never be made again."))

`find_voices(member, asset)` gives (label, address) for each thing that depends on the asset, at most MOST + 1 of them.
What the member may not see is named without its title, and with an empty address. The details show it, and whoever
moves the asset to the trash is asked again while there is anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.functional import Promise

from apps.library.models import Asset
from apps.workspaces.models import Membership

MOST = 5

Finder = Callable[[Membership, Asset], Iterable[tuple[str | Promise, str]]]


@dataclass(frozen=True)
class Registered:
    name: str | Promise
    find: Finder
    icon: str
    then: str | Promise


@dataclass(frozen=True)
class Group:
    """What one app has to say."""

    name: str | Promise
    icon: str  # a name at lucide.dev
    then: str | Promise  # what becomes of it without the asset
    things: Sequence[tuple[str | Promise, str]]  # (label, address)
    has_more: bool


_registered: list[Registered] = []


def register(name: str | Promise, find: Finder, *, icon: str = "link", then: str | Promise = "") -> None:
    _registered.append(Registered(name, find, icon, then))


def dependants_of(member: Membership, asset: Asset) -> list[Group]:
    found = []
    for each in _registered:
        things = list(islice(each.find(member, asset), MOST + 1))
        if things:
            found.append(Group(each.name, each.icon, each.then, things[:MOST], len(things) > MOST))
    return found

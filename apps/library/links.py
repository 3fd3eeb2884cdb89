"""The public links of assets, for apps that know nothing of how links are made: apps.sharing says how they end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from apps.library.models import Asset
from apps.workspaces.models import Membership


@dataclass(frozen=True)
class Links:
    shared: Callable[[Sequence[Asset]], set[uuid.UUID]]  # which of them have open links, anybody's
    end: Callable[[Membership, Sequence[Asset], HttpRequest | None], int]  # end those links; returns how many


_links: list[Links] = []


def register(links: Links) -> None:
    _links.append(links)


def shared_among(assets: Sequence[Asset]) -> set[uuid.UUID]:
    return {pk for links in _links for pk in links.shared(assets)}


def end_links(member: Membership, assets: Sequence[Asset], *, request: HttpRequest | None = None) -> int:
    return sum(links.end(member, assets, request) for links in _links)

"""The jobs tray: what is in motion in a workspace. Apps that make things register a provider in their `ready()`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.template.loader import render_to_string

from apps.accounts.models import User
from apps.workspaces.events import publish
from apps.workspaces.models import Membership, Workspace


@dataclass(frozen=True)
class Item:
    """One thing in motion."""

    id: str
    title: str
    icon: str  # a name at lucide.dev
    state: str  # a word for the person: "Speaking", "Saving"
    url: str
    person: User
    started_at: datetime
    percent: int | None = None  # None: not known


COUNTED_FOR_S = 10
Provider = Callable[[Membership], Iterable[Item]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    if provider not in _providers:
        _providers.append(provider)


def items_for(member: Membership, *, mine: bool = False) -> list[Item]:
    """Return what is in motion in the member's workspace, newest first; `mine` leaves out what others started."""
    items = [item for provider in _providers for item in provider(member)]
    if mine:
        items = [item for item in items if item.person.pk == member.user_id]
    return sorted(items, key=lambda item: item.started_at, reverse=True)


def count_for(member: Membership) -> int:
    """How many things are in motion, for the badge on every page. Up to COUNTED_FOR_S old where nobody rang."""
    mine, rung = f"tray.{member.workspace_id}.{member.user_id}", f"tray.{member.workspace_id}"
    known = cache.get_many([mine, rung])
    counted, since = known.get(mine, (None, None))
    if counted is None or since != known.get(rung):
        counted = len(items_for(member))
        cache.set(mine, (counted, known.get(rung)), COUNTED_FOR_S)
    return int(counted)


def ring(workspace: Workspace) -> None:
    """Tell every open page of the workspace that its tray is out of date. They also look by themselves now and then."""
    cache.set(f"tray.{workspace.pk}", secrets.token_hex(4), COUNTED_FOR_S)
    publish(workspace.pk, render_to_string("home/_tray_signal.html"))

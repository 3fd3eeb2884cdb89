"""What somebody's leaving asks of the library: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.accounts.models import User
from apps.library.models import Asset, BulkAct, Favourite, SavedSearch

TOLD = ("id", "kind", "title", "text", "request", "model", "voice_id", "content_type", "size", "sha256", "cost_usd")


def erase(user: User) -> None:
    Favourite.objects.filter(user=user).delete()
    SavedSearch.objects.filter(created_by=user, is_shared=False).delete()
    BulkAct.objects.filter(person=user).delete()


def assets(user: User) -> Iterator[Mapping[str, Any]]:
    rows = Asset.objects.filter(created_by=user).order_by("pk")
    yield from rows.values(*TOLD, "note", "rating", "created_at", "trashed_at", "workspace__slug").iterator(500)

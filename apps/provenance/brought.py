"""Settings that come back: what an uploaded file carries is kept beside the asset, as its word and no more.

It fills a form again. It is no lineage, no cost and no proof: any program can write such words.
"""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.urls import reverse

from apps.library.details import LABELS, SHOWN_ELSEWHERE, in_words
from apps.library.kinds import get_kind
from apps.library.models import Asset
from apps.library.recalling import Said, way_back
from apps.library.uploads import Brought
from apps.provenance import carriers
from apps.provenance.embedded import Embedded, parse
from apps.provenance.models import BroughtSettings
from apps.workspaces.models import Membership

DRAFT_S = 24 * 3600


def read(path: Path) -> Brought | None:
    try:
        with path.open("rb") as file:
            found = parse(carriers.read(file))
    except OSError:
        return None
    if found is None or not (found.settings or found.text):
        return None
    return Brought(found.title, found.text, partial(remember, found=found))


def remember(asset: Asset, *, found: Embedded) -> None:
    BroughtSettings.objects.update_or_create(
        asset=asset,
        defaults={
            "kind": found.kind,
            "model": found.model,
            "voice_id": found.voice_id,
            "text": found.text,
            "settings": found.settings,
            "made_at": found.made_at,
        },
    )


def said_by(asset: Asset) -> Said | None:
    if asset.kind != "upload":
        return None
    brought = BroughtSettings.objects.filter(asset=asset).first()
    return Said(brought.kind, brought.settings) if brought else None


def keep_draft(member: Membership, found: Embedded) -> str:
    """Settings of a file that was only looked at, for a day: the address of the form that they fill. Empty: none."""
    recall = get_kind(found.kind).recall
    if not recall or not found.settings:
        return ""
    pk = uuid.uuid4()
    cache.set(_draft_key(member, pk), (found.kind, found.settings), DRAFT_S)
    return f"{reverse(recall, args=[member.workspace.slug])}?from={pk}"


def find_draft(member: Membership, pk: uuid.UUID) -> Said | None:
    found = cache.get(_draft_key(member, pk))
    return Said(*found) if found else None


def _draft_key(member: Membership, pk: uuid.UUID) -> str:
    return f"found-settings:{member.pk}:{pk}"


def show(member: Membership, asset: Asset) -> dict[str, Any] | None:
    """For the details of an upload: what its file said."""
    brought = BroughtSettings.objects.filter(asset=asset).first()
    if brought is None:
        return None
    return {
        "asset": asset,
        "brought": brought,
        "kind": get_kind(brought.kind),
        "settings": rows_of(brought.settings),
        "recall_url": way_back(asset) if member.may("create") else "",
    }


def rows_of(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, value) of all that is set and not shown elsewhere."""
    shown = {
        name: value
        for name, value in settings.items()
        if name not in SHOWN_ELSEWHERE and value not in (None, "", [], {})
    }
    return [(str(LABELS.get(name, name)), in_words(name, value)[:500]) for name, value in shown.items()]

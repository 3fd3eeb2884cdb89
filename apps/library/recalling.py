"""What of an asset's settings goes back into the form that made it: `?from=<asset>&only=<part>`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.library.kinds import get_kind
from apps.library.models import Asset
from apps.workspaces.models import Membership

WORDS = frozenset({"prompt", "text", "lyrics", "title", "words", "is_instrumental"})
# `only` in the address → what it brings, and an icon at lucide.dev
PARTS: dict[str, tuple[str | Promise, str]] = {
    "prompt": (_("The words only"), "text-cursor-input"),
    "settings": (_("The settings only"), "sliders-horizontal"),
    "seed": (_("The seed only"), "sprout"),
    "remix": (_("Everything, with a new seed"), "shuffle"),
}


@dataclass(frozen=True)
class Said:
    """What an uploaded file says it was made with. Anybody can write such words into a file."""

    kind: str
    request: Mapping[str, Any]


_sayings: list[Callable[[Asset], Said | None]] = []


def register_sayings(find: Callable[[Asset], Said | None]) -> None:
    if find not in _sayings:
        _sayings.append(find)


_drafts: list[Callable[[Membership, uuid.UUID], Said | None]] = []


def register_drafts(find: Callable[[Membership, uuid.UUID], Said | None]) -> None:
    """For settings that belong to no asset: `?from=` may name them, too."""
    if find not in _drafts:
        _drafts.append(find)


def said_by(asset: Asset) -> Said | None:
    return next((said for find in _sayings if (said := find(asset))), None)


def request_of(member: Membership, pk: Any, kind: str, fields: Mapping[str, forms.Field]) -> Mapping[str, Any]:
    """What an asset of this kind was made with, or what an uploaded one says it was; empty where it is neither.

    Of what a file says, only that which the form's `fields` would take.
    """
    try:
        named = uuid.UUID(str(pk)) if pk else None
    except ValueError:
        named = None
    if named is None:
        return {}
    asset = Asset.objects.visible_to(member).filter(pk=named).first()
    if asset and asset.kind == kind:
        return dict(asset.request)
    said = said_by(asset) if asset else next((each for find in _drafts if (each := find(member, named))), None)
    if said is None or said.kind != kind:
        return {}
    return {name: value for name, value in said.request.items() if name in fields and _fits(fields[name], value)}


def _fits(field: forms.Field, value: Any) -> bool:
    """Lists fit only where the field makes one of what is sent."""
    is_made_of_more = isinstance(value, list | dict)
    try:
        cleaned = field.clean(json.dumps(value) if is_made_of_more else value)
    except (ValidationError, ValueError, TypeError, AttributeError, KeyError):
        return False
    return isinstance(cleaned, type(value)) if is_made_of_more else True


def way_back(asset: Asset) -> str:
    """The address of the form that made it, filled; empty where there is none."""
    kind = get_kind(asset.kind)
    if not kind.recall and (said := said_by(asset)):
        kind = get_kind(said.kind)
    return f"{reverse(kind.recall, args=[asset.workspace.slug])}?from={asset.pk}" if kind.recall else ""


def parts_for(asset: Asset) -> list[str]:
    """The parts of PARTS that mean something here; none where no form makes it."""
    if not get_kind(asset.kind).recall:
        return []
    has_seed = "seed" in asset.request
    means = {"prompt": bool(asset.text), "settings": True, "seed": bool(asset.request.get("seed")), "remix": has_seed}
    return [part for part in PARTS if means[part]]


def recall(request: Mapping[str, Any], fields: Container[str], only: str = "", *, new_seed: int = 0) -> dict[str, Any]:
    """Initial values for a form with these fields: all that was set, or a part of it."""
    known = {name: value for name, value in request.items() if name in fields and value is not None}
    match only:
        case "prompt":
            return {name: value for name, value in known.items() if name in WORDS}
        case "settings":
            return {name: value for name, value in known.items() if name not in WORDS}
        case "seed":
            return {name: value for name, value in known.items() if name == "seed"}
        case "remix":
            return known | {"seed": new_seed}
        case _:
            return known

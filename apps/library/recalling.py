"""What of an asset's settings goes back into the form that made it: `?from=<asset>&only=<part>`."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.library.kinds import get_kind
from apps.library.models import Asset

WORDS = frozenset({"prompt", "text", "lyrics", "title", "words", "is_instrumental"})
# `only` in the address → what it brings, and an icon at lucide.dev
PARTS: dict[str, tuple[str | Promise, str]] = {
    "prompt": (_("The words only"), "text-cursor-input"),
    "settings": (_("The settings only"), "sliders-horizontal"),
    "seed": (_("The seed only"), "sprout"),
    "remix": (_("Everything, with a new seed"), "shuffle"),
}


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

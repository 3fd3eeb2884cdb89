"""What other apps show among an asset's details, e.g. what guests said. Registered once, in the app's `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.library.models import Asset
from apps.workspaces.access import MemberRequest
from apps.workspaces.models import Membership


@dataclass(frozen=True)
class Part:
    name: str
    template: str  # brings its own style sheet, and a script for the page of its own; drawers take no scripts
    context: Callable[[Membership, Asset], dict[str, Any] | None]  # None: nothing to show


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    _parts[part.name] = part


def draw_parts(request: MemberRequest, asset: Asset) -> list[SafeString]:
    drawn = []
    for part in _parts.values():
        context = part.context(request.member, asset)
        if context is not None:
            drawn.append(render_to_string(part.template, context, request))
    return drawn

"""What other apps show on a public page, under the player. Registered once, in the app's `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.sharing.models import Share


@dataclass(frozen=True)
class PublicPart:
    """A part with forms and a script of its own: a page that shows one lets them reach the studio, and nobody else."""

    name: str
    template: str
    context: Callable[[Share, HttpRequest], dict[str, Any] | None]  # None: nothing to show on this page
    head: str = ""  # a template for the page's <head>


@dataclass(frozen=True)
class Drawn:
    body: SafeString
    head: SafeString | str


_parts: dict[str, PublicPart] = {}


def register(part: PublicPart) -> None:
    _parts[part.name] = part


def draw_parts(share: Share, request: HttpRequest) -> list[Drawn]:
    drawn = []
    for part in _parts.values():
        context = part.context(share, request)
        if context is not None:
            head = render_to_string(part.head, context, request) if part.head else ""
            drawn.append(Drawn(render_to_string(part.template, context, request), head))
    return drawn

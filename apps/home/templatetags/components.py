"""What every template may use without loading it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.library.lengths import duration
from apps.usage import currencies
from apps.usage.wallet_notes import wallet_notes
from studio.config import ROOT

register = template.Library()
register.filter(duration)

ICONS = ROOT / "node_modules/lucide-static/icons"
SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def read_shapes(name: str) -> SafeString:
    """Return what is drawn inside the icon's <svg>."""
    found = SHAPES.search((ICONS / f"{name}.svg").read_text())
    if found is None:
        raise ValueError(f"{name}.svg holds no drawing")
    return mark_safe(" ".join(found[1].split()))  # noqa: S308  (a pinned package's file)


@register.simple_tag
@cache
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """Draw a Lucide icon inline. Screen readers skip it: the words stand beside it or in the button's label."""
    return format_html(
        '<svg class="icon{}" width="{}" height="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        f" {css}" if css else "",
        size,
        size,
        read_shapes(name),
    )


class ConstantNode(template.Node):
    def __init__(self, nodes: template.NodeList) -> None:
        self.nodes = nodes
        self.drawn: dict[str | None, SafeString] = {}  # by language

    def render(self, context: template.Context) -> SafeString:
        language = get_language()
        drawn = self.drawn.get(language)
        if drawn is None:
            drawn = self.drawn[language] = self.nodes.render(context.new({}))
        return drawn


@register.tag
def constant(parser: template.base.Parser, token: template.base.Token) -> ConstantNode:
    """Draw what is the same on every page and for everybody once for each language, and remember it.

    {% constant %}{% icon "star" %}{% translate "Rating" %}{% endconstant %}: no variable has a value in between, so
    nothing that belongs to one person can get in.
    """
    nodes = parser.parse(("endconstant",))
    parser.delete_first_token()
    return ConstantNode(nodes)


@register.inclusion_tag("usage/_wallet_note.html", takes_context=True)
def wallet_note(context: template.Context, modality: str) -> dict[str, Any]:
    """Which key pays for what the button beside it asks for, and why."""
    member = getattr(context.get("request"), "member", None)
    return {"lines": wallet_notes(member.workspace_id, modality) if member else []}


@register.filter
def usd(amount: Any) -> str:
    """12 → "$12.00", 0.0042 → "$0.0042": cents, and below a cent as many places as two figures need.

    Takes US dollars; shown is the workspace's own currency where it has set one.
    """
    if amount is None or amount == "":
        return ""
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        return ""
    mark, value = currencies.convert(value)
    sign, value = ("−" if value < 0 else ""), abs(value)
    if value == 0 or value >= Decimal("0.1"):
        return f"{sign}{mark}{value:,.2f}"
    places = -value.adjusted() + 1
    if places > 6:
        return f"{sign}<{mark}0.00001"
    digits = f"{value:.{places}f}".rstrip("0")
    return sign + mark + (digits if len(digits) >= 4 else f"{value:.2f}")

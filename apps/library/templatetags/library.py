from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.library import cards, uploads
from apps.library.destinations import Destination, destinations_of
from apps.library.kinds import get_kind
from apps.library.models import Asset
from apps.library.names import model_label, voice_label
from apps.library.waveform import draw
from apps.workspaces.models import Membership

PLACE = re.compile(r"\0(\w+)\0")

register = template.Library()
register.filter(model_label)
register.filter(voice_label)


@register.filter
def may(member: Membership, act: str) -> bool:
    """Whether their role allows it; for what the shell offers. The views ask for themselves."""
    return member.may(act)


@register.filter
def kind_icon(asset: Asset) -> str:
    return get_kind(asset.kind).icon


@register.filter
def kind_label(asset: Asset) -> str:
    return str(get_kind(asset.kind).label)


@lru_cache
def _day(day: datetime.date, language: str | None) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


@register.simple_tag
def day_of(moment: datetime.datetime) -> SafeString:
    """The day, with the whole moment for machines. Pages of many show few different days."""
    here = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', here.isoformat(), _day(here.date(), get_language()))


@register.simple_tag
def waveform(peaks: Sequence[int], bars: int = 90) -> SafeString:
    """Draw peaks (0 to 100) as bars that fill whatever box they stand in."""
    return draw(peaks, bars)


class CardNode(template.Node):
    """What it draws, by language and traits: text for the % operator. A studio has some dozens of mixtures."""

    def __init__(self, nodes: template.NodeList) -> None:
        self.nodes = nodes
        self.drawn: dict[tuple[str | None, bool, cards.Traits], str] = {}

    def render(self, context: template.Context) -> SafeString:
        asset, oob = context["asset"], bool(context.get("oob"))
        traits = cards.traits_of(asset, is_favourite=asset.pk in (context.get("favourites") or ()))
        words = cards.words_of(asset, day_of(asset.created_at))
        if asset.medium not in ("audio", "image", "video"):  # a file of any other kind says how large it is
            shown = cards.shape(traits, {name: mark_safe(word) for name, word in words.items()})  # noqa: S308  (escaped)
            shown["asset"]["size"] = asset.size
            return self.nodes.render(context.new({**shown, "oob": oob}))
        key = (get_language(), oob, traits)
        drawn = self.drawn.get(key)
        if drawn is None:
            places = cards.shape(traits, {name: f"\0{name}\0" for name in words})
            drawn = self.nodes.render(context.new({**places, "oob": oob})).replace("%", "%%")
            drawn = self.drawn[key] = PLACE.sub(r"%(\1)s", drawn)
        return mark_safe(drawn % words)  # noqa: S308  (what fills the places was escaped)


@register.tag("card")
def card_tag(parser: template.base.Parser, token: template.base.Token) -> CardNode:
    """Draw the card of `asset` (see apps.library.cards): what is in between knows the variables of `cards.shape` alone.

    Words may only be printed there, without a filter: they are filled in later.
    """
    nodes = parser.parse(("endcard",))
    parser.delete_first_token()
    return CardNode(nodes)


@register.simple_tag
def picture_rules(purpose: str) -> str:
    """What the pictures of a purpose have to be, in words."""
    found = uploads.get_purpose(purpose)
    return uploads.describe_rules(found.rules) if found else ""


@register.simple_tag
def destinations(medium: str, workspace: str, *, but: str = "") -> list[tuple[Destination, str]]:
    """Where a result of this medium can go on: the address up to the asset's id. `but`: a page that is left out."""
    return [(each, each.address(workspace)) for each in destinations_of(medium) if each.url_name != but]

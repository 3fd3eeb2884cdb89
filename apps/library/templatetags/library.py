from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps.library import uploads
from apps.library.destinations import Destination, destinations_of
from apps.library.kinds import get_kind
from apps.library.models import Asset
from apps.library.names import model_label, voice_label
from apps.library.waveform import bars_path
from apps.workspaces.models import Membership

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
    return format_html(
        '<svg viewBox="0 0 {} 100" preserveAspectRatio="none" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" aria-hidden="true" focusable="false">'
        '<path vector-effect="non-scaling-stroke" d="{}"/></svg>',
        bars,
        bars_path(peaks or [], bars),
    )


@register.simple_tag
def picture_rules(purpose: str) -> str:
    """What the pictures of a purpose have to be, in words."""
    found = uploads.get_purpose(purpose)
    return uploads.describe_rules(found.rules) if found else ""


@register.simple_tag
def destinations(medium: str, workspace: str, *, but: str = "") -> list[tuple[Destination, str]]:
    """Where a result of this medium can go on: the address up to the asset's id. `but`: a page that is left out."""
    return [(each, each.address(workspace)) for each in destinations_of(medium) if each.url_name != but]

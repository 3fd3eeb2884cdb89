from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.library.models import Asset, Favourite, Tag
from apps.library.search.filters import Facet

register = template.Library()


@register.simple_tag(takes_context=True)
def marks(context: template.Context, asset: Asset) -> dict[str, Any]:
    """What has been put on an asset, as the member who looks sees it."""
    member = context["request"].member
    return {
        "tags": list(Tag.objects.filter(taggings__asset=asset).order_by("key")),
        "is_favourite": Favourite.objects.filter(user=member.user_id, asset=asset).exists(),
        "can_mark": member.may("create"),
    }


@register.simple_tag
def facet_choices(facet: Facet) -> SafeString:
    """The boxes of a filter: there may be hundreds on a page, of which nobody opens most."""
    return format_html_join(
        "",
        '<label class="check facet__choice"><input type="checkbox" name="{}" value="{}" autocomplete="off"{}>'
        '<span class="truncate">{}</span></label>',
        (
            (facet.name, choice.value, mark_safe(" checked") if is_on else "", choice.label)
            for choice, is_on in facet.choices
        ),
    )

from __future__ import annotations

from typing import Any

from django import template

from apps.library.models import Asset, Favourite, Tag

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

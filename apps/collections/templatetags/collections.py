from __future__ import annotations

from collections.abc import Sequence

from django import template

from apps.collections.covers import with_covers
from apps.collections.models import Collection

register = template.Library()

SHELF = 8


@register.simple_tag(takes_context=True)
def shelf(context: template.Context) -> Sequence[Collection]:
    """The collections that the library shows above its results."""
    member = context["request"].member
    found = Collection.objects.visible_to(member).filter(parent=None).order_by("position", "id")[:SHELF]
    return with_covers(member, list(found))

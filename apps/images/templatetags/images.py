from __future__ import annotations

from collections.abc import Sequence

from django import template

from apps.images.models import Cull
from apps.images.services import culls_of
from apps.library.models import Asset

register = template.Library()


@register.simple_tag
def with_culls(assets: Sequence[Asset]) -> list[tuple[Asset, Cull]]:
    """Each picture with what was thought of it, in one query."""
    culls = culls_of(assets)
    return [(asset, culls.get(asset.pk) or Cull(asset=asset)) for asset in assets]

"""What an open page learns without asking."""

from __future__ import annotations

from django.template.loader import render_to_string

from apps.library.models import Asset
from apps.workspaces.events import publish


def publish_card(asset: Asset) -> None:
    """Put the asset's card, as it is now, in place of the one that any open page of the workspace shows."""
    publish(asset.workspace_id, render_to_string("library/_card.html", {"asset": asset, "oob": True}))

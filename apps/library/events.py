"""What an open page learns without asking."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from apps.library.models import Asset
from apps.workspaces.events import publish


def publish_card(asset: Asset) -> None:
    """Show the asset as it is now wherever a page of the workspace has its card, or a player of its file, on it.

    Worded for the person who made it: theirs is the page that most likely shows it.
    """
    person = asset.created_by
    name = "library/_trashed.html" if asset.trashed_at else "library/_changed.html"
    with translation.override(person.language or settings.LANGUAGE_CODE), timezone.override(ZoneInfo(person.time_zone)):
        html = render_to_string(name, {"asset": asset, "oob": True})
    publish(asset.workspace_id, html)

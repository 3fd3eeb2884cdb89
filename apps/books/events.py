"""Fragments of a book's page, pushed to the workspace whenever something of it has moved."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from apps.books.models import Edition
from apps.workspaces import tray
from apps.workspaces.events import publish


def publish_edition(pk: Any) -> None:
    """Push the row as it stands now. A lost message costs seconds: one in motion also polls."""
    found = Edition.objects.select_related("workspace", "created_by", "book", "chapter", "asset").defer(
        "timings", "asset__subtitles"
    )
    edition = found.filter(pk=pk).first()
    if edition is None:
        return
    with translation.override(edition.created_by.language or settings.LANGUAGE_CODE):
        html = render_to_string("books/_edition.html", {"edition": edition, "oob": True})
    publish(edition.workspace_id, html)
    if not edition.is_moving:
        tray.ring(edition.workspace)

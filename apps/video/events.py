"""Cards of films, pushed to the workspace whenever one has moved."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from apps.video.models import Film
from apps.workspaces.events import publish as push


def publish(pk: Any) -> None:
    """Push the card as the row stands now. A lost message costs seconds: a card in motion also polls."""
    film = Film.objects.select_related("workspace", "created_by", "asset").filter(pk=pk).first()
    if film is None:
        return
    with translation.override(film.created_by.language or settings.LANGUAGE_CODE):
        html = render_to_string("video/_film.html", {"film": film, "oob": True})
    push(film.workspace_id, html)

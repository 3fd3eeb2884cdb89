"""What the library's views ask of a request."""

from __future__ import annotations

import uuid

from django.shortcuts import get_object_or_404

from apps.library.models import Asset
from apps.workspaces.access import MemberRequest
from apps.workspaces.models import Membership


def find_asset(member: Membership, pk: uuid.UUID) -> Asset:
    """Without its subtitles, fetched when asked for: those of a book are a megabyte, and players ask often."""
    found = Asset.objects.visible_to(member).select_related("workspace", "created_by").defer("subtitles")
    return get_object_or_404(found, pk=pk)


def parse_uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def is_fragment(request: MemberRequest) -> bool:
    """Whether htmx asks for a part of a page; going back in history it wants all of it."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.library import search
from apps.library.models import Asset


@pytest.fixture
def make_asset(creator) -> Callable[..., Asset]:
    """A row as the library has it; the file is not looked at here."""

    def make(title: str = "A", member=creator, **values) -> Asset:
        values = {"kind": "image", "file": f"{title}.png", "size": 10, "content_type": "image/png"} | values
        asset = Asset.objects.create(workspace=member.workspace, created_by=member.user, title=title, **values)
        search.update([asset.pk])
        return asset

    return make

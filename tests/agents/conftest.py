from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from apps.library.models import Asset
from apps.library.services import keep
from apps.workspaces.models import Connection, ConnectionKind

DIVING = "392747428568649728"  # a picture
RUN = "393769180141805569"  # a picture and words
LETTERS = "394875727173492739"  # words
ADVERT = "393853165953970178"  # MiniMax does not say
WINTER = "393857704283172864"  # mainland only; no price is published


def picture(*, size: tuple[int, int] = (480, 360), format: str = "JPEG") -> bytes:
    """Something to look at: a noisy field, so that no two files are equal."""
    file = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(file, format)
    return file.getvalue()


@pytest.fixture
def on_sandbox(workspace, settings, sandbox) -> Any:
    """The workspace films with the sandbox."""
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)
    return sandbox


@pytest.fixture
def paid(workspace) -> Any:
    """The workspace films with MiniMax; nothing is sent in the tests that use it."""
    return Connection.objects.create(workspace=workspace, kind=ConnectionKind.GLOBAL)


@pytest.fixture
def kept_picture(creator, tmp_path: Path) -> Callable[..., Asset]:
    def keep_one(content: bytes | None = None, *, member: Any = None, kind: str = "upload", **fields: Any) -> Asset:
        source = tmp_path / f"{uuid.uuid4()}.jpg"
        source.write_bytes(content or picture())
        options = {
            "title": "Rex",
            "text": "",
            "filename": source.name,
            "content_type": "image/jpeg",
            "request": {},
        }
        return keep(member or creator, kind=kind, source=source, **(options | fields))

    return keep_one

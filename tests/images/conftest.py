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

SETTINGS: dict[str, Any] = {"prompt": "A paper lighthouse at dusk", "model": "image-01", "aspect_ratio": "16:9", "n": 2}


def picture(*, size: tuple[int, int] = (320, 200), format: str = "JPEG", **options: Any) -> bytes:
    """Something to look at: a noisy field, so that no two files are equal."""
    file = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(file, format, **options)
    return file.getvalue()


@pytest.fixture
def on_sandbox(workspace, settings, sandbox) -> Any:
    """The workspace draws with the sandbox."""
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)
    return sandbox


@pytest.fixture
def paid(workspace) -> Any:
    """The workspace draws with MiniMax; nothing is sent in the tests that use it."""
    return Connection.objects.create(workspace=workspace, kind=ConnectionKind.GLOBAL)


@pytest.fixture
def kept_picture(creator, tmp_path: Path) -> Callable[..., Asset]:
    def keep_one(content: bytes | None = None, *, kind: str = "image", **fields: Any) -> Asset:
        source = tmp_path / f"{uuid.uuid4()}.jpg"
        source.write_bytes(content or picture())
        options = {
            "title": "Lighthouse",
            "text": "",
            "filename": source.name,
            "content_type": "image/jpeg",
            "request": {},
        }
        return keep(creator, kind=kind, source=source, **(options | fields))

    return keep_one

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
from apps.library.tasks import measure
from apps.workspaces.models import Connection, ConnectionKind
from tests.video.clips import write_clip

SETTINGS: dict[str, Any] = {
    "mode": "t2v",
    "model": "MiniMax-Hailuo-2.3",
    "prompt": "A kite over dunes [Tilt up]",
    "resolution": "768P",
    "duration": 6,
    "prompt_optimizer": "on",
}


def picture(*, size: tuple[int, int] = (640, 360), format: str = "JPEG") -> bytes:
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
    def keep_one(*, size: tuple[int, int] = (640, 360), **fields: Any) -> Asset:
        source = tmp_path / f"{uuid.uuid4()}.jpg"
        source.write_bytes(picture(size=size))
        options = {
            "kind": "image",
            "title": "Lighthouse",
            "text": "",
            "filename": source.name,
            "content_type": "image/jpeg",
            "request": {},
            "measurements": {"width": size[0], "height": size[1]},
        }
        return keep(creator, source=source, **(options | fields))

    return keep_one


@pytest.fixture
def kept_video(creator, tmp_path: Path) -> Callable[..., Asset]:
    """A real film in the library, opened by the worker; options of `write_clip` in `clip`."""

    def keep_one(clip: dict[str, Any] | None = None, **fields: Any) -> Asset:
        source = write_clip(tmp_path / f"{uuid.uuid4()}.mp4", **(clip or {}))
        options = {
            "kind": "video",
            "title": "Kite",
            "text": "",
            "filename": source.name,
            "content_type": "video/mp4",
            "request": {},
        }
        asset = keep(creator, source=source, **(options | fields))
        measure(str(asset.pk))
        asset.refresh_from_db()
        return asset

    return keep_one

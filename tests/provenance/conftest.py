from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.library.models import Asset
from tests.provenance.media import TYPES, write_media

PROMPT = "an owl that nobody should hear of"
KINDS = {"image": "image", "audio": "speech", "video": "video"}


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def keep_made(creator, tmp_path: Path):
    """Keeps a real file as if a model had made it."""

    def keep(suffix: str = "png", **values) -> Asset:
        data = write_media(tmp_path, suffix).read_bytes()
        kind = KINDS[TYPES[suffix].partition("/")[0]]
        asked = "text" if kind == "speech" else "prompt"
        given = {
            "workspace": creator.workspace,
            "created_by": creator.user,
            "kind": kind,
            "title": "Evening owl",
            "text": PROMPT,
            "model": "image-01" if kind == "image" else "a-model",
            "request": {asked: PROMPT, "model": "image-01", "seed": 7},
            "file": default_storage.save(f"1/made.{suffix}", ContentFile(data)),
            "content_type": TYPES[suffix],
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "status": "ready",
        }
        return Asset.objects.create(**{**given, **values})

    return keep

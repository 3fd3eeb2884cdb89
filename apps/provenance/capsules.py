"""Capsules: a collection as one file that another studio takes in. docs/capsule.md describes what is in it.

Written while it is sent. The manifest comes first, since the library knows every checksum; media follow byte for byte
as they are kept. What a capsule does not hold: costs, trace ids, and who made it.
"""

from __future__ import annotations

import asyncio
import json
import uuid
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.collections.models import Collection
from apps.library.archive import BLOCK, Outgoing
from apps.library.files import safe_filename
from apps.library.models import Asset, Derivation, Tagging
from apps.provenance.embedded import PRIVATE
from apps.workspaces.models import Membership

FORMAT, VERSION = "studio.capsule", 1
MANIFEST = "manifest.json"
MOST_ASSETS = 2_000


class TooLargeError(Exception):
    """The collection does not fit into a capsule."""


def studio_name() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "studio"


def describe(member: Membership, collection: Collection) -> tuple[dict[str, Any], list[tuple[str, Asset]]]:
    """The manifest, and the files in its order: (name in the capsule, asset). Raises TooLargeError."""
    inner = list(Collection.objects.visible_to(member).filter(parent=collection).order_by("position", "id"))
    items = {each.pk: list(each.assets_in_order(member)[: MOST_ASSETS + 1]) for each in [collection, *inner]}
    assets = {asset.pk: asset for found in items.values() for asset in found}
    if len(assets) > MOST_ASSETS:
        raise TooLargeError
    present = [asset for asset in assets.values() if default_storage.exists(asset.file_name)]
    tags: dict[uuid.UUID, list[str]] = {}
    for tagging in Tagging.objects.filter(asset__in=[asset.pk for asset in present]).select_related("tag"):
        tags.setdefault(tagging.asset_id, []).append(tagging.tag.name)
    files = [(_name(number, asset), asset) for number, asset in enumerate(present, 1)]
    there = {asset.pk for asset in present}
    edges = Derivation.objects.filter(child__in=there, parent__in=there).values_list("child", "parent", "role")
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "studio": studio_name(),
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "collections": [
            {
                "id": str(each.pk),
                "name": each.name,
                "note": each.note,
                "parent": str(each.parent_id) if each.pk != collection.pk else None,
                "items": [str(asset.pk) for asset in items[each.pk] if asset.pk in there],
            }
            for each in [collection, *inner]
        ],
        "assets": [_describe(asset, name, tags.get(asset.pk, [])) for name, asset in files],
        "lineage": [{"child": str(child), "parent": str(parent), "role": role} for child, parent, role in edges],
    }
    return manifest, files


def _describe(asset: Asset, name: str, tags: list[str]) -> dict[str, Any]:
    return {
        "id": str(asset.pk),
        "file": name,
        "size": asset.size,
        "sha256": asset.sha256,
        "content_type": asset.content_type,
        "kind": asset.kind,
        "title": asset.title,
        "text": asset.text,
        "model": asset.model,
        "voice_id": asset.voice_id,
        "settings": {key: value for key, value in asset.request.items() if key not in PRIVATE},
        "made_at": asset.created_at.isoformat(timespec="seconds"),
        "note": asset.note,
        "rating": asset.rating,
        "tags": tags,
        "subtitles": asset.subtitles,
    }


def _name(number: int, asset: Asset) -> str:
    return f"media/{number:04d} {safe_filename(asset.title, '')[:80]}{PurePath(asset.file_name).suffix}"


class _Writer:
    """Both ways of sending, of a worker's thread and of an event loop, take its blocks."""

    def __init__(self) -> None:
        self.outgoing = Outgoing()
        file: Any = self.outgoing  # as much of a file as ZipFile needs
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)

    def begin(self, manifest: dict[str, Any]) -> bytes:
        self.zip.writestr(zipfile.ZipInfo(MANIFEST), json.dumps(manifest, ensure_ascii=False, default=str))
        return self.outgoing.take()

    def add(self, name: str, asset: Asset) -> Iterator[bytes]:
        entry = zipfile.ZipInfo(name, asset.created_at.timetuple()[:6])
        with (
            default_storage.open(asset.file_name, "rb") as stored,
            self.zip.open(entry, "w", force_zip64=True) as target,
        ):
            while block := stored.read(BLOCK):
                target.write(block)
                yield self.outgoing.take()
        yield self.outgoing.take()

    def end(self) -> bytes:
        self.zip.close()
        return self.outgoing.take()


def write(manifest: dict[str, Any], files: list[tuple[str, Asset]]) -> Iterator[bytes]:
    writer = _Writer()
    yield writer.begin(manifest)
    for name, asset in files:
        yield from writer.add(name, asset)
    yield writer.end()


async def stream(manifest: dict[str, Any], files: list[tuple[str, Asset]]) -> AsyncIterator[bytes]:
    """The same for an event loop: each block is read in a thread."""
    writer = _Writer()
    yield writer.begin(manifest)
    for name, asset in files:
        blocks = writer.add(name, asset)
        try:
            while (block := await database_sync_to_async(next)(blocks, None)) is not None:
                yield block
        finally:
            await asyncio.shield(asyncio.to_thread(_close, blocks))
    yield await asyncio.to_thread(writer.end)


def _close(blocks: Any) -> None:
    blocks.close()

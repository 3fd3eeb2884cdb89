"""Many assets as one ZIP file, written while it is sent: at no time is more of it in memory than a block."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import PurePath
from typing import Any

from django.core.files.storage import default_storage

from apps.library.files import safe_filename
from apps.library.models import Asset

BLOCK = 1 << 18


class _Outgoing:
    """What ZipFile writes into; it cannot seek, so sizes and checksums follow each file."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        self.blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self.blocks = b"".join(self.blocks), []
        return taken


def write_archive(assets: Iterable[Asset]) -> Iterator[bytes]:
    """Each file under its title, and beside it a JSON file with all it takes to make it again."""
    outgoing, names = _Outgoing(), set[str]()
    file: Any = outgoing  # as much of a file as ZipFile needs
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:  # media are packed already
        for asset in assets:
            if not default_storage.exists(asset.file_name):
                continue
            stem, suffix = _free_name(asset, names)
            when = asset.created_at.timetuple()[:6]
            entry = zipfile.ZipInfo(f"{stem}{suffix}", when)
            with (
                default_storage.open(asset.file_name, "rb") as stored,
                archive.open(entry, "w", force_zip64=True) as target,
            ):
                while block := stored.read(BLOCK):
                    target.write(block)
                    yield outgoing.take()
            settings = json.dumps(describe(asset), ensure_ascii=False, indent=2, default=str)
            archive.writestr(zipfile.ZipInfo(f"{stem}.json", when), settings)
            yield outgoing.take()
    yield outgoing.take()


async def stream_archive(assets: Iterable[Asset]) -> AsyncIterator[bytes]:
    """The same for an event loop: each block is read in a thread."""
    blocks = write_archive(assets)
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        yield block


def describe(asset: Asset) -> dict[str, Any]:
    return {
        "id": str(asset.pk),
        "kind": asset.kind,
        "title": asset.title,
        "text": asset.text,
        "model": asset.model,
        "voice_id": asset.voice_id,
        "settings": asset.request,
        "cost_usd": asset.cost_usd,
        "usage": asset.usage,
        "trace_id": asset.trace_id,
        "made_at": asset.created_at.isoformat(),
        "made_by": asset.created_by.name,
        "content_type": asset.content_type,
        "size": asset.size,
        "sha256": asset.sha256,
        "duration_s": asset.duration_s,
        "measurements": asset.measurements,
    }


def _free_name(asset: Asset, taken: set[str]) -> tuple[str, str]:
    """A name that no other file of the archive has, whatever the case of its letters."""
    suffix = PurePath(asset.file_name).suffix
    plain = stem = safe_filename(asset.title, "")
    count = 1
    while stem.casefold() in taken:
        count += 1
        stem = f"{plain} ({count})"
    taken.add(stem.casefold())
    return stem, suffix

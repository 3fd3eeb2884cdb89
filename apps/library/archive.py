"""Many assets as one ZIP file, written while it is sent: at no time is more of it in memory than a block."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from channels.db import database_sync_to_async
from django.core.files.storage import default_storage

from apps.library.files import opened_download, safe_filename
from apps.library.hiding import hide_words
from apps.library.models import Asset
from apps.library.subtitles import to_srt

BLOCK = 1 << 18
TOGETHER = 50  # rows in memory


class Outgoing:
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


class Archive:
    """A ZIP file that grows asset by asset; every method gives the blocks that are ready to be sent."""

    def __init__(self, *, hide_text: bool = False) -> None:
        self._hide_text = hide_text
        self._outgoing, self._names = Outgoing(), set[str]()
        file: Any = self._outgoing  # as much of a file as ZipFile needs
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)  # media are packed already

    def add(self, asset: Asset, subtitles: str = "") -> Iterator[bytes]:
        """The file under its title, and beside it a JSON file with all it takes to make it again, and its subtitles.

        subtitles: as SRT. Both are left out where the text is hidden.
        """
        if not default_storage.exists(asset.file_name):
            return
        if self._hide_text:
            hide_words(asset)
        stem, suffix = _free_name(asset, self._names)
        when = asset.created_at.timetuple()[:6]
        entry = zipfile.ZipInfo(f"{stem}{suffix}", when)
        hashed, size = hashlib.sha256(), 0
        with (
            opened_download(asset, hide_text=self._hide_text) as stored,
            self._zip.open(entry, "w", force_zip64=True) as target,
        ):
            while block := stored.read(BLOCK):
                hashed.update(block)
                size += len(block)
                target.write(block)
                yield self._outgoing.take()
        if not self._hide_text:
            # Of the file beside it, which may carry marks, and of the file as the library keeps it.
            sums = {"size": size, "sha256": hashed.hexdigest(), "kept_sha256": asset.sha256}
            settings = json.dumps(describe(asset) | sums, ensure_ascii=False, indent=2, default=str)
            self._zip.writestr(zipfile.ZipInfo(f"{stem}.json", when), settings)
            if subtitles:
                self._zip.writestr(zipfile.ZipInfo(f"{stem}.srt", when), subtitles)
        yield self._outgoing.take()

    def end(self) -> bytes:
        self._zip.close()
        return self._outgoing.take()


def write_archive(ids: Sequence[uuid.UUID], *, hide_text: bool = False) -> Iterator[bytes]:
    """These assets as one ZIP file. Whoever calls has checked that they may be given out."""
    archive = Archive(hide_text=hide_text)
    for start in range(0, len(ids), TOGETHER):
        for asset in _fetch(ids[start : start + TOGETHER]):
            yield from archive.add(asset, "" if hide_text else subtitles_of(asset))
    yield archive.end()


async def stream_archive(ids: Sequence[uuid.UUID], *, hide_text: bool = False) -> AsyncIterator[bytes]:
    """The same for an event loop: each block is read in a thread. Closing it closes the file that is being read."""
    archive = Archive(hide_text=hide_text)
    for start in range(0, len(ids), TOGETHER):
        for asset in await database_sync_to_async(_fetch)(ids[start : start + TOGETHER]):
            subtitles = "" if hide_text else await database_sync_to_async(subtitles_of)(asset)
            blocks = archive.add(asset, subtitles)
            try:
                while (block := await asyncio.to_thread(next, blocks, None)) is not None:
                    yield block
            finally:
                await asyncio.shield(asyncio.to_thread(_close, blocks))
    yield await asyncio.to_thread(archive.end)


def _close(blocks: Any) -> None:
    blocks.close()


def _fetch(ids: Sequence[uuid.UUID]) -> list[Asset]:
    found = (
        Asset.objects.filter(pk__in=ids).select_related("created_by", "workspace").defer("peaks", "subtitles").in_bulk()
    )
    return [found[pk] for pk in ids if pk in found]


def subtitles_of(asset: Asset) -> str:
    """As SRT; empty where it has none. Of one at a time: those of a long book fill megabytes."""
    found = Asset.objects.filter(pk=asset.pk).values_list("subtitles", flat=True).first()
    return to_srt(found) if found else ""


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

"""A capsule that somebody brought is looked through whole before anything of it is taken in.

Checked are its size, names, counts and checksums. Nothing is unpacked to the disk here, and nothing is read that the
manifest does not name.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.provenance.capsules import FORMAT, MANIFEST, MOST_ASSETS, VERSION
from apps.provenance.embedded import clean, parse_id

MOST_BYTES = 20_000_000_000  # of all that is in it
MOST_MANIFEST = 64 << 20
MOST_DIRECTORY = 8 << 20  # of a ZIP file's table of contents: some 80 bytes for each file
MOST_COLLECTIONS = 200
BLOCK = 1 << 20
NAME = re.compile(r"media/[^/\\\0]{1,200}")
SUM = re.compile(r"[0-9a-f]{64}")
# What a library can hold, and the suffixes it may come with: these say how it is opened.
TYPES = {
    "image/png": {".png"}, "image/jpeg": {".jpg", ".jpeg"}, "image/webp": {".webp"}, "image/gif": {".gif"},
    "audio/mpeg": {".mp3"}, "audio/wav": {".wav"}, "audio/x-wav": {".wav"}, "audio/flac": {".flac"},
    "audio/ogg": {".opus", ".ogg"}, "audio/mp4": {".m4a", ".m4b", ".mp4"}, "audio/aac": {".aac"},
    "audio/webm": {".webm"}, "video/mp4": {".mp4"}, "video/webm": {".webm"}, "text/plain": {".txt"},
    "application/pdf": {".pdf"}, "application/octet-stream": {".pcm", ".ulaw"}, "audio/pcm": {".pcm"},
    "audio/basic": {".ulaw"}, "audio/l16": {".pcm"}, "audio/pcmu": {".ulaw"},
}  # fmt: skip


class CapsuleRefusedError(Exception):
    """Nothing was taken in; `str(error)` is a sentence for the person."""


@dataclass(frozen=True)
class Packed:
    """One asset, as the manifest tells of it."""

    origin_id: uuid.UUID
    file: str
    size: int
    sha256: str
    content_type: str
    kind: str
    title: str
    text: str
    model: str
    voice_id: str
    settings: dict[str, Any]
    made_at: str
    note: str
    rating: int
    tags: list[str]
    subtitles: list[dict[str, Any]]

    @property
    def suffix(self) -> str:
        return PurePath(self.file).suffix.lower()


@dataclass(frozen=True)
class PackedCollection:
    origin_id: uuid.UUID
    name: str
    note: str
    is_inner: bool
    items: list[uuid.UUID]


@dataclass(frozen=True)
class Capsule:
    studio: str
    collections: list[PackedCollection]  # the outer one first
    assets: list[Packed]  # the older before the newer
    lineage: list[tuple[uuid.UUID, uuid.UUID, str]] = field(default_factory=list)  # child, parent, role


def open_capsule(path: Path) -> tuple[zipfile.ZipFile, Capsule]:
    """Raises CapsuleRefusedError for whatever is not as a studio writes it."""
    try:
        _check_directory(path)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, struct.error) as exc:
        raise CapsuleRefusedError(_("This is no capsule: it is not a ZIP file that can be opened.")) from exc
    try:
        return archive, _read(archive)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, zipfile.BadZipFile, OSError) as exc:
        archive.close()
        raise CapsuleRefusedError(_("This capsule’s table of contents cannot be read.")) from exc
    except CapsuleRefusedError:
        archive.close()
        raise


def _check_directory(path: Path) -> None:
    """A table of contents of gigabytes is not even read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise zipfile.BadZipFile
    (directory,) = struct.unpack_from("<I", tail, place + 12)
    if directory > MOST_DIRECTORY:
        raise zipfile.BadZipFile


def _read(archive: zipfile.ZipFile) -> Capsule:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if MANIFEST not in entries:
        raise CapsuleRefusedError(_("This ZIP file is no capsule of a studio: it has no manifest."))
    if len(entries) != len(archive.infolist()) or len(entries) > MOST_ASSETS + 1:
        raise CapsuleRefusedError(_("This capsule holds more files than a capsule can, or two of one name."))
    told = _read_manifest(archive, entries[MANIFEST])
    if told.get("format") != FORMAT:
        raise CapsuleRefusedError(_("This ZIP file is no capsule of a studio: it has no manifest."))
    if told.get("version") != VERSION:
        raise CapsuleRefusedError(_("This capsule was made by a newer studio. Update this one first."))
    assets = [_asset(each) for each in told["assets"]]
    _check_files(assets, entries)
    ids = {asset.origin_id for asset in assets}
    if len(ids) != len(assets) or len({asset.file for asset in assets}) != len(assets):
        raise CapsuleRefusedError(_("This capsule names a file twice."))
    collections = [_collection(each, ids) for each in told["collections"][:MOST_COLLECTIONS]]
    if not collections or collections[0].is_inner or not all(each.is_inner for each in collections[1:]):
        raise ValueError("the collections are not one and what lies in it")
    edges = [(parse_id(each["child"]), parse_id(each["parent"]), str(each["role"])[:24]) for each in told["lineage"]]
    lineage = [
        (child, parent, role)
        for child, parent, role in edges
        if child in ids and parent in ids and child and parent and child != parent
    ]
    assets.sort(key=lambda asset: (asset.made_at, asset.origin_id.int))
    return Capsule(str(told.get("studio", ""))[:120], collections, assets, lineage)


def _read_manifest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> dict[str, Any]:
    if entry.file_size > MOST_MANIFEST:
        raise CapsuleRefusedError(_("This capsule’s table of contents is too long."))
    with archive.open(entry) as file:
        told = json.loads(file.read(MOST_MANIFEST))
    if not isinstance(told, dict):
        raise TypeError
    return told


def _asset(told: dict[str, Any]) -> Packed:
    name, content_type, origin_id = told["file"], told["content_type"], parse_id(told["id"])
    if not isinstance(name, str) or not NAME.fullmatch(name) or origin_id is None:
        raise CapsuleRefusedError(_("This capsule names a file outside of itself."))
    if PurePath(name).suffix.lower() not in TYPES.get(content_type, ()):
        raise CapsuleRefusedError(
            _("“%(name)s” is of a kind that no library holds: %(type)s.")
            % {"name": PurePath(name).name, "type": str(content_type)[:60]}
        )
    size, rating = told["size"], told.get("rating", 0)
    if type(size) is not int or size < 0 or not SUM.fullmatch(told["sha256"]):
        raise ValueError("no size or no checksum")
    settings, subtitles = told.get("settings"), told.get("subtitles")
    return Packed(
        origin_id=origin_id,
        file=name,
        size=size,
        sha256=told["sha256"],
        content_type=content_type,
        kind=_line(told, "kind", 20),
        title=_line(told, "title", 200) or PurePath(name).stem[:200],
        text=_text(told, "text", 2_000_000),
        model=_line(told, "model", 60),
        voice_id=_line(told, "voice_id", 256),
        settings=clean(settings) if isinstance(settings, dict) else {},
        made_at=_line(told, "made_at", 40),
        note=_text(told, "note", 5_000),
        rating=rating if type(rating) is int and 0 <= rating <= 5 else 0,
        tags=[" ".join(str(tag).replace("\0", "").split())[:60] for tag in _list(told, "tags")[:50]],
        subtitles=[line for each in (subtitles or [])[:100_000] if (line := _subtitle(each))],
    )


def _collection(told: dict[str, Any], ids: set[uuid.UUID]) -> PackedCollection:
    origin_id = parse_id(told["id"])
    if origin_id is None:
        raise ValueError("a collection without an id")
    named = [found for each in _list(told, "items")[:MOST_ASSETS] if (found := parse_id(each))]
    items = [each for each in dict.fromkeys(named) if each in ids]
    return PackedCollection(
        origin_id,
        _line(told, "name", 120) or _("Capsule"),
        _text(told, "note", 5_000),
        bool(told.get("parent")),
        items,
    )


def _check_files(assets: list[Packed], entries: dict[str, zipfile.ZipInfo]) -> None:
    """What is there is what the manifest names, as long as it says, and not too much altogether."""
    if set(entries) - {MANIFEST} != {asset.file for asset in assets}:
        raise CapsuleRefusedError(_("This capsule is not whole: its files are not those that its manifest names."))
    if sum(asset.size for asset in assets) > MOST_BYTES:
        most = filesizeformat(MOST_BYTES)
        raise CapsuleRefusedError(_("This capsule is too large: %(most)s at most.") % {"most": most})
    for asset in assets:
        entry = entries[asset.file]
        if entry.file_size != asset.size or entry.flag_bits & 1:
            raise CapsuleRefusedError(_differs(asset))
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CapsuleRefusedError(_("This capsule is packed in a way that studios do not use."))


def check_sums(archive: zipfile.ZipFile, capsule: Capsule) -> None:
    """Read every file once. Raises CapsuleRefusedError for the first that is not the one that was packed."""
    for asset in capsule.assets:
        hashed = hashlib.sha256()
        for block in read_file(archive, asset):
            hashed.update(block)
        if hashed.hexdigest() != asset.sha256:
            raise CapsuleRefusedError(_differs(asset))


def read_file(archive: zipfile.ZipFile, asset: Packed) -> Iterator[bytes]:
    """No more than the manifest says. Raises CapsuleRefusedError."""
    left = asset.size
    try:
        with archive.open(asset.file) as file:
            yield from _blocks(file, left)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as exc:
        raise CapsuleRefusedError(_differs(asset)) from exc


def _blocks(file: IO[bytes], left: int) -> Iterator[bytes]:
    while left > 0 and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        yield block
    if left or file.read(1):
        raise EOFError


def _differs(asset: Packed) -> str:
    return _("“%(title)s” in this capsule is not the file that was packed: it is damaged or was changed.") % {
        "title": asset.title
    }


def _subtitle(told: Any) -> dict[str, Any] | None:
    if not isinstance(told, dict) or not isinstance(told.get("text"), str):
        return None
    start, end = told.get("start_ms"), told.get("end_ms")
    if not all(isinstance(each, int | float) and 0 <= each < 1 << 40 for each in (start, end)):
        return None
    words = [word for each in _list(told, "words")[:2_000] if (word := _subtitle(each))]
    return {"text": told["text"].replace("\0", "")[:5_000], "start_ms": start, "end_ms": end, "words": words}


def _list(told: dict[str, Any], name: str) -> list[Any]:
    value = told.get(name)
    return value if isinstance(value, list) else []


def _line(told: dict[str, Any], name: str, length: int) -> str:
    return " ".join(_text(told, name, length * 4).split())[:length]


def _text(told: dict[str, Any], name: str, length: int) -> str:
    value = told.get(name)
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:length]

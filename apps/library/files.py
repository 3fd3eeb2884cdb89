"""What of an asset can be given out, under which name. Whoever calls has checked permission."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import PurePath
from typing import IO, Protocol

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from apps.library.audio import FORMATS, is_raw
from apps.library.models import Asset, Rendition, RenditionStatus
from apps.library.services import find_or_order_rendition
from apps.library.serving import Served, serve
from apps.library.subtitles import CONTENT_TYPES, WRITERS
from apps.library.tasks import RAW_PLAYS_AS

REFUSED_BY_DISKS = re.compile(r'[<>:"/\\|?*]+')
RESERVED_BY_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
LONGEST_STEM = 180  # bytes; most disks allow 255 for the whole name


class PreparingError(Exception):
    """A large file is being marked by a worker: the same request finds it ready later."""


class Marker(Protocol):
    """Writes into files that leave the studio how they were made. Registered by `apps.provenance`."""

    def mark(self, asset: Asset, file: Served, *, hide_text: bool) -> Served:
        """`file` shows the asset or a rendition of it. Returns a marked copy in storage, or `file` itself.

        Raises PreparingError for a file above LARGE while a worker writes its copy.
        """
        ...

    def marked_once(self, asset: Asset, *, hide_text: bool) -> AbstractContextManager[IO[bytes] | None]:
        """A marked copy that is gone when it was read; None: the file is given out as it is."""
        ...


_markers: list[Marker] = []


def register_marker(marker: Marker) -> None:
    _markers[:] = [marker]


def download_of(asset: Asset, cache: str, *, rendition: Rendition | None = None, hide_text: bool = False) -> Served:
    """What somebody takes away: the file, or a READY rendition of it, with the marks that the workspace wants in it.

    `hide_text`: no mark says what was asked for. The first download of a file waits until its marks are written; for
    one above LARGE it raises PreparingError instead.
    """
    file = rendered(rendition, cache, download=True) if rendition else original(asset, cache, download=True)
    for marker in _markers:
        file = marker.mark(asset, file, hide_text=hide_text)
    return file


@contextmanager
def opened_download(asset: Asset, *, hide_text: bool = False) -> Iterator[IO[bytes]]:
    """The same for what is read once, block by block, e.g. into an archive."""
    for marker in _markers:
        with marker.marked_once(asset, hide_text=hide_text) as marked:
            if marked is not None:
                yield marked
                return
    with default_storage.open(asset.file_name, "rb") as stored:
        yield stored


def original(asset: Asset, cache: str, *, download: bool = False) -> Served:
    """The file byte for byte as it was kept: for players. What is taken away comes from `download_of`."""
    name = safe_filename(asset.title, PurePath(asset.file_name).suffix.removeprefix("."))
    return Served(asset.file_name, asset.size, asset.sha256, asset.content_type, name, cache, download)


def rendered(rendition: Rendition, cache: str, *, download: bool = False) -> Served:
    """The asset in another format; the rendition is READY."""
    made = FORMATS[rendition.format]
    name = safe_filename(rendition.asset.title, made.suffix)
    return Served(str(rendition.file.name), rendition.size, rendition.sha256, made.content_type, name, cache, download)


def serve_poster(request: HttpRequest, asset: Asset, cache: str) -> HttpResponseBase:
    """The small picture that stands for a picture or a film. Http404 while there is none."""
    name = str(asset.poster.name or "")
    if not name:
        raise Http404
    filename = safe_filename(asset.title, "webp")
    poster = Served(name, default_storage.size(name), f"{asset.sha256}-poster", "image/webp", filename, cache)
    return serve(request, poster)


def serve_medium(request: HttpRequest, asset: Asset, cache: str) -> HttpResponseBase:
    """Answer a player. No browser plays sound without a container, so such a file is given out as WAV."""
    if not is_raw(asset.file_name):
        return serve(request, original(asset, cache))
    rendition = find_or_order_rendition(asset, RAW_PLAYS_AS)
    if rendition.status == RenditionStatus.READY:
        return serve(request, rendered(rendition, cache))
    response = HttpResponse(status=503)
    response["Retry-After"] = "2"
    response["Cache-Control"] = "no-store"
    return response


def own_format(asset: Asset) -> str:
    """The key of FORMATS that the file itself already is, or an empty string, e.g. for mu-law in a WAV file."""
    codec = asset.measurements.get("codec", "")
    for name, known in FORMATS.items():
        if known.content_type == asset.content_type and (name != "wav" or codec == known.codec):
            return name
    return ""


def subtitle_file(asset: Asset, format: str, cache: str, *, download: bool = False) -> HttpResponse:
    """SRT or VTT, written from what the asset knows. Http404 if it has no subtitles."""
    if not asset.subtitles:
        raise Http404
    response = HttpResponse(WRITERS[format](asset.subtitles), content_type=f"{CONTENT_TYPES[format]}; charset=utf-8")
    name = safe_filename(asset.title, format)
    response["Content-Disposition"] = content_disposition_header(as_attachment=download, filename=name) or "inline"
    response["Cache-Control"] = cache
    return response


def safe_filename(title: str, suffix: str) -> str:
    """The title as a name on anybody's disk: without what file systems refuse or what reads differently than it is."""
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in title)
    stem = " ".join(REFUSED_BY_DISKS.sub(" ", visible).split()).strip(". ")
    stem = stem.encode()[:LONGEST_STEM].decode(errors="ignore").strip(". ")
    if not stem or RESERVED_BY_WINDOWS.match(stem):
        stem = f"sound {stem}".strip()
    return f"{stem}.{suffix}" if suffix else stem

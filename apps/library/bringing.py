"""Media that people bring into the library for no purpose in particular: pictures, sound, films."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.library.cleaning import SUFFIXES, TYPES, NotAPictureError, clean_picture
from apps.library.models import Asset
from apps.library.storage_use import check_room
from apps.library.stripping import NotAMediumError, strip_medium
from apps.library.uploads import UploadRefusedError, keep_once, read_brought
from apps.workspaces.models import Membership

MOST_BYTES = 2_000_000_000
MOST_PICTURE_BYTES = 100_000_000
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def take_medium(member: Membership, file: UploadedFile) -> Asset:
    """Keep a picture, sound or film without what it says of itself. Call it outside a transaction.

    What was brought before, byte for byte, is found again. Raises UploadRefusedError, StorageFullError.
    """
    size = file.size or 0
    if not size:
        raise UploadRefusedError(_("This file is empty."))
    if size > MOST_BYTES:
        raise UploadRefusedError(_("This file is too large: %(most)s at most.") % {"most": filesizeformat(MOST_BYTES)})
    check_room(member.workspace_id, member.user_id, more=size)
    with TemporaryDirectory(prefix="studio-upload-") as folder, on_disk(file, Path(folder)) as source:
        if _is_picture(source):
            return _take_picture(member, file, source, Path(folder))
        brought, clean = read_brought(source), Path(folder) / "clean"
        try:
            found = strip_medium(source, clean, timeout_s=120 + size / 5_000_000)
        except NotAMediumError as error:
            raise UploadRefusedError(_sentence(error.reason)) from error
        return keep_once(
            member,
            clean,
            name=file.name or "",
            brought=brought,
            filename=f"upload{found.suffix}",
            content_type=found.content_type,
        )


def _take_picture(member: Membership, file: UploadedFile, source: Path, folder: Path) -> Asset:
    if (file.size or 0) > MOST_PICTURE_BYTES:
        most = filesizeformat(MOST_PICTURE_BYTES)
        raise UploadRefusedError(_("This picture is too large: %(most)s at most.") % {"most": most})
    brought, clean = read_brought(source), folder / "clean"
    try:
        found = clean_picture(source, clean, below_bytes=MOST_PICTURE_BYTES)
    except NotAPictureError as error:
        raise UploadRefusedError(_sentence(error.reason)) from error
    return keep_once(
        member,
        clean,
        name=file.name or "",
        brought=brought,
        filename=f"upload{SUFFIXES[found.format]}",
        content_type=TYPES[found.format],
        measurements={"width": found.width, "height": found.height},
    )


@contextmanager
def on_disk(file: UploadedFile, folder: Path) -> Iterator[Path]:
    """The file as a path: where it lies already when it was large, else written there."""
    if isinstance(file, TemporaryUploadedFile):
        yield Path(file.temporary_file_path())
        return
    path = folder / "brought"
    with path.open("wb") as target:
        for block in file.chunks():
            target.write(block)
    yield path


def _is_picture(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head.startswith(PICTURES) or (head.startswith(b"RIFF") and head[8:] == b"WEBP")


def _sentence(reason: str) -> str:
    match reason:
        case "bomb":
            return _("This picture has more than 64 million pixels. Make it smaller first.")
        case "damaged":
            return _("This file is damaged: it cannot be opened to its end.")
        case "codec":
            return _("Browsers do not play this kind of film or sound. Save it as MP4, WebM, MP3 or WAV first.")
        case _:
            return _("This is no picture, sound or film that the studio can open, whatever its name says.")

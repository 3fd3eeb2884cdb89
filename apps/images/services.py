"""What a person can do with images."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from apps.images.forms import ImageForm
from apps.images.generation import IMAGE, price
from apps.images.models import Cull
from apps.images.uploads import SUFFIXES, TYPES, NotAPictureError, clean_picture
from apps.jobs.models import Job
from apps.jobs.services import jobs_of
from apps.library.models import Asset
from apps.library.services import keep
from apps.minimax import catalogue
from apps.workspaces.models import Connection, ConnectionKind, Membership

PAGE = 10  # jobs
PICTURES = 48  # in the reference picker
ONLY = {"prompt": ("prompt",), "seed": ("seed",)}


@dataclass(frozen=True)
class Situation:
    """What decides about the page: where the workspace sends its requests, and whether that costs anything."""

    kind: str  # of the connection; empty: none

    @property
    def is_free(self) -> bool:
        return self.kind == ConnectionKind.SANDBOX


def situation_of(member: Membership) -> Situation:
    kind = Connection.objects.filter(workspace=member.workspace).values_list("kind", flat=True).first()
    return Situation(kind or "")


def list_jobs(member: Membership, *, before: uuid.UUID | None = None) -> tuple[list[Job], uuid.UUID | None]:
    """The workspace's image jobs, newest first, and where the next page starts."""
    jobs = jobs_of(member, kind=IMAGE.name)
    if before:
        jobs = jobs.filter(pk__lt=before)
    page = list(jobs[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def recall(member: Membership, asset_id: str, only: str = "") -> dict[str, Any]:
    """Return initial values for the form: the settings that made a picture of this workspace, or one of them."""
    try:
        asset = Asset.objects.visible_to(member).filter(pk=uuid.UUID(asset_id), kind=IMAGE.name).first()
    except ValueError:
        asset = None
    if asset is None:
        return {}
    names = ONLY.get(only, ImageForm.base_fields)
    return {name: value for name, value in asset.request.items() if name in names and value is not None}


def find_picture(member: Membership, pk: Any) -> Asset | None:
    """The reference that a form names, to show it; None when it names none that can be seen."""
    try:
        return Asset.objects.visible_to(member).filter(pk=uuid.UUID(str(pk))).first() if pk else None
    except ValueError:
        return None


def price_each(model: str) -> Decimal | None:
    return price({"model": model, "n": 1})


def cull(asset: Asset, *, rating: int, is_rejected: bool) -> Cull:
    low, high = 0, 5
    kept, _created = Cull.objects.update_or_create(
        asset=asset, defaults={"rating": min(high, max(low, rating)), "is_rejected": is_rejected}
    )
    return kept


def culls_of(assets: Iterable[Asset]) -> dict[uuid.UUID, Cull]:
    return {each.asset_id: each for each in Cull.objects.filter(asset__in=list(assets))}


def prices() -> dict[str, str]:
    """Per picture in USD, for the page; models without a published price are left out."""
    return {model.id: str(each) for model in catalogue.image.models if (each := price_each(model.id)) is not None}


# --- pictures that people bring ---------------------------------------------------------------------------------------


class UploadRefusedError(Exception):
    """The file is not taken; `str(error)` is a sentence for the person."""


def keep_upload(member: Membership, file: UploadedFile) -> Asset:
    """Take a picture into the library, upright and without place, camera and date. Raises UploadRefusedError."""
    limit = catalogue.image.reference.below_bytes
    if (file.size or 0) >= limit:
        raise UploadRefusedError(_("This file is too large: less than %(count)d MB, please.") % {"count": limit >> 20})
    name = PurePath(file.name or "").stem or _("Uploaded picture")
    with TemporaryDirectory(prefix="upload-") as folder:
        source, clean = Path(folder) / "source", Path(folder) / "clean"
        with source.open("wb") as target:
            for block in file.chunks():
                target.write(block)
        try:
            kind = clean_picture(source, clean, below_bytes=limit)
        except NotAPictureError as error:
            raise UploadRefusedError(_sentence(error.reason)) from error
        return keep(
            member,
            kind="upload",
            title=name,
            text="",
            source=clean,
            filename=f"upload{SUFFIXES[kind]}",
            content_type=TYPES[kind],
            request={},
        )


def _sentence(reason: str) -> str:
    if reason == "bomb":
        return _("This picture has more than 64 million pixels. Make it smaller first.")
    if reason == "damaged":
        return _("This picture is damaged: it cannot be opened to its end.")
    return _("This is not a JPEG or PNG picture, whatever its name says.")

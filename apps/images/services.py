"""What a person can do with images."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.images.forms import ImageForm
from apps.images.generation import IMAGE, price
from apps.images.models import Cull
from apps.jobs.models import Job
from apps.jobs.services import jobs_of
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.workspaces.models import Connection, ConnectionKind, Membership

PAGE = 10  # jobs
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

"""What a person can do with images."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from apps.images.forms import ImageForm
from apps.images.generation import IMAGE, price
from apps.images.models import Cull
from apps.library import recalling
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.workspaces.models import Membership

PAGE = 10  # jobs
PICTURES = 48  # that pass a filter


@dataclass(frozen=True)
class Filter:
    """Which pictures somebody wants to see while they choose among many."""

    rated: int = 0  # at least so many stars
    is_pinned: bool = False
    hides_rejected: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """From an address: `?rated=1` to 5, `?pinned=1`, `?rejected=hide`; anything else is no filter."""
        rated = query.get("rated", "")
        return cls(
            rated=int(rated) if rated in {"1", "2", "3", "4", "5"} else 0,
            is_pinned=query.get("pinned") == "1",
            hides_rejected=query.get("rejected") == "hide",
        )

    @property
    def picks(self) -> bool:
        """Whether it leaves single pictures rather than whole jobs."""
        return bool(self.rated or self.is_pinned)

    @property
    def query(self) -> str:
        given = {"rated": self.rated or "", "pinned": "1" if self.is_pinned else ""}
        given["rejected"] = "hide" if self.hides_rejected else ""
        return urlencode({name: value for name, value in given.items() if value})


def list_pictures(
    member: Membership, chosen: Filter, *, before: uuid.UUID | None = None
) -> tuple[list[Asset], uuid.UUID | None]:
    """The workspace's pictures that pass the filter, newest first, and where the next page starts."""
    found = Asset.objects.visible_to(member).filter(kind=IMAGE.name).order_by("-id")
    if chosen.rated:
        found = found.filter(cull__rating__gte=chosen.rated)
    if chosen.is_pinned:
        found = found.filter(cull__is_pinned=True)
    if chosen.hides_rejected:
        found = found.exclude(cull__is_rejected=True)
    if before:
        found = found.filter(pk__lt=before)
    page = list(found[: PICTURES + 1])
    return page[:PICTURES], page[PICTURES - 1].pk if len(page) > PICTURES else None


def recall(member: Membership, asset_id: str, only: str = "") -> dict[str, Any]:
    """Return initial values for the form: the settings that made a picture of this workspace, or one of them."""
    request = recalling.request_of(member, asset_id, IMAGE.name, ImageForm.base_fields)
    if not request:
        return {}
    seed = int(catalogue.image.seed.minimum) + secrets.randbelow(int(catalogue.image.seed.maximum))
    return recalling.recall(request, ImageForm.base_fields, only, new_seed=seed)


def price_each(model: str) -> Decimal | None:
    return price({"model": model, "n": 1})


def cull(asset: Asset, *, rating: int, is_rejected: bool, is_pinned: bool) -> Cull:
    """Keep what somebody thinks of a picture. What is rejected is not pinned as well."""
    low, high = 0, 5
    opinion = {
        "rating": min(high, max(low, rating)),
        "is_rejected": is_rejected,
        "is_pinned": is_pinned and not is_rejected,
    }
    kept, _created = Cull.objects.update_or_create(asset=asset, defaults=opinion)
    return kept


def culls_of(assets: Iterable[Asset]) -> dict[uuid.UUID, Cull]:
    return {each.asset_id: each for each in Cull.objects.filter(asset__in=list(assets))}


def prices() -> dict[str, str]:
    """Per picture in USD, for the page; models without a published price are left out."""
    return {model.id: str(each) for model in catalogue.image.models if (each := price_each(model.id)) is not None}

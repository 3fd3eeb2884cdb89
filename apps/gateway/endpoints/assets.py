"""The library."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router
from ninja.responses import Status
from pydantic import Field

from apps.gateway.api import ApiError, TokenRequest, need
from apps.gateway.models import Scope
from apps.gateway.schemas import AssetChange, AssetPage, AssetSchema, Refusal, Words
from apps.library import services, tagging
from apps.library.dependants import dependants_of
from apps.library.files import download_of
from apps.library.lookups import find_asset
from apps.library.models import Asset, Tag
from apps.library.search import Query as Search
from apps.library.search import find
from apps.library.serving import serve

router = Router(tags=["library"])
ASK_AGAIN = "private, no-cache"
Searched = Annotated[Words, Field(description="Words of titles, prompts, scripts, lyrics, tags, notes and voices")]
Sort = Annotated[Words, Field(description="newest, oldest, title, cost, size or duration")]


@router.get("assets", response=AssetPage, summary="What is in the library, the newest first")
def index(
    request: TokenRequest,
    q: Searched = "",
    kind: Words = "",
    model: Words = "",
    tag: Words = "",
    sort: Sort = "",
    cursor: Words = "",
    limit: Annotated[int, Field(ge=1, le=100)] = 25,
) -> dict[str, Any]:
    member = need(request, Scope.READ)
    params = QueryDict(mutable=True)
    params.update({"q": q, "kind": kind, "model": model, "tag": tag, "sort": sort})
    found = find(member, Search.from_params(params), after=cursor, limit=limit)
    tags = _tags_of(found.assets)
    return {
        "items": [describe(request, asset, tags.get(asset.pk, [])) for asset in found.assets],
        "next": found.after or None,
    }


@router.get("assets/{uuid:asset_id}", response={200: AssetSchema, 404: Refusal}, summary="One asset")
def asset(request: TokenRequest, asset_id: uuid.UUID) -> dict[str, Any]:
    return _answer(request, find_asset(need(request, Scope.READ), asset_id))


@router.get(
    "assets/{uuid:asset_id}/file", response={404: Refusal, 503: Refusal}, summary="Its bytes; knows Range and ETag"
)
def file(request: TokenRequest, asset_id: uuid.UUID) -> HttpResponseBase:
    return serve(request, download_of(find_asset(need(request, Scope.READ), asset_id), ASK_AGAIN))


@router.patch("assets/{uuid:asset_id}", response={200: AssetSchema, 404: Refusal}, summary="Change what is said of it")
def change(request: TokenRequest, asset_id: uuid.UUID, given: AssetChange) -> dict[str, Any]:
    member = need(request, Scope.MANAGE)
    one = find_asset(member, asset_id)
    if given.title and given.title.strip():
        services.rename(one, given.title)
    if given.note is not None:
        tagging.write_note(one, given.note)
    if given.rating is not None:
        tagging.rate([one], given.rating)
    for name in given.add_tags:
        tagging.tag(member, [one], name)
    keys = [tagging.clean_name(name).casefold() for name in given.remove_tags]
    for found in Tag.objects.filter(workspace=member.workspace_id, key__in=keys):
        tagging.untag([one], found)
    return _answer(request, find_asset(member, asset_id))


@router.delete(
    "assets/{uuid:asset_id}",
    response={204: None, 404: Refusal, 409: Refusal},
    summary="Into the trash, for 30 days; with `sure` also what other things need",
)
def trash(request: TokenRequest, asset_id: uuid.UUID, sure: bool = False) -> Any:
    member = need(request, Scope.MANAGE)
    one = find_asset(member, asset_id)
    if not sure and dependants_of(member, one):
        raise ApiError(409, "needed", _("Other things in the workspace need it. Send `sure=true` to trash it anyway."))
    services.move_to_trash(member, one, request=request)
    return Status(204, None)


@router.post("assets/{uuid:asset_id}/restore", response={200: AssetSchema, 404: Refusal}, summary="Out of the trash")
def restore(request: TokenRequest, asset_id: uuid.UUID) -> dict[str, Any]:
    member = need(request, Scope.MANAGE)
    one = get_object_or_404(Asset.objects.in_trash_of(member).select_related("workspace", "created_by"), pk=asset_id)
    services.restore(member, one, request=request)
    return _answer(request, find_asset(member, asset_id))


def _answer(request: TokenRequest, one: Asset) -> dict[str, Any]:
    return describe(request, one, _tags_of([one]).get(one.pk, []))


def _tags_of(assets: list[Asset]) -> dict[uuid.UUID, list[str]]:
    found: dict[uuid.UUID, list[str]] = {}
    rows = Tag.objects.filter(taggings__asset__in=[one.pk for one in assets]).order_by("name")
    for pk, name in rows.values_list("taggings__asset", "name"):
        found.setdefault(pk, []).append(name)
    return found


def describe(request: TokenRequest, one: Asset, tags: list[str]) -> dict[str, Any]:
    plain = set(AssetSchema.model_fields) - {"settings", "tags", "created_by", "file", "page"}
    return {
        **{name: getattr(one, name) for name in plain},
        "settings": one.request,
        "tags": tags,
        "created_by": str(one.created_by),
        "file": request.build_absolute_uri(f"/api/v1/assets/{one.pk}/file"),
        "page": request.build_absolute_uri(one.get_absolute_url()),
    }

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.library import services
from apps.library.audio import FORMATS, Format
from apps.library.files import (
    PreparingError,
    download_of,
    own_format,
    serve_medium,
    serve_poster,
    subtitle_file,
)
from apps.library.lookups import find_asset
from apps.library.models import LARGE, Asset, Rendition, RenditionStatus
from apps.library.serving import serve
from apps.workspaces.access import MemberRequest, member_required

FOREVER = "private, max-age=31536000, immutable"  # a file never changes under its address
ASK_AGAIN = "private, no-cache"  # what carries the title, which can change; unchanged costs a 304


@require_safe
@member_required()
def file(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve_medium(request, find_asset(request.member, pk), FOREVER)


@require_safe
@member_required()
def poster(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve_poster(request, find_asset(request.member, pk), FOREVER)


@require_safe
@member_required()
def download(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    """The file under its title; `?format=` one of FORMATS. What has to be made first answers 202, a page that waits."""
    one = find_asset(request.member, pk)
    key = request.GET.get("format", "")
    if key and (key not in FORMATS or one.medium != "audio"):
        raise Http404
    wants_status = request.accepts("application/json") and not request.accepts("text/html")
    if not key or key == own_format(one):
        return _give(request, one, None, wants_status=wants_status)
    rendition = services.find_or_order_rendition(one, key, again="again" in request.GET)
    format = FORMATS[key]
    if rendition.status == RenditionStatus.READY:
        return _give(request, one, rendition, wants_status=wants_status)
    if wants_status:
        return _say_status(rendition.status, format)
    return _wait(request, {"asset": one, "format": format, "rendition": rendition})


def _give(request: MemberRequest, one: Asset, rendition: Rendition | None, *, wants_status: bool) -> HttpResponseBase:
    """The file, or word that a large one is being marked."""
    if wants_status and (rendition.size if rendition else one.size) <= LARGE:
        return _say_status("ready")
    try:
        file = download_of(one, ASK_AGAIN, rendition=rendition)
    except PreparingError:
        return _say_status("marking") if wants_status else _wait(request, {"asset": one, "is_marking": True})
    return _say_status("ready") if wants_status else serve(request, file)


def _wait(request: MemberRequest, context: dict[str, Any]) -> HttpResponse:
    rendition = context.get("rendition")
    is_coming = rendition is None or rendition.status == RenditionStatus.WAITING
    response = render(
        request, "library/preparing.html", context | {"is_coming": is_coming}, status=202 if is_coming else 200
    )
    response["Cache-Control"] = "no-store"
    return response


def _say_status(status: str, format: Format | None = None) -> JsonResponse:
    """For a page that waits: {status: waiting, marking, ready or failed; text: a sentence until it is ready}."""
    name = {"name": format.label if format else ""}
    text = {
        "marking": _("This file is large: its marks of origin are being written. The download starts by itself."),
        RenditionStatus.WAITING: _("The %(name)s file is being written. The download starts by itself.") % name,
        RenditionStatus.FAILED: _("This sound could not be written as %(name)s. The file itself is safe.") % name,
    }.get(status, "")
    response = JsonResponse({"status": status, "text": text})
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@member_required()
def subtitles(request: MemberRequest, workspace: str, pk: uuid.UUID, format: str) -> HttpResponse:
    one = find_asset(request.member, pk)
    return subtitle_file(one, format, ASK_AGAIN, download=format == "srt" or "download" in request.GET)

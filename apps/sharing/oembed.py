"""What another site shows for the address of a link (oembed.com, version 1.0, 2008)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.sharing import services
from apps.sharing.gate import open_share
from apps.sharing.models import Share

ADDRESS = re.compile(r"/s/([^/]+)/?(embed)?", re.ASCII)
WIDTH, AUDIO_HEIGHT = 640, 180
CARD = (1200, 630)
KEPT_S = 300


@require_safe
def oembed(request: HttpRequest) -> HttpResponseBase:
    """`?url=&format=json|xml&maxwidth=&maxheight=`; 401 before a door, 501 for another format.

    404 for what is no link, or none any more: the specification knows no 410, and whoever asks shows the plain address.
    """
    format = request.GET.get("format", "json")
    if format not in ("json", "xml"):
        return HttpResponse(status=501)
    parts = urlsplit(request.GET.get("url", ""))
    found = ADDRESS.fullmatch(parts.path)
    if not found or parts.netloc != urlsplit(settings.PUBLIC_URL).netloc:
        raise Http404
    link = open_share(request, found[1])
    if not isinstance(link, Share):
        return HttpResponse(status=401 if link.status_code == 403 else 404)
    told = describe(link, found[1], request)
    response: HttpResponseBase
    if format == "json":
        response = JsonResponse(told)
    else:
        response = HttpResponse(_as_xml(told), content_type="text/xml; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"  # all of it can be read at the address itself
    response["Cache-Control"] = f"public, max-age={told['cache_age']}"
    return response


def describe(link: Share, token: str, request: HttpRequest) -> dict[str, Any]:
    """A `link` with its card; a player (`video` or `rich`), where sites may embed it."""
    told: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": link.headline,
        "provider_name": _("MiniMax studio"),
        "provider_url": settings.PUBLIC_URL,
        "cache_age": seconds_kept(link),
        "thumbnail_url": services.absolute_url("card", token),
        "thumbnail_width": CARD[0],
        "thumbnail_height": CARD[1],
    }
    if link.asset is None or not link.frame_ancestors:
        return told
    width, height = size_of(link, _limit(request, "maxwidth"), _limit(request, "maxheight"))
    is_video = link.asset.medium == "video"
    return (
        told
        | {"type": "video" if is_video else "rich", "html": embed_code(link, token, width, height)}
        | {
            "width": width,
            "height": height,
        }
    )


def seconds_kept(link: Share) -> int:
    """How long others may go on showing it without asking again: never past its own end."""
    left = KEPT_S if link.end is None else int((link.end - timezone.now()).total_seconds())
    return max(0, min(KEPT_S, left))


def size_of(link: Share, widest: int | None = None, highest: int | None = None) -> tuple[int, int]:
    """Width and height of the player in CSS pixels."""
    asset = link.asset
    assert asset is not None  # whoever calls has looked
    width = min(WIDTH, widest or WIDTH)
    if asset.medium == "audio":
        return width, min(AUDIO_HEIGHT, highest or AUDIO_HEIGHT)
    wide, high = asset.measurements.get("width") or 16, asset.measurements.get("height") or 9
    height = round(width * high / wide)
    if highest and height > highest:
        width, height = max(1, round(highest * wide / high)), highest
    return width, height


def embed_code(link: Share, token: str, width: int, height: int) -> str:
    return format_html(
        '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy" allow="fullscreen" '
        'style="border:0;max-width:100%"></iframe>',
        services.absolute_url("embed", token),
        width,
        height,
        link.headline,
    )


def _limit(request: HttpRequest, name: str) -> int | None:
    said = request.GET.get(name, "")
    return max(1, int(said[:6])) if said.isdecimal() else None


def _as_xml(told: dict[str, Any]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in told.items():
        ElementTree.SubElement(root, name).text = str(value)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

"""What a guest sees: one thing that was made, and nothing else of the workspace."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.library.files import download_of, serve_medium, serve_poster, subtitle_file
from apps.library.models import Asset
from apps.library.serving import Served, serve
from apps.sharing import conversations, services
from apps.sharing.cards import find_or_draw_card
from apps.sharing.gate import open_share
from apps.sharing.models import Share, Snapshot
from apps.sharing.public_parts import draw_parts
from apps.workspaces.access import find_member

CACHE = "no-cache"  # asks each time, because a link can be revoked; unchanged costs a 304
NOBODY = re.compile(r"bot|crawl|spider|preview|slurp|facebookexternalhit|whatsapp|embedly", re.IGNORECASE)
POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "font-src": [SELF],
    "img-src": [SELF],
    "media-src": [SELF],
    "connect-src": None,
    "object-src": None,
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}


def open_link(view: Callable) -> Callable:
    """Let in whom the gate lets in, and tell browsers and search engines how to treat the page."""

    @require_safe
    @wraps(view)
    def admit(request: HttpRequest, **path: Any) -> HttpResponseBase:
        link = open_share(request, path["token"])
        response = view(request, link, **path) if isinstance(link, Share) else link
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        if not response.has_header("Referrer-Policy"):
            response["Referrer-Policy"] = "no-referrer"
        vars(response).setdefault("_csp_replace", POLICY)  # as csp.decorators does
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        return response

    return admit


@open_link
def page(request: HttpRequest, link: Share, token: str) -> HttpResponse:
    if _is_guest(request, link):
        services.count_view(link)
    parts = draw_parts(link, request)
    response = _draw(request, link, token, {"parts": parts})
    if parts:
        # Their forms are sent from this page: without its origin they would not be known as ours.
        response["Referrer-Policy"] = "same-origin"
        vars(response)["_csp_replace"] = POLICY | {"form-action": [SELF], "connect-src": [SELF]}
    return response


def _draw(request: HttpRequest, link: Share, token: str, more: dict[str, Any]) -> HttpResponse:
    if link.snapshot:
        return _conversation(request, link, link.snapshot, token, more)
    context = {
        **more,
        "link": link,
        "asset": link.asset,
        "token": token,
        "page_url": services.absolute_url("page", token),
        "card_url": services.absolute_url("card", token),
        "file_url": services.absolute_url("file", token),
    }
    return render(request, "sharing/public.html", context)


def _conversation(
    request: HttpRequest, link: Share, snapshot: Snapshot, token: str, more: dict[str, Any]
) -> HttpResponse:
    member = find_member(request.user, link.workspace.slug)
    context = {
        **more,
        "link": link,
        "snapshot": snapshot,
        "token": token,
        "turns": conversations.turns_of(snapshot, show_thinking=link.show_thinking),
        "page_url": services.absolute_url("page", token),
        "card_url": services.absolute_url("card", token),
        "workspace": member.workspace if member and member.may("create") else None,  # who may go on with it
    }
    return render(request, "sharing/conversation.html", context)


def _asset(link: Share) -> Asset:
    """Raises Http404 for a link to something that is no file."""
    if link.asset is None:
        raise Http404
    return link.asset


@open_link
def file(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    return serve_medium(request, _asset(link), CACHE)


@open_link
def poster(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    return serve_poster(request, _asset(link), CACHE)


@open_link
def download(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    if not link.allow_download:
        raise Http404
    return serve(request, download_of(_asset(link), CACHE, hide_text=not link.show_text))


@open_link
def subtitles(request: HttpRequest, link: Share, token: str) -> HttpResponse:
    return subtitle_file(_asset(link), "vtt", CACHE)


def _part(link: Share, pk: uuid.UUID) -> Asset:
    """Raises Http404 for whatever the shared conversation does not show."""
    shown = conversations.assets_of(link.snapshot) if link.snapshot else {}
    if str(pk) not in shown:
        raise Http404
    return shown[str(pk)]


@open_link
def part(request: HttpRequest, link: Share, token: str, pk: uuid.UUID) -> HttpResponseBase:
    """A picture, a film or a sound in a conversation."""
    return serve_medium(request, _part(link, pk), CACHE)


@open_link
def part_poster(request: HttpRequest, link: Share, token: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve_poster(request, _part(link, pk), CACHE)


@open_link
def card(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    """The picture that a chat shows for the link."""
    drawn = find_or_draw_card(link)
    response = serve(request, Served(str(drawn.name), drawn.size, link.card_of, "image/png", "card.png", CACHE))
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _is_guest(request: HttpRequest, link: Share) -> bool:
    """Whether this opening counts: by a person, from outside the workspace."""
    if request.method != "GET" or "Sec-Purpose" in request.headers:
        return False
    if NOBODY.search(request.headers.get("User-Agent", "")):
        return False
    user = request.user
    return not (user.is_authenticated and user.memberships.filter(workspace_id=link.workspace_id).exists())

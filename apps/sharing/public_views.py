"""What a guest sees: what the link shows, and nothing else of the workspace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.library.archive import stream_archive, write_archive
from apps.library.files import PreparingError, download_of, safe_filename, serve_medium, serve_poster, subtitle_file
from apps.library.models import Asset
from apps.library.serving import Served, serve
from apps.sharing import door, showing, visits
from apps.sharing.cards import find_or_draw_card
from apps.sharing.forms import DoorForm
from apps.sharing.gate import before_the_door, find_share, gone, open_share
from apps.sharing.models import Share, State
from apps.sharing.public_parts import draw_parts

CACHE = "no-cache"  # asks each time, because a link can be revoked; unchanged costs a 304
MOST_IN_ARCHIVE = 1_000
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
WITH_FORMS = POLICY | {"form-action": [SELF], "connect-src": [SELF]}


def _with_bucket(policy: dict[str, Any]) -> dict[str, Any]:
    """Media may come from the bucket itself, where browsers reach it."""
    there = [*filter(None, [settings.BUCKET_PUBLIC_URL])]
    return policy | {"img-src": [SELF, *there], "media-src": [SELF, *there]}


def finish(response: HttpResponseBase, link: Share | None = None, *, has_forms: bool = False) -> HttpResponseBase:
    """Tell browsers and search engines how to treat what a guest gets."""
    if link is None or not link.is_listed:
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if not response.has_header("Referrer-Policy"):
        # Forms are sent from this page: without its origin they would not be known as ours.
        response["Referrer-Policy"] = "same-origin" if has_forms else "no-referrer"
    vars(response).setdefault(
        "_csp_replace", _with_bucket(WITH_FORMS if has_forms else POLICY)
    )  # as csp.decorators does
    if not response.has_header("Cache-Control"):
        response["Cache-Control"] = "private, no-cache"
    return response


def open_link(view: Callable) -> Callable:
    """Let in whom the gate lets in."""

    @require_safe
    @wraps(view)
    def admit(request: HttpRequest, **path: Any) -> HttpResponseBase:
        link = open_share(request, path["token"])
        if not isinstance(link, Share):
            return finish(link, has_forms=True)
        return finish(view(request, link, **path), link)

    return admit


@open_link
def page(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    if visits.is_guest(request, link):
        visits.count(link)
    parts = draw_parts(link, request)
    template, context = showing.context_of(request, link, token)
    response = render(request, template, context | {"parts": parts})
    return finish(response, link, has_forms=bool(parts))


@require_POST
def enter(request: HttpRequest, token: str) -> HttpResponseBase:
    """Through the door: with the password, and while openings are left."""
    link = find_share(token)
    if link is None or link.state != State.OPEN:
        return finish(gone(request, link.state if link else State.REVOKED), has_forms=True)
    form = DoorForm(request.POST)
    if not door.may_try(request, link):
        fault = _("Too many wrong passwords. Wait ten minutes, then try again.")
        response = before_the_door(request, link, fault, status=429)
        response["Retry-After"] = str(door.WINDOW_S)
        return finish(response, has_forms=True)
    if not form.is_valid() or not door.is_right(request, link, form.cleaned_data["password"]):
        return finish(before_the_door(request, link, _("That is not the password."), status=403), has_forms=True)
    if not door.take_opening(link):
        return finish(gone(request, State.USED_UP), has_forms=True)
    response = redirect("public:page", token)
    door.give_pass(response, link)
    return finish(response, link)


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
    return _give(request, link, _asset(link))


def _give(request: HttpRequest, link: Share, asset: Asset) -> HttpResponseBase:
    if not link.allow_download:
        raise Http404
    try:
        file = download_of(asset, CACHE, hide_text=not link.show_text)
    except PreparingError:
        response = render(request, "sharing/preparing.html", {"title": asset.title, "token": link.token}, status=202)
        response["Cache-Control"] = "no-store"
        return response
    return serve(request, file)


@open_link
def subtitles(request: HttpRequest, link: Share, token: str) -> HttpResponse:
    """What can be heard, to be read: also where the link does not show the text."""
    return subtitle_file(_asset(link), "vtt", CACHE)


@open_link
def part(request: HttpRequest, link: Share, token: str, pk: uuid.UUID) -> HttpResponseBase:
    """A picture, a film or a sound in a conversation or a collection."""
    return serve_medium(request, showing.find_part(link, pk), CACHE)


@open_link
def part_poster(request: HttpRequest, link: Share, token: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve_poster(request, showing.find_part(link, pk), CACHE)


@open_link
def part_subtitles(request: HttpRequest, link: Share, token: str, pk: uuid.UUID) -> HttpResponse:
    return subtitle_file(showing.find_part(link, pk), "vtt", CACHE)


@open_link
def part_download(request: HttpRequest, link: Share, token: str, pk: uuid.UUID) -> HttpResponseBase:
    if link.collection is None:
        raise Http404
    return _give(request, link, showing.find_part(link, pk))


@open_link
def archive(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    """A collection as one ZIP file, if its files may be downloaded."""
    if link.collection is None or not link.allow_download:
        raise Http404
    ids = list(link.collection.assets_in_order().values_list("pk", flat=True)[:MOST_IN_ARCHIVE])
    hide_text = not link.show_text
    is_async = hasattr(request, "scope")
    blocks: Any = stream_archive(ids, hide_text=hide_text) if is_async else write_archive(ids, hide_text=hide_text)
    response = StreamingHttpResponse(blocks, content_type="application/zip")
    name = safe_filename(link.headline, "zip")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


@open_link
def card(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    """The picture that a chat shows for the link."""
    drawn = find_or_draw_card(link)
    response = serve(request, Served(str(drawn.name), drawn.size, link.card_of, "image/png", "card.png", CACHE))
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@open_link
def embed(request: HttpRequest, link: Share, token: str) -> HttpResponseBase:
    """The player alone, for the sites that may embed it."""
    asset, sites = _asset(link), link.frame_ancestors
    if not sites:
        raise Http404
    if visits.is_guest(request, link):
        visits.count(link)
    work = showing.work_of(link, token, asset, showing.start_of(request))
    context = {"link": link, "asset": asset, "work": work, "title": link.headline, "token": token, "sites": sites}
    response = render(request, "sharing/embed.html", context)
    response.xframe_options_exempt = True  # frame-ancestors says it, and knows more than one site
    vars(response)["_csp_replace"] = _with_bucket(POLICY) | {"frame-ancestors": sites}
    return response

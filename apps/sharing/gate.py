"""The door to what is shared: every address of a guest goes through it.

What comes out of it holds only what guests may read: titles and settings without the words that the link does not show.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.library.hiding import hide_words
from apps.sharing import door, services
from apps.sharing.models import EndedAddress, Share, State, hash_token


def find_share(address: str) -> Share | None:
    """The link of an address: its token, which a title may stand in front of. Raises Http404 if there never was one."""
    token = address.rpartition(".")[2]
    link = Share.objects.with_token(token).select_related(*services.SHOWN, "created_by", *services.POLICY).first()
    if link is None and not EndedAddress.objects.filter(token_hash=hash_token(token)).exists():
        raise Http404
    return link


def open_share(request: HttpRequest, token: str) -> Share | HttpResponse:
    """The link, or the answer to who may not come in: 410 after its end, 403 before its door. Raises Http404."""
    link = find_share(token)
    if link is None:
        return gone(request, State.REVOKED)
    state = link.state
    is_inside = link.has_door and door.has_pass(request, link)
    if state != State.OPEN and not (state == State.USED_UP and is_inside):
        return gone(request, state)
    if link.has_door and not is_inside:
        return before_the_door(request, link)
    if link.asset:
        if not link.show_text:
            hide_words(link.asset)
        link.asset.title = link.name or link.asset.title
    return link


def gone(request: HttpRequest, state: State) -> HttpResponse:
    return render(request, "sharing/gone.html", {"state": state}, status=410)


def before_the_door(request: HttpRequest, link: Share, fault: str = "", status: int = 403) -> HttpResponse:
    """A page with a field for the password, if there is one, and a button. It says nothing of what lies behind."""
    response = render(request, "sharing/door.html", {"link": link, "token": link.token, "fault": fault}, status=status)
    response["Cache-Control"] = "private, no-store"
    return response

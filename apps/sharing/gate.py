"""The door to what is shared: every address of a guest goes through it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.sharing import services
from apps.sharing.models import Share


def open_share(request: HttpRequest, token: str) -> Share | HttpResponse:
    """The link, or the answer to who may not come in: 410 after its end. Raises Http404 if there never was one."""
    link = Share.objects.with_token(token).select_related(*services.SHOWN, "created_by", "workspace").first()
    if link is None:
        raise Http404
    return link if link.is_open else render(request, "sharing/gone.html", status=410)

"""From which pages a WebSocket may be opened: a browser sends our cookies along from any port of our host."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host


class SameOriginOnly:
    """Lets in what comes from the page's own origin: the address that was called, or the studio's public one."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        is_ours = is_own_origin(headers.get(b"origin", ""), headers.get(b"host", ""))
        return await (self.application if is_ours else WebsocketDenier())(scope, receive, send)


def is_own_origin(origin: str, host: str) -> bool:
    if origin == settings.PUBLIC_URL:
        return True
    name, _port = split_domain_port(host)
    if not name or not validate_host(name, settings.ALLOWED_HOSTS):
        return False
    # A proxy in front may speak https where we hear http, so only who gives the public address says which it is.
    scheme = urlsplit(settings.PUBLIC_URL).scheme
    return origin.lower() == f"{scheme}://{host.lower()}"

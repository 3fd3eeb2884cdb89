"""Requests to hosts that somebody named: the connection goes to the very address that was looked at.

A name may answer differently from one moment to the next (DNS rebinding). So the name is resolved once, by the function
that also judges the addresses, and the socket is opened to one of those; the certificate is still the name's.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.request import getproxies

import httpx

Resolve = Callable[[str, int], list[str]]


def pinned_transport(resolve: Resolve | None) -> PinnedTransport | None:
    """None: connect as usual. Behind a proxy it is the proxy that looks names up, so nothing can be pinned here."""
    return PinnedTransport(resolve) if resolve and not getproxies() else None


class PinnedTransport(httpx.BaseTransport):
    """Connects to what `resolve` allows; each hop of a redirect comes through here and is looked at anew."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url
        try:
            addresses = self._resolve(name.host, name.port or (443 if name.scheme == "https" else 80))
        except OSError as exc:
            raise httpx.ConnectError(str(exc), request=request) from exc
        if not addresses:
            return self._transport.handle_request(request)
        extensions = {**request.extensions, "sni_hostname": name.host}
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            there = httpx.Request(
                request.method,
                name.copy_with(host=address),
                headers=request.headers,  # its Host is the name's
                stream=request.stream,
                extensions=extensions,
            )
            try:
                return self._transport.handle_request(there)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not last:
                    raise
        raise AssertionError  # the loop returns or raises

    def close(self) -> None:
        self._transport.close()

"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """Return the address of the browser, or None behind a unix socket.

    X-Forwarded-For is believed only as far as our own `settings.TRUSTED_PROXIES` wrote it: each of them appends the
    address it saw, so with one proxy the last entry counts, whatever the browser wrote before it.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    chain = [*filter(None, map(str.strip, request.headers.get("x-forwarded-for", "").split(","))), peer]
    trusted = settings.TRUSTED_PROXIES
    seen = chain[-1 - trusted] if len(chain) > trusted else peer
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return None

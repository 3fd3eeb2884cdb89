"""Which addresses the studio may call because somebody typed them in."""

from __future__ import annotations

import ipaddress
import socket
import time
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

RESOLVED_FOR = 60  # seconds an answer of the name server is used: live speech asks before every take

# Translated by a gateway to the IPv4 address they end with (RFC 6052), or once meant as that (RFC 4291).
HOLD_IPV4_AT_THEIR_END = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


class AddressRefusedError(Exception):
    """The studio must not, or cannot, call this address. `str(error)` may be shown."""


@lru_cache(maxsize=64)
def _resolve(host: str, port: int, _period: int) -> frozenset[str]:
    return frozenset(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if any(ip in network for network in HOLD_IPV4_AT_THEIR_END):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner:
            return inner.is_global and not inner.is_multicast
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


def may_follow(url: str) -> bool:
    """Whether a link in somebody's answer may be opened."""
    try:
        check_address(url)
    except AddressRefusedError:
        return False
    return True


def check_base_address(url: str) -> None:
    """`check_address` for an address that paths are appended to."""
    if "?" in url or "#" in url:
        raise AddressRefusedError(_("An address looks like https://api.example.com, without a password or a query."))
    check_address(url)


def check_address(url: str) -> None:
    """Raise AddressRefusedError unless `url` is https and every address behind its name is public.

    A name that changes its address between this check and the call gains little: the call still demands a valid
    certificate for that name. `settings.ALLOW_PRIVATE_ENDPOINTS` lifts the rule for whoever runs the studio.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise AddressRefusedError(_("This is not an address.")) from exc
    if parts.scheme not in {"http", "https"} or not host or parts.username:
        raise AddressRefusedError(_("An address looks like https://api.example.com, without a password or a query."))
    if settings.ALLOW_PRIVATE_ENDPOINTS:
        return
    if parts.scheme != "https":
        raise AddressRefusedError(_("The address must begin with https://, or the key would travel unprotected."))
    try:
        addresses = _resolve(host, port or 443, int(time.monotonic() // RESOLVED_FOR))
    except (OSError, UnicodeError) as exc:
        raise AddressRefusedError(_("No server is known under this name.")) from exc
    if not all(map(_is_public, addresses)):
        raise AddressRefusedError(
            _("This address lies inside a private network, where the studio does not send requests for anybody.")
        )

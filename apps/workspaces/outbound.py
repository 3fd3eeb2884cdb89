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


class AddressNotPublicError(OSError):
    """A name leads into a private network, or nowhere."""


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


def check_address(url: str, *, knows_private_hosts: bool = True) -> None:
    """Raise AddressRefusedError unless `url` is https and every address behind its name is public.

    `settings.ALLOW_PRIVATE_ENDPOINTS` lifts the rule for whoever runs the studio; `settings.PRIVATE_HOSTS` for the
    hosts named there, where `knows_private_hosts`. Who then calls the address connects to what `resolve` gives at that
    moment: between this check and the call a name may have moved.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise AddressRefusedError(_("This is not an address.")) from exc
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise AddressRefusedError(_("An address looks like https://api.example.com, without a password or a query."))
    port = port or (443 if parts.scheme == "https" else 80)
    if settings.ALLOW_PRIVATE_ENDPOINTS or (knows_private_hosts and _is_named(host, port)):
        return
    if parts.scheme != "https":
        raise AddressRefusedError(_("The address must begin with https://, or what is sent would travel unprotected."))
    _check_host(host, port)


def resolve(host: str, port: int) -> list[str]:
    """The addresses that a request to a host somebody named may be sent to; none: connect as usual.

    Raises AddressNotPublicError, an OSError, where one of them is not public.
    """
    return [] if _is_named(host, port) else resolve_public(host, port)


def resolve_public(host: str, port: int) -> list[str]:
    """`resolve` without regard to `settings.PRIVATE_HOSTS`."""
    if settings.ALLOW_PRIVATE_ENDPOINTS:
        return []
    try:
        return _check_host(host, port)
    except AddressRefusedError as exc:
        raise AddressNotPublicError(str(exc)) from exc


def _check_host(host: str, port: int) -> list[str]:
    """Its addresses, those of IPv4 first: a dead IPv6 route would eat the time. Raises AddressRefusedError."""
    try:
        addresses = _resolve(host, port, int(time.monotonic() // RESOLVED_FOR))
    except (OSError, UnicodeError) as exc:
        raise AddressRefusedError(_("No server is known under this name.")) from exc
    if not addresses or not all(map(_is_public, addresses)):
        raise AddressRefusedError(
            _("This address lies inside a private network, where the studio does not send requests for anybody.")
        )
    return sorted(addresses, key=lambda address: (":" in address, address))


def _is_named(host: str, port: int) -> bool:
    """Whether whoever runs the studio named this host, or this host with this port."""
    shown = f"[{host}]" if ":" in host else host
    return bool({shown.lower(), f"{shown.lower()}:{port}"} & set(settings.PRIVATE_HOSTS))

"""Where MiniMax is and with which key."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from apps.minimax import messages
from apps.minimax.errors import AuthenticationError, InvalidRequestError

HOSTS = {"global": "https://api.minimax.io", "mainland": "https://api.minimaxi.com"}
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Endpoint:
    """A base URL with its key. A key works only on the host of its own region."""

    base_url: str  # scheme and host, without /v1
    api_key: str = field(repr=False)
    # Whether a link in an answer may be opened; None where the host is trusted, as MiniMax's own are. Blocks.
    may_follow: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)
    # Host and port → the addresses that may be connected to, none to connect as usual; OSError where there are none
    # that may. Blocks. None where the host is trusted.
    resolve: Callable[[str, int], list[str]] | None = field(default=None, repr=False, compare=False)
    needs_key: bool = True  # a chat server of one's own may be open to whoever reaches it

    @property
    def extensions(self) -> dict[str, Any]:
        """What a request takes along so that it goes to an address that was looked at."""
        return {"resolve": self.resolve} if self.resolve else {}

    @property
    def headers(self) -> dict[str, str]:
        """Raises AuthenticationError for a key that cannot be sent at all; nothing was sent then."""
        key = self.api_key.strip()
        if not key and not self.needs_key:
            return {}
        if not key or not key.isascii() or not key.isprintable():
            raise AuthenticationError(messages.KEY_UNREADABLE)
        return {"Authorization": f"Bearer {key}"}

    def url(self, path: str) -> str:
        """Raises InvalidRequestError when the base URL is not an http(s) address."""
        base = self.base_url.strip().rstrip("/")
        try:
            parts = urlsplit(base)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise InvalidRequestError(messages.ADDRESS_UNUSABLE, next_step=messages.CHECK_ADDRESS)
        return base + path

    def websocket_url(self, path: str) -> str:
        return "ws" + self.url(path).removeprefix("http")

    @property
    def is_loopback(self) -> bool:
        host = urlsplit(self.base_url.strip()).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

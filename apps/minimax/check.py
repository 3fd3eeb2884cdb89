"""Does this key work, and where?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import httpx

from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import HOSTS, Endpoint
from apps.minimax.errors import AuthenticationError, BalanceError, MiniMaxError, QuotaError, RateLimitError

CHECK_S = 10.0  # how long a region may be silent


@dataclass(frozen=True)
class KeyCheck:
    region: Literal["global", "mainland"] | None
    error: MiniMaxError | None  # why there is no region


def check_endpoint(endpoint: Endpoint, *, transport: httpx.BaseTransport | None = None) -> None:
    """Try the key with a call that costs nothing. Raises the MiniMaxError that it met.

    A key that only lacks balance or quota, or comes too often, is a working key.
    """
    with MiniMaxClient(endpoint, transport, read_s=CHECK_S) as client:
        try:
            client.post("/v1/get_voice", {"voice_type": "voice_cloning"})
        except (BalanceError, QuotaError, RateLimitError) as error:
            if error.code is None:  # the refusal of a gateway, which has not looked at the key
                raise


def check_key(api_key: str, *, transport: httpx.BaseTransport | None = None) -> KeyCheck:
    """Find the region in which a key works; nothing in the key itself tells.

    When no region takes it, the error of a region that could not be asked outweighs a refusal by the other.
    """
    errors: list[MiniMaxError] = []
    for region, host in HOSTS.items():
        try:
            check_endpoint(Endpoint(host, api_key), transport=transport)
        except MiniMaxError as error:
            errors.append(error)
        else:
            return KeyCheck("mainland" if region == "mainland" else "global", None)
    undecided = [error for error in errors if not isinstance(error, AuthenticationError)]
    return KeyCheck(None, (undecided or errors)[0])

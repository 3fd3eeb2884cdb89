"""How much may be written on one shared page, where nobody has signed in."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from apps.accounts.addresses import client_ip
from apps.sharing.models import Share

NOTES_OF_A_SHARE = 500
GUESTS_OF_A_SHARE = 100
WINDOW_S = 300
FROM_ONE_ADDRESS = 20  # in the window
ON_ONE_SHARE = 100


def may_write_now(request: HttpRequest, share: Share) -> bool:
    """Count one attempt. The address is only ever a keyed hash in the cache, gone with the window."""
    address = salted_hmac("reviews.limits", client_ip(request) or "").hexdigest()[:24]
    counts = [_count(f"reviews.{share.pk}.{address}"), _count(f"reviews.{share.pk}")]
    return counts[0] <= FROM_ONE_ADDRESS and counts[1] <= ON_ONE_SHARE


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW_S)
    try:
        return cache.incr(key)
    except ValueError:  # the window ended in between
        return 1

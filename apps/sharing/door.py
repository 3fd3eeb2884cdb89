"""The page before a link that has a password or ends after so many openings, and the pass that a browser gets there."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.accounts.addresses import client_ip
from apps.sharing.models import Share

SALT = "apps.sharing.door"
PASS_LIVES_S = 12 * 3600  # as long one browser's visit counts as one opening
WINDOW_S = 600
FROM_ONE_ADDRESS = 8  # wrong passwords in the window
FOR_ONE_LINK = 100


def _cookie(link: Share) -> str:
    """One cookie for each link: where somebody has been says nothing to another."""
    return f"share_{salted_hmac(SALT, str(link.pk)).hexdigest()[:12]}"


def _worth(link: Share) -> str:
    """Another password, or another address, and passes that were given out are worth nothing."""
    return salted_hmac(SALT, f"{link.token_hash} {link.password}").hexdigest()[:32]


def has_pass(request: HttpRequest, link: Share) -> bool:
    shown = request.get_signed_cookie(_cookie(link), default="", salt=SALT, max_age=PASS_LIVES_S)
    return constant_time_compare(shown or "", _worth(link))


def give_pass(response: HttpResponseBase, link: Share) -> None:
    response.set_signed_cookie(
        _cookie(link),
        _worth(link),
        salt=SALT,
        max_age=PASS_LIVES_S,
        path="/s/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def may_try(request: HttpRequest, link: Share) -> bool:
    """Whether a password is looked at: wrong ones are counted for the link, and for the link and the address."""
    return all(cache.get(key, 0) < most for key, most in _counters(request, link))


def is_right(request: HttpRequest, link: Share, password: str) -> bool:
    if not link.password or check_password(password, link.password):
        return True
    for key, _most in _counters(request, link):
        cache.add(key, 0, WINDOW_S)
        try:
            cache.incr(key)
        except ValueError:  # the window ended in between
            cache.add(key, 1, WINDOW_S)
    return False


def _counters(request: HttpRequest, link: Share) -> list[tuple[str, int]]:
    """The address is only ever a keyed hash in the cache, gone with the window."""
    address = salted_hmac(SALT, client_ip(request) or "").hexdigest()[:24]
    return [(f"door.{link.pk}.{address}", FROM_ONE_ADDRESS), (f"door.{link.pk}", FOR_ONE_LINK)]


def take_opening(link: Share) -> bool:
    """Count one opening of those that are left; False when another guest took the last one."""
    if link.max_views is None:
        return True
    return bool(Share.objects.filter(pk=link.pk, views__lt=F("max_views")).update(views=F("views") + 1))

"""Which guest a browser is: said by a cookie that only we can have written."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from apps.reviews.models import Guest
from apps.sharing.models import Share

LIVES_S = 90 * 24 * 3600
SALT = "apps.reviews.guests"


def _name_of(share: Share) -> str:
    """One cookie for each link: what somebody is called on one page says nothing to another."""
    return f"review_{salted_hmac(SALT, str(share.pk)).hexdigest()[:12]}"


def find_guest(request: HttpRequest, share: Share) -> Guest | None:
    value = request.get_signed_cookie(_name_of(share), default="", salt=SALT, max_age=LIVES_S)
    try:
        return Guest.objects.filter(pk=uuid.UUID(value), share=share).first()
    except ValueError:
        return None


def remember(response: HttpResponseBase, guest: Guest) -> None:
    response.set_signed_cookie(
        _name_of(guest.share),
        str(guest.pk),
        salt=SALT,
        max_age=LIVES_S,
        path="/s/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase, share: Share) -> None:
    response.delete_cookie(_name_of(share), path="/s/", samesite="Lax")

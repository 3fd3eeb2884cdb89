"""A second factor beside the password: codes of an app, passkeys, recovery codes. Done by allauth, in our words.

Its secrets are sealed like API keys. A workspace may demand one of all its members.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import segno
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect

from apps.workspaces.models import Membership
from apps.workspaces.sealing import SealBrokenError, seal, unseal

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one of these


class SecondFactorAdapter(DefaultMFAAdapter):
    """How allauth's second factor behaves in this studio."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("That did not fit. Codes change every 30 seconds: try the newest one."),
    }

    def get_totp_issuer(self) -> str:
        return f"Studio · {urlsplit(settings.PUBLIC_URL).netloc}"

    def build_totp_svg(self, url: str) -> str:
        drawing = io.BytesIO()
        segno.make(url, error="m", micro=False).save(
            drawing, kind="svg", scale=5, border=3, dark="#1b1714", light="#ffffff", xmldecl=False
        )
        return drawing.getvalue().decode()

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Empty when the secret that sealed it is lost: no code fits then, and a recovery code does not either."""
        try:
            return unseal(encrypted_text)
        except SealBrokenError:
            return ""

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number} if number > 1 else _("My passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Studio"}


def has_one(user: Any) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def who_has_one(user_ids: Iterable[int]) -> set[int]:
    found = Authenticator.objects.filter(user_id__in=list(user_ids), type__in=FACTORS)
    return set(found.values_list("user_id", flat=True))


def is_missing(member: Membership) -> bool:
    """Whether the workspace demands what this member does not have."""
    return member.workspace.demands_second_factor and not has_one(member.user)


def way_to_it(request: Any, member: Membership) -> HttpResponse:
    if request.method == "GET":
        text = _("%(workspace)s lets in only people with a second factor. Add one here, then go on.")
        messages.warning(request, text % {"workspace": member.workspace.name})
    url = reverse("mfa_index")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.addresses import client_ip


class AccountAdapter(DefaultAccountAdapter):
    """How allauth behaves in this studio."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP_OPEN  # people join by invitation, see apps.workspaces

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "::"  # behind a unix socket there is none, and the column wants one

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # With the studio's own address: the one that was called, and its port, is chosen by whoever asks for the mail.
        links = {
            name: settings.PUBLIC_URL + urlsplit(str(value)).path
            for name, value in context.items()
            if name.endswith("_url")
        }
        host = urlsplit(settings.PUBLIC_URL).netloc
        super().send_mail(template_prefix, email, context | links | {"current_site": {"name": host, "domain": host}})

from __future__ import annotations

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

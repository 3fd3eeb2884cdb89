from __future__ import annotations

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from apps.accounts.addresses import client_ip

NOTED_EVERY = 300  # seconds; the sessions page says "last seen" to within this


class SessionActivityMiddleware:
    """Notes when and from where a session was last used.

    Takes the place of allauth's own, which writes to the database on every request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.session.session_key:
            noted_at, noted_ip = request.session.get("seen", (0, None))
            ip = client_ip(request)
            if time.time() - noted_at > NOTED_EVERY or ip != noted_ip:
                request.session["seen"] = (int(time.time()), ip)
                UserSession.objects.create_from_request(request)
        return self.get_response(request)


class PreferencesMiddleware:
    """Shows every page in the person's own time zone and language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        if request.user.language:
            translation.activate(request.user.language)  # LocaleMiddleware, further out, resets it with each request
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(ZoneInfo(request.user.time_zone)):
            return self.get_response(request)

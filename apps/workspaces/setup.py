"""The first visit: whoever opens the studio first becomes its owner."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services import create_person
from apps.workspaces.audit import record
from apps.workspaces.connections import Choice, connect
from apps.workspaces.models import Installation, Membership
from apps.workspaces.services import create_workspace
from studio.config import read_or_make_secret


class AlreadySetUpError(Exception):
    """Somebody else was quicker."""


def is_done() -> bool:
    return User.objects.exists()


def link() -> str:
    """The address of the setup page, with the token that it needs when others can reach this studio."""
    path = settings.PUBLIC_URL + reverse("setup")
    return f"{path}?token={read_or_make_secret(settings.SETUP_TOKEN_PATH)}" if settings.SETUP_TOKEN_PATH else path


def is_allowed(token: str) -> bool:
    """Whether the visitor may set up: anyone on a studio that only this machine can reach, else who has the token."""
    if not settings.SETUP_TOKEN_PATH:
        return True
    return hmac.compare_digest(token.encode(), read_or_make_secret(settings.SETUP_TOKEN_PATH).encode())


def set_up(
    *,
    name: str,
    email: str,
    password: str,
    workspace: str,
    choice: Choice,
    time_zone: str = "UTC",
    request: HttpRequest,
) -> Membership:
    """Make the owner, the workspace and its connection, all or nothing. Raises AlreadySetUpError."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                Installation.objects.create()  # a second one has to wait here for the first, and then fails
        except IntegrityError as exc:
            raise AlreadySetUpError from exc
        if is_done():
            raise AlreadySetUpError
        user = create_person(name=name, email=email, password=password, time_zone=time_zone)
        member = create_workspace(user, workspace, request)
        record(member, "studio.set_up", request=request)
        connect(member, choice, request)
    if settings.SETUP_TOKEN_PATH:
        settings.SETUP_TOKEN_PATH.unlink(missing_ok=True)
    return member

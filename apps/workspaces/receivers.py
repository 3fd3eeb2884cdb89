"""What allauth does to people is written to the audit log, and takes their open sockets away."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.workspaces.audit import record
from apps.workspaces.events import session_ended, sessions_ended


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(user, "signin.succeeded", request=request)


@receiver(user_login_failed)
def note_failed_sign_in(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # What was typed is not kept: it may be a password in the wrong field.
    user = User.objects.filter(email=str(credentials.get("email", "")).lower()).first()
    record(user, "signin.failed", request=request)


@receiver(user_logged_out)
def note_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record(user, "signin.ended", request=request)
        if request.session.session_key:
            session_ended(user.pk, request.session.session_key)


@receiver(post_delete, sender=UserSession)
def close_sockets_of_session(instance: UserSession, **kwargs: Any) -> None:
    session_ended(instance.user_id, instance.session_key)


@receiver(password_changed)
def note_new_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(user, "password.changed", request=request)
    sessions_ended(user.pk)


@receiver(password_reset)
def note_password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(user, "password.reset", request=request)
    sessions_ended(user.pk)


@receiver(authenticator_added)
def note_second_factor(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record(user, "second_factor.added", subject=authenticator.get_type_display(), request=request)


@receiver(authenticator_removed)
def note_no_second_factor(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Its open sockets go too: where a second factor is demanded they come back only with another one."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record(user, "second_factor.removed", subject=authenticator.get_type_display(), request=request)
        sessions_ended(user.pk)


@receiver(authenticator_reset)
def note_new_codes(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(user, "second_factor.codes", request=request)


@receiver(authentication_failed)
def note_failed_second_factor(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(user, "second_factor.failed", request=request)

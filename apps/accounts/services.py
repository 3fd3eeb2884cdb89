"""What people can do about their accounts, beyond what allauth does."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.account.utils import perform_login
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import User


class EmailTakenError(Exception):
    """Somebody already signs in with this address."""


def create_person(*, name: str, email: str, password: str, time_zone: str = "UTC") -> User:
    """Make an account that can sign in at once. Raises EmailTakenError."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name, time_zone=time_zone)
            # Not verified by a mail: whoever runs the studio may have no mail server, and let this person in anyway.
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
            return user
    except IntegrityError as exc:
        raise EmailTakenError from exc


def sign_in(request: HttpRequest, user: User, *, to: str) -> HttpResponse:
    """Start a session and return the way to `to`."""
    return perform_login(request, user, redirect_url=to)


def open_sessions(user: User) -> list[UserSession]:
    """Return where the person is signed in, most recently used first."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda session: session.last_seen_at, reverse=True)


def end_sessions(user: User, *, pk: int | None = None, but: str | None = None) -> int:
    """Sign the person out in session `pk`, or everywhere but in the one with the key `but`. Returns how many."""
    sessions = UserSession.objects.filter(user=user)
    sessions = sessions.filter(pk=pk) if pk is not None else sessions.exclude(session_key=but)
    for session in (ended := list(sessions)):
        session.end()
    return len(ended)

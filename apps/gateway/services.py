"""Tokens and the programs that carry them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.gateway.models import ApiToken, ServiceAccount
from apps.workspaces import second_factor
from apps.workspaces.audit import record
from apps.workspaces.models import Membership, Role
from apps.workspaces.refusals import ActRefusedError
from apps.workspaces.services import remove_member

PREFIX = "studio_"  # so that scanners of secrets know one when they see it
MOST_TOKENS = 50  # in force, of one workspace
USED_EVERY = timedelta(minutes=1)  # how exactly the last use is kept
CALLS = 300  # of one token in WINDOW_S
FAILURES = 60  # from one address, without a token in force
WINDOW_S = 60
SERVICE_ROLES = (Role.CREATOR, Role.VIEWER)  # a program manages nobody


class TooManyTokensError(ActRefusedError):
    def __init__(self) -> None:
        super().__init__(_("A workspace has at most %(most)d tokens in force. End one first.") % {"most": MOST_TOKENS})


class SecondFactorMissingError(Exception):
    def __init__(self) -> None:
        super().__init__(_("This workspace demands a second factor. Add one to your account; the token works then."))


@dataclass(frozen=True)
class Admitted:
    """Who is let in."""

    token: ApiToken
    member: Membership


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make_token(
    member: Membership,
    whose: Membership,
    *,
    name: str,
    scopes: Sequence[str],
    days: int | None,
    request: HttpRequest | None = None,
) -> tuple[ApiToken, str]:
    """A token in the name of `whose`, and its secret, which is known at this moment only. Raises TooManyTokensError."""
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if ApiToken.objects.visible_to(member).in_force().count() >= MOST_TOKENS:
            raise TooManyTokensError
        token = ApiToken.objects.create(
            workspace=member.workspace,
            user=whose.user,
            name=name,
            digest=digest_of(secret),
            beginning=secret[: len(PREFIX) + 4],
            scopes=list(scopes),
            created_by=member.user,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
        record(member, "token.made", subject=f"{name} · {whose.user}", request=request)
    return token, secret


def end_token(member: Membership, token: ApiToken, request: HttpRequest | None = None) -> None:
    """From now on it opens nothing. Its row stays for the record."""
    if ApiToken.objects.filter(pk=token.pk, ended_at=None).update(ended_at=timezone.now()):
        record(member, "token.ended", subject=token.name, request=request)


def tokens_for(member: Membership) -> list[ApiToken]:
    """Those in force: a person's own, and for whoever manages the workspace everybody's."""
    found = ApiToken.objects.visible_to(member).in_force().select_related("user").order_by("-pk")
    return list(found if member.may("manage") else found.filter(user=member.user))


def admit(secret: str) -> Admitted | None:
    """Whom a token stands for, if it is in force and its member may come in now. Notes that it was used.

    Raises SecondFactorMissingError.
    """
    token = (
        ApiToken.objects.in_force().select_related("workspace", "user").filter(digest=digest_of(secret)).first()
        if secret.startswith(PREFIX)
        else None
    )
    if token is None:
        return None
    member = (
        Membership.objects.select_related("workspace", "user")
        .filter(workspace=token.workspace_id, user=token.user_id)
        .first()
    )
    if member is None:
        return None
    if not is_service_account(token.user):
        if not token.user.is_active:
            return None
        if second_factor.is_missing(member):
            raise SecondFactorMissingError
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return Admitted(token, member)


def seconds_to_wait(key: str, most: int) -> int:
    """Count one call. 0: it may go on; otherwise the seconds until the window of `most` calls is over."""
    now = int(timezone.now().timestamp())
    key = f"gateway.{key}.{now // WINDOW_S}"
    cache.add(key, 0, WINDOW_S)
    try:
        calls = cache.incr(key)
    except ValueError:  # the window ended in between
        return 0
    return 0 if calls <= most else WINDOW_S - now % WINDOW_S


# --- service accounts -------------------------------------------------------------------------------------------------


def is_service_account(user: User) -> bool:
    """Whoever cannot sign in and is a member all the same."""
    return not user.is_active and ServiceAccount.objects.filter(user=user).exists()


@transaction.atomic
def make_service_account(
    member: Membership, *, name: str, role: str, request: HttpRequest | None = None
) -> ServiceAccount:
    """A member without a password, an address or a session."""
    user = User.objects.create_user(f"{secrets.token_hex(12)}@service.invalid", None, name=name, is_active=False)
    Membership.objects.create(workspace=member.workspace, user=user, role=role)
    account = ServiceAccount.objects.create(workspace=member.workspace, user=user, created_by=member.user)
    record(member, "service_account.made", subject=name, request=request)
    return account


def service_accounts_of(member: Membership) -> list[Membership]:
    """Their memberships, each with its account at `user.service_account`."""
    return list(
        Membership.objects.visible_to(member)
        .filter(user__service_account__workspace=member.workspace_id)
        .select_related("user__service_account", "workspace")
        .order_by("user__name", "pk")
    )


@transaction.atomic
def remove_service_account(member: Membership, account: ServiceAccount, request: HttpRequest | None = None) -> None:
    """Its tokens end and it is a member no longer; what it made stays."""
    ApiToken.objects.filter(user=account.user, ended_at=None).update(ended_at=timezone.now())
    target = Membership.everyone.filter(workspace=account.workspace_id, user=account.user).first()
    if target:
        remove_member(member, target, request)
    record(member, "service_account.removed", subject=str(account), request=request)
    account.delete()

"""Leaving the studio, and taking along what one wrote. Apps say in their `ready()` what they hold of a person.

The row of whoever leaves stays, without anything that tells who it was: what was made for a team is the team's, and
its bill must add up. It has no address that mail could reach, no password, no session, and is nobody's member.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts.models import Theme, User
from apps.accounts.services import end_sessions

Collect = Callable[[User], Iterable[Mapping[str, Any]]]
Erase = Callable[[User], None]
Object = Callable[[User], Iterable[str]]

_collections: dict[str, Collect] = {}
_erasers: list[Erase] = []
_objections: list[Object] = []

README = """What this studio holds of you, as JSON: in each file one object on a line.
Files of the library are not in it: download them there, alone or as a ZIP.
"""


class StaysError(Exception):
    """Somebody has to see to something first. `reasons`: sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def take_along(name: str, collect: Collect) -> None:
    """`collect` gives what the app holds that a person wrote or asked for; it is asked while the file is written."""
    _collections[name] = collect


def erase_by(erase: Erase) -> None:
    """`erase` runs in the transaction in which the person leaves, while they are still somebody."""
    _erasers.append(erase)


def object_by(objections: Object) -> None:
    """`objections` gives sentences: why the person cannot leave yet."""
    _objections.append(objections)


def reasons_to_stay(user: User) -> list[str]:
    return [sentence for objections in _objections for sentence in objections(user)]


def leave(user: User) -> None:
    """Erase who they are, everywhere, at once. Raises StaysError, and then nothing was changed."""
    with transaction.atomic():
        if reasons := reasons_to_stay(user):
            raise StaysError(reasons)
        for erase in _erasers:
            erase(user)
        Authenticator.objects.filter(user=user).delete()
        EmailAddress.objects.filter(user=user).delete()
        with translation.override(settings.LANGUAGE_CODE):
            user.name = _("A former member")
        user.email = f"{secrets.token_hex(12)}@gone.invalid"
        user.time_zone, user.language, user.theme = "UTC", "", Theme.AUTO
        user.is_active, user.last_login, user.joined_at = False, None, timezone.now()
        user.set_unusable_password()
        user.save()
    end_sessions(user)


def write_export(user: User) -> IO[bytes]:
    """A ZIP file, open at its beginning; it is gone when it is closed."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (the answer that sends it closes it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        for name, collect in {"account": _account, **_collections}.items():
            with archive.open(f"{name}.jsonl", "w", force_zip64=True) as target:
                for row in collect(user):
                    line = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
                    target.write(f"{line}\n".encode())
    file.seek(0)
    return file


def _account(user: User) -> Iterator[Mapping[str, Any]]:
    yield {
        "name": user.name,
        "email": user.email,
        "time_zone": user.time_zone,
        "language": user.language,
        "joined_at": user.joined_at,
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "sessions": list(
            UserSession.objects.filter(user=user).values("ip", "user_agent", "created_at", "last_seen_at")
        ),
    }

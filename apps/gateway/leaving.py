"""What somebody's leaving asks of tokens: see apps.accounts.leaving."""

from __future__ import annotations

from apps.accounts.models import User
from apps.gateway.models import ApiToken


def erase(user: User) -> None:
    ApiToken.objects.filter(user=user).delete()

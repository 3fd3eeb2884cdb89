"""What somebody's leaving asks of voices: see apps.accounts.leaving."""

from __future__ import annotations

from apps.accounts.models import User
from apps.voices.models import Favourite, ReminderMail


def erase(user: User) -> None:
    Favourite.objects.filter(person=user).delete()
    ReminderMail.objects.filter(user=user).delete()

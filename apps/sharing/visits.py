"""How often links are opened: a number for each day, and nothing about who opened them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from apps.sharing.models import DayOfViews, Share

NOBODY = re.compile(r"bot|crawl|spider|preview|slurp|facebookexternalhit|whatsapp|embedly", re.IGNORECASE)
DAYS = 30


def is_guest(request: HttpRequest, link: Share) -> bool:
    """Whether this opening counts: by a person, from outside the workspace."""
    if request.method != "GET" or "Sec-Purpose" in request.headers:
        return False
    if NOBODY.search(request.headers.get("User-Agent", "")):
        return False
    user = request.user
    return not (user.is_authenticated and user.memberships.filter(workspace_id=link.workspace_id).exists())


def count(link: Share) -> None:
    """One opening, today. Links with a limit of openings are counted at their door."""
    if link.max_views is None:
        Share.objects.filter(pk=link.pk).update(views=F("views") + 1)
    count_day(link)


def count_day(link: Share) -> None:
    today = timezone.now().date()
    same = DayOfViews.objects.filter(share=link, day=today)
    if not same.update(views=F("views") + 1):
        try:
            with transaction.atomic():
                DayOfViews.objects.create(share=link, day=today, views=1)
        except IntegrityError:  # somebody else opened it first, at this moment
            same.update(views=F("views") + 1)


@dataclass(frozen=True)
class Day:
    day: date
    views: int
    x: int  # where its bar stands and how high it is, in a drawing of 30 × 4 by 40
    height: int

    @property
    def y(self) -> int:
        return 40 - self.height


def last_days(link: Share) -> Sequence[Day]:
    """The last 30 days, the oldest first."""
    today = timezone.now().date()
    counts = dict(link.days.filter(day__gt=today - timedelta(days=DAYS)).values_list("day", "views"))
    most = max(counts.values(), default=0)
    days = []
    for place in range(DAYS):
        day = today - timedelta(days=DAYS - 1 - place)
        views = counts.get(day, 0)
        days.append(Day(day, views, place * 4, max(2, round(40 * views / most)) if views else 0))
    return days

"""News by e-mail: one mail for all that is due for a person, as text and as HTML, in their language and time zone."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.notifications.models import ByMail, Choice, Notification
from apps.workspaces.models import Membership
from apps.workspaces.news import Kind

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # a process that dies, or a server that refuses, leaves them to be sent after it
GIVEN_UP = timedelta(days=2)
MOST = 50  # in one mail
SALT = "notifications.unsubscribe"


def send_due(now: datetime) -> int:
    """Send what waits; whoever moves `mail_at` has it. Returns how many mails that were."""
    waiting: dict[int, list[int]] = defaultdict(list)
    for user_id, pk in Notification.objects.due_by_mail(now).order_by("pk").values_list("user_id", "pk"):
        waiting[user_id].append(pk)
    sent = 0
    for user_id, pks in waiting.items():
        lease = now + LEASE
        mine = [pk for pk in pks if Notification.objects.due_by_mail(now).filter(pk=pk).update(mail_at=lease)]
        if not mine:
            continue
        claimed = Notification.objects.filter(pk__in=mine, mail_at=lease)
        try:
            sent += _send(User.objects.get(pk=user_id), list(claimed.select_related("workspace").order_by("pk")))
        except (SMTPException, OSError) as error:
            log.warning("news could not be mailed: %s", error)
            claimed.filter(created_at__lt=now - GIVEN_UP).update(mail_at=None)
            continue
        claimed.update(mail_at=None)
    return sent


def _send(person: User, news: list[Notification]) -> int:
    """0: read meanwhile, or no longer theirs to know."""
    theirs = set(Membership.objects.filter(user=person).values_list("workspace_id", flat=True))
    news = [one for one in news if not one.read_at and (one.workspace_id is None or one.workspace_id in theirs)]
    if not news or not person.is_active:
        return 0
    with translation.override(person.language or settings.LANGUAGE_CODE), timezone.override(person.time_zone):
        kinds = sorted({one.kind for one in news})
        off = settings.PUBLIC_URL + unsubscribe_path(person, kinds)
        context = {
            "person": person,
            "groups": _groups(person, news[:MOST]),
            "left_out": max(0, len(news) - MOST),
            "home": settings.PUBLIC_URL + "/",
            "settings_url": settings.PUBLIC_URL + reverse("notifications_of_person"),
        }
        subject = (
            news[0].text if len(news) == 1 else ngettext("%d piece of news", "%d pieces of news", len(news)) % len(news)
        )
        mail = EmailMultiAlternatives(
            subject=" ".join(subject.split())[:200],
            body=render_to_string("emails/news.txt", context),
            to=[person.email],
            headers={
                "Message-ID": f"<news-{news[0].pk}-{news[-1].pk}@{urlsplit(settings.PUBLIC_URL).hostname or 'studio'}>",
                "List-Unsubscribe": f"<{off}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
                "Auto-Submitted": "auto-generated",
            },
        )
        mail.attach_alternative(render_to_string("emails/news.html", context), "text/html")
        mail.send()
    return 1


def _groups(person: User, news: list[Notification]) -> list[dict[str, Any]]:
    """By kind, each with the way to hear no more of it by mail."""
    return [
        {
            "label": kind.label,
            "off": settings.PUBLIC_URL + unsubscribe_path(person, [kind]),
            "news": [
                {"text": one.text, "at": one.created_at, "workspace": one.workspace, "url": _address(one)}
                for one in news
                if one.kind == kind
            ],
        }
        for kind in Kind
        if any(one.kind == kind for one in news)
    ]


def _address(one: Notification) -> str:
    return settings.PUBLIC_URL + one.url if one.url else ""


# --- no more of it ----------------------------------------------------------------------------------------------------


def unsubscribe_path(person: User, kinds: list[Any]) -> str:
    token = signing.dumps({"person": person.pk, "kinds": [str(kind) for kind in kinds]}, salt=SALT, compress=True)
    return reverse("unsubscribe", args=[token])


def read_token(token: str) -> tuple[User, list[Kind]] | None:
    """Whose mails about what. None: the address is not one of ours, or the person is gone."""
    try:
        told = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=told["person"]).first()
    kinds = [Kind(kind) for kind in told["kinds"] if kind in Kind]
    return (person, kinds) if person else None


def unsubscribe(person: User, kinds: list[Kind]) -> None:
    for kind in kinds:
        Choice.objects.update_or_create(user=person, kind=kind, defaults={"by_mail": ByMail.NEVER})
    Notification.objects.filter(user=person, kind__in=kinds).exclude(mail_at=None).update(mail_at=None)


def described(kinds: list[Kind]) -> str:
    return _(", ").join(str(kind.label) for kind in kinds)

"""Mails and push messages. What is due stands in the rows."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.notifications import mailing, pushing
from apps.notifications.models import Notification

SWEEP_EXPIRES_S = 25  # the next one does the same
KEPT_UNSHOWN = timedelta(days=7)


def ring_mails() -> None:
    sweep.apply_async(retry=False, expires=SWEEP_EXPIRES_S)


def ring_push(notification: Notification) -> None:
    push.apply_async((notification.pk,), retry=False)


@shared_task(expires=SWEEP_EXPIRES_S)
def sweep() -> None:
    now = timezone.now()
    mailing.send_due(now)
    Notification.objects.filter(is_shown=False, mail_at=None, created_at__lt=now - KEPT_UNSHOWN).delete()


@shared_task
def push(pk: int) -> None:
    notification = Notification.objects.select_related("user", "workspace").filter(pk=pk).first()
    if notification:
        pushing.push(notification, timezone.now())

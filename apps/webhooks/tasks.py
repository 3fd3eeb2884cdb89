"""Deliveries that are due. The rows say what is; a ring only hurries one along."""

from __future__ import annotations

import uuid
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.webhooks import delivering
from apps.webhooks.models import Delivery, DeliveryStatus

SWEEP_EXPIRES_S = 5  # the next one does the same
RINGS_AT_ONCE = 100
KEPT = timedelta(days=30)


def ring(delivery: Delivery) -> None:
    deliver.apply_async((str(delivery.pk),), retry=False)


@shared_task
def deliver(pk: str) -> None:
    delivering.deliver(uuid.UUID(pk), timezone.now())


@shared_task(expires=SWEEP_EXPIRES_S)
def sweep() -> None:
    """Those whose ring was lost, and those whose next try has come."""
    due = Delivery.objects.filter(status=DeliveryStatus.WAITING, next_at__lte=timezone.now())
    for delivery in due.order_by("next_at")[:RINGS_AT_ONCE]:
        ring(delivery)


@shared_task
def purge() -> None:
    """The log goes back a month."""
    over = Delivery.objects.exclude(status=DeliveryStatus.WAITING)
    over.filter(created_at__lt=timezone.now() - KEPT).delete()

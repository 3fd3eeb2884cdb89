"""What an admin can do with webhooks, and how an event becomes deliveries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.webhooks import tasks
from apps.webhooks.events import EVENTS, TEST
from apps.webhooks.models import Delivery, DeliveryStatus, Webhook
from apps.webhooks.signing import new_secret
from apps.workspaces.audit import record
from apps.workspaces.models import Membership
from apps.workspaces.refusals import ActRefusedError
from apps.workspaces.sealing import seal

MOST = 20  # webhooks of a workspace
OVERLAP = timedelta(hours=24)  # the old secret signs as well so long


def pass_on(workspace_id: int, event: str, data: Mapping[str, Any]) -> None:
    """Keep a delivery for each webhook that wants the event; a listener of `apps.workspaces.happenings`."""
    if event not in EVENTS:
        return
    for webhook in Webhook.objects.filter(workspace_id=workspace_id, is_active=True).order_by("pk"):
        if not webhook.events or event in webhook.events:
            _deliver(webhook, event, data)


def _deliver(webhook: Webhook, event: str, data: Mapping[str, Any]) -> Delivery:
    now = timezone.now()
    about = {"slug": webhook.workspace.slug, "url": f"{settings.PUBLIC_URL}/w/{webhook.workspace.slug}/"}
    message = {"type": event, "timestamp": now.isoformat(), "workspace": about, "data": dict(data)}
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str)
    made = Delivery.objects.create(
        workspace_id=webhook.workspace_id, webhook=webhook, event=event, body=body, next_at=now
    )
    transaction.on_commit(lambda: tasks.ring(made), robust=True)
    return made


def add(member: Membership, url: str, description: str, events: list[str], request: HttpRequest) -> tuple[Webhook, str]:
    """Add a webhook; its secret is returned once. Raises ActRefusedError."""
    if Webhook.objects.visible_to(member).count() >= MOST:
        raise ActRefusedError(_("A workspace has at most %(most)d webhooks.") % {"most": MOST})
    secret = new_secret()
    with transaction.atomic():
        webhook = Webhook.objects.create(
            workspace=member.workspace,
            url=url,
            description=description,
            events=events,
            secret_sealed=seal(secret),
            created_by=member.user,
        )
        record(member, "webhook.added", subject=webhook.host, request=request)
    return webhook, secret


def change(
    member: Membership,
    webhook: Webhook,
    *,
    url: str,
    description: str,
    events: list[str],
    is_active: bool,
    request: HttpRequest,
) -> None:
    webhook.url, webhook.description, webhook.events = url, description, events
    if is_active:  # a fresh start
        webhook.switched_off_at = webhook.failing_since = None
    webhook.is_active = is_active
    with transaction.atomic():
        webhook.save(update_fields=["url", "description", "events", "is_active", "switched_off_at", "failing_since"])
        if not is_active:
            _let_go(webhook)
        record(member, "webhook.changed", subject=webhook.host, request=request)


def _let_go(webhook: Webhook) -> None:
    """What waits for it is not tried any more; it can be sent again by hand."""
    waiting = Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.WAITING)
    waiting.update(status=DeliveryStatus.FAILED, next_at=None)


def remove(member: Membership, webhook: Webhook, request: HttpRequest) -> None:
    with transaction.atomic():
        record(member, "webhook.removed", subject=webhook.host, request=request)
        webhook.delete()


def renew_secret(member: Membership, webhook: Webhook, request: HttpRequest) -> str:
    """A new secret, returned once. For a day both sign, so that the receiver can change over without a gap."""
    secret = new_secret()
    webhook.old_secret_sealed, webhook.old_secret_until = webhook.secret_sealed, timezone.now() + OVERLAP
    webhook.secret_sealed = seal(secret)
    with transaction.atomic():
        webhook.save(update_fields=["secret_sealed", "old_secret_sealed", "old_secret_until"])
        record(member, "webhook.secret", subject=webhook.host, request=request)
    return secret


def send_test(member: Membership, webhook: Webhook) -> Delivery:
    """Raises ActRefusedError where the webhook is switched off."""
    if not webhook.is_active:
        raise ActRefusedError(_("This webhook is switched off."))
    return _deliver(webhook, TEST, {"sent_by": str(member.user)})


def send_again(delivery: Delivery) -> bool:
    """Begin anew with the same id and body. False: it is on its way already. Raises ActRefusedError."""
    if not delivery.webhook.is_active:
        raise ActRefusedError(_("This webhook is switched off."))
    mine = Delivery.objects.filter(pk=delivery.pk).exclude(status=DeliveryStatus.WAITING)
    if not mine.update(status=DeliveryStatus.WAITING, tries=0, next_at=timezone.now()):
        return False
    transaction.on_commit(lambda: tasks.ring(delivery), robust=True)
    return True

"""One request to a receiver: never to a private address, never along a redirect, never for longer than it may take."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

import httpx
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.minimax.pinning import PinnedTransport
from apps.webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook
from apps.webhooks.signing import headers
from apps.workspaces.news import Kind, managers, tell
from apps.workspaces.outbound import AddressRefusedError, check_address, resolve_public
from apps.workspaces.sealing import SealBrokenError, unseal

PATIENCE_S = 15.0  # for the whole of an answer
LEASE = timedelta(minutes=1)
MOST_ANSWER = 1000  # characters that the log keeps
# After the first try; then it is given up: about a day and a half in all.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600))
FAILS_FOR = timedelta(days=3)  # without one success in between: switched off
GONE = 410  # says that nobody wants to hear more


def deliver(pk: uuid.UUID, now: datetime) -> None:
    """Try it once, if it is due and nobody else does."""
    due = Delivery.objects.filter(pk=pk, status=DeliveryStatus.WAITING, next_at__lte=now)
    if not due.update(next_at=now + LEASE, tries=F("tries") + 1):
        return
    delivery = Delivery.objects.select_related("webhook__workspace").get(pk=pk)
    webhook = delivery.webhook
    began = time.monotonic()
    status_code, answer = _send(delivery, now)
    attempt = Attempt(
        delivery=delivery,
        status_code=status_code,
        answer=answer.replace("\0", "")[:MOST_ANSWER],
        duration_ms=round((time.monotonic() - began) * 1000),
    )
    is_delivered = status_code is not None and 200 <= status_code < 300
    with transaction.atomic():
        attempt.save()
        mine = Delivery.objects.filter(pk=pk, status=DeliveryStatus.WAITING)
        if is_delivered:
            mine.update(status=DeliveryStatus.DELIVERED, next_at=None)
            Webhook.objects.filter(pk=webhook.pk).exclude(failing_since=None).update(failing_since=None)
            return
        if delivery.tries > len(PAUSES):
            mine.update(status=DeliveryStatus.FAILED, next_at=None)
        else:
            mine.update(next_at=now + PAUSES[delivery.tries - 1])
        Webhook.objects.filter(pk=webhook.pk, failing_since=None).update(failing_since=now)
        if status_code == GONE or (webhook.failing_since and now - webhook.failing_since > FAILS_FOR):
            _switch_off(webhook, now)


def _send(delivery: Delivery, now: datetime) -> tuple[int | None, str]:
    """The status of the answer and its beginning; no status and why where none came."""
    webhook, body = delivery.webhook, delivery.body.encode()
    try:
        check_address(webhook.url, knows_private_hosts=False)
        signed = headers(_secrets(webhook, now), f"msg_{delivery.pk.hex}", int(now.timestamp()), body)
        return _post(webhook.url, body, signed)
    except AddressRefusedError as exc:
        return None, str(exc)
    except SealBrokenError:
        return None, _("This server cannot read the secret any more. Make a new one.")
    except httpx.TimeoutException:
        return None, _("No answer within %(seconds)d seconds.") % {"seconds": PATIENCE_S}
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        return None, _("No connection: %(why)s") % {"why": str(exc) or type(exc).__name__}


def _post(url: str, body: bytes, signed: dict[str, str]) -> tuple[int, str]:
    sent = {
        **signed,
        "Content-Type": "application/json",
        "User-Agent": "Studio-Webhooks/1",
        "Accept-Encoding": "identity",
    }
    end = time.monotonic() + PATIENCE_S
    with (
        httpx.Client(transport=PinnedTransport(resolve_public), timeout=httpx.Timeout(PATIENCE_S, connect=5)) as http,
        http.stream("POST", url, content=body, headers=sent) as response,
    ):
        answer = b""
        for piece in response.iter_raw():
            answer += piece
            if len(answer) > 4 * MOST_ANSWER:  # nobody reads on; the connection is closed
                break
            if time.monotonic() > end:
                raise httpx.ReadTimeout("The answer has no end.")
        return response.status_code, answer.decode(errors="replace")


def _secrets(webhook: Webhook, now: datetime) -> list[str]:
    known = [unseal(webhook.secret_sealed)]
    if webhook.old_secret_sealed and webhook.old_secret_until and now < webhook.old_secret_until:
        known.append(unseal(webhook.old_secret_sealed))
    return known


def _switch_off(webhook: Webhook, now: datetime) -> None:
    if not Webhook.objects.filter(pk=webhook.pk, is_active=True).update(is_active=False, switched_off_at=now):
        return
    Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.WAITING).update(
        status=DeliveryStatus.FAILED, next_at=None
    )
    workspace = webhook.workspace
    text = format_lazy(
        gettext_lazy("The webhook {webhook} of {workspace} was switched off: its receiver has failed for long."),
        webhook=str(webhook),
        workspace=workspace.name,
    )
    tell(
        managers(workspace),
        workspace,
        text,
        reverse("webhooks:webhook", args=[workspace.slug, webhook.pk]),
        kind=Kind.CONNECTION,
    )

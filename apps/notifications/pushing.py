"""News to the browsers of a person that take push messages, also where no page of the studio is open."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.db import transaction

from apps.accounts.devices import describe
from apps.accounts.models import User
from apps.minimax.pinning import PinnedTransport
from apps.notifications import web_push
from apps.notifications.choosing import is_quiet, timing_of
from apps.notifications.models import Device, Notification
from apps.workspaces.outbound import AddressRefusedError, check_address, resolve_public

log = logging.getLogger(__name__)

MOST_DEVICES = 20
KEPT_S = 24 * 3600  # how long a push service holds a message for a browser that is away
GONE = (404, 410)


class DeviceRefusedError(Exception):
    """What the browser named cannot be used."""


def add_device(person: User, endpoint: str, p256dh: str, auth: str, user_agent: str) -> Device:
    """Raises DeviceRefusedError."""
    try:
        check_address(endpoint, knows_private_hosts=False)
        web_push.encrypt(b"", web_push.to_bytes(p256dh), web_push.to_bytes(auth))
    except (AddressRefusedError, ValueError) as exc:
        raise DeviceRefusedError(str(exc)) from exc
    if len(endpoint) > 700 or len(web_push.to_bytes(auth)) != 16:
        raise DeviceRefusedError("The subscription is not one of RFC 8291.")
    kept = {"user": person, "p256dh": p256dh, "auth": auth, "label": str(describe(user_agent))[:100]}
    with transaction.atomic():
        device, _created = Device.objects.update_or_create(endpoint=endpoint, defaults=kept)
        old = Device.objects.filter(user=person).order_by("-pk")[MOST_DEVICES:]
        Device.objects.filter(pk__in=[device.pk for device in old]).delete()
    return device


def push(notification: Notification, now: datetime) -> int:
    """Returns how many browsers took it. In the quiet hours nothing is pushed, and nothing is pushed later."""
    person = notification.user
    if is_quiet(timing_of(person), now.astimezone(ZoneInfo(person.time_zone))):
        return 0
    message = {
        "title": notification.workspace.name if notification.workspace else "Studio",
        "body": notification.text[:300],
        "url": notification.url or "/",
        "tag": f"news-{notification.pk}",
    }
    body = json.dumps(message, ensure_ascii=False).encode()
    return sum(_send(device, body) for device in Device.objects.filter(user=person))


def _send(device: Device, body: bytes) -> bool:
    try:
        check_address(device.endpoint, knows_private_hosts=False)
        contact = f"mailto:{settings.DEFAULT_FROM_EMAIL}"
        headers = {
            "Authorization": web_push.authorization(device.endpoint, contact),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
        }
        content = web_push.encrypt(body, web_push.to_bytes(device.p256dh), web_push.to_bytes(device.auth))
        with (
            httpx.Client(transport=PinnedTransport(resolve_public), timeout=10) as http,
            http.stream("POST", device.endpoint, content=content, headers=headers) as response,
        ):
            status = response.status_code
    except (AddressRefusedError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
        log.info("a push message could not be sent: %s", error)
        return False
    if status in GONE:
        Device.objects.filter(pk=device.pk).delete()
    return 200 <= status < 300

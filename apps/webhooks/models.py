from __future__ import annotations

import uuid
from typing import ClassVar
from urllib.parse import urlsplit

import uuid_utils.compat
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet


def new_id() -> uuid.UUID:
    return uuid_utils.compat.uuid7()


class Webhook(models.Model):
    """An address of the team's own that is told what happens in the workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("what it is for"), max_length=100, blank=True)
    events = models.JSONField(default=list)  # names of EVENTS; none: all
    secret_sealed = models.TextField()
    old_secret_sealed = models.TextField(blank=True)  # signs as well until `old_secret_until`
    old_secret_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True)  # of the first failure after the last success
    switched_off_at = models.DateTimeField(null=True)  # by the studio, after failing for long
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.description or self.host

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", _("On its way")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Not delivered")


class Delivery(models.Model):
    """One event for one webhook. Its id stays the same however often it is sent: receivers know a repeat by it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    body = models.TextField()  # as it is signed, byte for byte
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)  # since it was made, or was sent again by hand
    next_at = models.DateTimeField(null=True)  # None: nothing more is tried
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(status="waiting"), name="webhooks_due"),
            models.Index(fields=["webhook", "-id"], name="deliveries_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class Attempt(models.Model):
    """One request and what came back."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(auto_now_add=True)
    status_code = models.PositiveSmallIntegerField(null=True)  # None: no answer
    answer = models.TextField(blank=True)  # its beginning, or why there was none
    duration_ms = models.PositiveIntegerField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.status_code or '–'} {self.duration_ms} ms"

from __future__ import annotations

from datetime import datetime, time
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import Membership, Workspace
from apps.workspaces.news import Kind


class NotificationQuerySet(models.QuerySet):
    def for_member(self, member: Membership) -> Self:
        """What the person sees in this workspace: its own news, and what belongs to none."""
        return self.filter(
            models.Q(workspace_id=member.workspace_id) | models.Q(workspace=None),
            user_id=member.user_id,
            is_shown=True,
        ).order_by("-pk")

    def due_by_mail(self, now: datetime) -> Self:
        return self.filter(mail_at__lte=now)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(models.Model):
    """One sentence for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEAM)
    text = models.CharField(max_length=500)
    url = models.CharField(max_length=300, blank=True)  # a path of ours
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    is_shown = models.BooleanField(default=True)  # in the app; otherwise it is only mailed or pushed
    mail_at = models.DateTimeField(null=True)  # when it is due by e-mail; None: never, or no more

    objects: ClassVar = NotificationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="news_of_person"),
            models.Index(fields=["mail_at"], condition=models.Q(mail_at__isnull=False), name="news_due_by_mail"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="unread_news_of_person"),
        ]

    def __str__(self) -> str:
        return self.text


class ByMail(models.TextChoices):
    NEVER = "never", _("Never")
    AT_ONCE = "at_once", _("At once")
    HOURLY = "hourly", _("Once an hour, together")
    DAILY = "daily", _("Once a day, together")


class Choice(models.Model):
    """How one person wants to be told of one kind of news. Without a row: see `choosing.DEFAULTS`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    in_app = models.BooleanField(default=True)
    by_mail = models.CharField(max_length=7, choices=ByMail, default=ByMail.NEVER)
    by_push = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_choice_per_kind")]

    def __str__(self) -> str:
        return f"{self.user} {self.kind}"


class Timing(models.Model):
    """When a person may be disturbed, in their own time zone."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    daily_at = models.TimeField(_("the daily mail comes at"), default=time(8))

    def __str__(self) -> str:
        return f"{self.user}"


class Device(models.Model):
    """A browser that takes push messages (RFC 8030)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=700, unique=True)  # an address named by the browser
    p256dh = models.CharField(max_length=120)  # its public key, base64url
    auth = models.CharField(max_length=40)  # its secret of 16 bytes, base64url
    label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label

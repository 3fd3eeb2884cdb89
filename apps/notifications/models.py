from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from apps.workspaces.models import Membership, Workspace
from apps.workspaces.news import Kind


class NotificationQuerySet(models.QuerySet):
    def for_member(self, member: Membership) -> Self:
        """What the person sees in this workspace: its own news, and what belongs to none."""
        return self.filter(
            models.Q(workspace_id=member.workspace_id) | models.Q(workspace=None), user_id=member.user_id
        ).order_by("-pk")

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

    objects: ClassVar = NotificationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="news_of_person"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="unread_news_of_person"),
        ]

    def __str__(self) -> str:
        return self.text

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.library.models import Asset, ClaimQuerySet, new_id
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class KnownFile(models.Model):
    """What the studio knows of a file at MiniMax: whose it is, and its purpose, without which it can do nothing there.

    A row is only memory. Whether the file is still there, MiniMax alone can say.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="known_files")
    connection = models.CharField(max_length=255)  # apps.files.account: ids of one account mean nothing to another
    file_id = models.CharField(max_length=64)  # text: they outgrow what JavaScript can count
    purpose = models.CharField(max_length=40)
    filename = models.CharField(max_length=255, blank=True)
    bytes = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)  # at MiniMax
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")  # the same bytes in the library
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")  # what it was uploaded for
    gone_at = models.DateTimeField(null=True)  # deleted by us, or found missing

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "connection", "file_id"], name="one_known_file_per_id")
        ]
        indexes = [models.Index(fields=["connection", "file_id"], name="known_files_by_id")]

    def __str__(self) -> str:
        return self.filename or self.file_id


class Listing(models.Model):
    """What MiniMax said when it was last asked for the files of one purpose."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    connection = models.CharField(max_length=255)
    purpose = models.CharField(max_length=40)
    fetched_at = models.DateTimeField()
    files = models.JSONField(null=True)  # None: it has no list; [{file_id, filename, bytes, created_at: unix seconds}]

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "connection", "purpose"], name="one_listing_per_purpose")
        ]

    def __str__(self) -> str:
        return self.purpose


class Direction(models.TextChoices):
    UP = "up", _("To MiniMax")
    DOWN = "down", _("To the library")


class TransferStatus(models.TextChoices):
    WAITING = "waiting", _("Under way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class TransferQuerySet(ClaimQuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id)


class Transfer(models.Model):
    """One file on its way between the studio and MiniMax. Free both ways, so it is begun again after a crash."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    connection = models.CharField(max_length=255)
    direction = models.CharField(max_length=4, choices=Direction)
    purpose = models.CharField(max_length=40)
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100, blank=True)
    bytes = models.BigIntegerField(default=0)  # 0: not known
    done_bytes = models.BigIntegerField(default=0)
    file_id = models.CharField(max_length=64, blank=True)
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")  # where from, or what it became

    status = models.CharField(max_length=9, choices=TransferStatus, default=TransferStatus.WAITING)
    leased_until = models.DateTimeField(null=True)  # a worker is at it, or it waits, until then
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # a sentence; while it is under way: what it waits for

    objects: ClassVar = TransferQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="transfers_of_workspace"),
            models.Index(fields=["created_at"], name="transfers_under_way", condition=models.Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def path(self) -> Path:
        """Where its bytes lie while they are in the studio and in no library."""
        return Path(settings.SPOOL_ROOT) / "files" / str(self.pk)

    @property
    def is_moving(self) -> bool:
        return self.status == TransferStatus.WAITING

    @property
    def is_up(self) -> bool:
        return self.direction == Direction.UP

    @property
    def percent(self) -> int | None:
        return min(100, 100 * self.done_bytes // self.bytes) if self.bytes else None

    @property
    def can_begin_again(self) -> bool:
        has_source = not self.is_up or self.asset_id is not None or self.path.exists()
        return self.status == TransferStatus.FAILED and has_source

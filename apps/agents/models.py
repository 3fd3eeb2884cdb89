from __future__ import annotations

import base64
import uuid
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.agents.gallery import Template, find_template
from apps.jobs.models import Job
from apps.library.models import new_id
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet


class BatchStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Done")


class StopReason(models.TextChoices):
    PERSON = "person", _("Stopped by hand.")
    LIMIT = "limit", _("Stopped: the next film would have passed the limit.")
    FULL = "full", _("Stopped: a budget or the storage of the workspace is used up.")
    CONNECTION = "connection", _("Stopped: the workspace’s connection does not work.")
    GONE = "gone", _("Stopped: the person who began it may not make films here any more.")


class Batch(models.Model):
    """One template over many inputs. Its rows become ordinary jobs, a few at a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="batches")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    template_id = models.CharField(max_length=18)
    status = models.CharField(max_length=7, choices=BatchStatus, default=BatchStatus.DRAFT)
    stop_reason = models.CharField(max_length=10, choices=StopReason, blank=True)
    limit_usd = models.DecimalField(max_digits=12, decimal_places=2, null=True)  # null: none was set
    started_at = models.DateTimeField(null=True)  # the last time that it was let go
    fed_at = models.DateTimeField(null=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["status"], name="batches_running", condition=models.Q(status="running")),
            models.Index(fields=["workspace", "-created_at"], name="batches_of_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.pk}"

    @property
    def template(self) -> Template | None:
        return find_template(self.template_id)

    @property
    def name(self) -> str:
        return self.template.name if self.template else self.template_id

    @property
    def is_draft(self) -> bool:
        return self.status == BatchStatus.DRAFT

    @property
    def is_running(self) -> bool:
        return self.status == BatchStatus.RUNNING

    @property
    def price_each(self) -> Decimal | None:
        return self.template.price if self.template else None


class BatchRow(models.Model):
    """One film of a batch. Without a job it has not been sent."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # from 1, as in the table
    request = models.JSONField()  # the validated form; of a row with problems what was given
    is_fine = models.BooleanField(default=True)  # a row with problems is never sent
    problems = models.JSONField(default=list)  # sentences
    attempt = models.PositiveIntegerField(default=0)  # times that its job was called back before it was sent
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="batch_row")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_row_per_number")]
        ordering: ClassVar[list[str]] = ["number"]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"

    @property
    def click(self) -> str:
        """The same however often it is submitted, so that there is one job; at most 36 characters."""
        batch: uuid.UUID = self.batch_id
        short = base64.urlsafe_b64encode(batch.bytes).decode().rstrip("=")  # 22 characters
        return f"{short}.{self.number}.{self.attempt}"

    @property
    def subject(self) -> str:
        """What it is made of, in a few words."""
        given: Any = self.request
        return " · ".join(word for word in (str(given.get("subject") or ""), str(given.get("text") or "")) if word)

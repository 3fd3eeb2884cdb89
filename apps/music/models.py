from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.jobs.models import Job
from apps.workspaces.models import Membership


class WritingQuerySet(models.QuerySet):
    def visible_to(self, member: Membership) -> WritingQuerySet:
        return self.filter(job__workspace_id=member.workspace_id)


class Writing(models.Model):
    """Lyrics that MiniMax wrote: a proposal until its author takes it or leaves it, and kept after that."""

    job = models.OneToOneField(Job, models.CASCADE, related_name="writing")
    song_title = models.CharField(max_length=200, blank=True)
    style_tags = models.TextField(blank=True)  # ready to be a style prompt
    lyrics = models.TextField(blank=True)  # empty: the job failed, and its card was put away
    is_settled = models.BooleanField(default=False)  # taken or left

    objects: ClassVar = WritingQuerySet.as_manager()

    def __str__(self) -> str:
        return self.song_title

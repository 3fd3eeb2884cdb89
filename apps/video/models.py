from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset, ClaimQuerySet, new_id
from apps.workspaces.models import Workspace

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class FilmStatus(models.TextChoices):
    WAITING = "waiting", _("Being joined")
    READY = "ready", _("Done")
    FAILED = "failed", _("Failed")


class FilmQuerySet(ClaimQuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id)


class Film(models.Model):
    """Several videos that become one file. No MiniMax and no money: the studio's own work."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="films")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    click = models.CharField(max_length=36)  # one per press of the button: a double click finds this film
    title = models.CharField(max_length=200)
    clips = models.JSONField()  # ids of the videos, in order
    status = models.CharField(max_length=8, choices=FilmStatus, default=FilmStatus.WAITING)
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)  # a sentence for the person
    leased_until = models.DateTimeField(null=True)  # a worker is at it until then
    attempts = models.PositiveSmallIntegerField(default=0)
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")

    objects: ClassVar = FilmQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "click"], name="one_film_per_click")]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="films_of_workspace"),
            models.Index(fields=["created_at"], name="films_to_join", condition=Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_moving(self) -> bool:
        return self.status == FilmStatus.WAITING

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet


class Scope(models.TextChoices):
    """What a token may do; never more than the role of whoever it stands for."""

    READ = "read", _("Look: library, jobs, voices, usage")
    MAKE = "make", _("Make things, which may cost money")
    MANAGE = "manage-files", _("Rename, tag and trash what is in the library")


class ServiceAccount(models.Model):
    """A member that is a program: it has a role and tokens, and cannot sign in."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="service_account")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.user)


class ApiTokenQuerySet(WorkspaceQuerySet):
    def in_force(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), ended_at=None)


class ApiToken(models.Model):
    """A key to one workspace in the name of one member. Only a hash of it is kept."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")  # whom it stands for
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of 32 random bytes: nothing that could be guessed
    beginning = models.CharField(max_length=16)  # of the token, to recognise it by
    scopes: Any = models.JSONField(default=list)  # values of Scope
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar = ApiTokenQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="tokens_of_workspace")]

    def __str__(self) -> str:
        return self.name

    @property
    def scope_labels(self) -> list[Any]:
        return [Scope(scope).label for scope in self.scopes]

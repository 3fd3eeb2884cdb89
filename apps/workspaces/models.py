from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.querysets import WorkspaceQuerySet


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    CREATOR = "creator", _("Creator")
    VIEWER = "viewer", _("Viewer")


# What each role may do; views name the act, never the role.
ACTS: dict[str, frozenset[str]] = {
    "view": frozenset(Role.values),
    "create": frozenset({Role.OWNER, Role.ADMIN, Role.CREATOR}),
    "publish": frozenset({Role.OWNER, Role.ADMIN, Role.CREATOR}),
    "manage": frozenset({Role.OWNER, Role.ADMIN}),
    "own": frozenset({Role.OWNER}),
}


class Workspace(models.Model):
    """A team's own room: its people, connection, library and bill."""

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="workspaces")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person in one workspace, with a role. Every object is reached through one of these."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def may(self, act: str) -> bool:
        """Whether this role allows `act`, one of the keys of `ACTS`."""
        return self.role in ACTS[act]

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never, Self

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class WorkspaceQuerySet(models.QuerySet):
    """For every table with a `workspace` column: the one way to reach its rows from a page."""

    def visible_to(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id)


class ConnectionQuerySet(WorkspaceQuerySet):
    def kept(self) -> Self:
        """Without those that only what is running still has."""
        return self.filter(retired_at=None)


class ConnectionsInUse(models.Manager):
    """The one of each workspace that its requests go over."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(is_active=True)


class ActiveMembershipManager(models.Manager):
    """Those who may come in. Whoever is suspended is found through `Membership.everyone` alone."""

    def get_queryset(self) -> WorkspaceQuerySet:
        return WorkspaceQuerySet(self.model, using=self._db).filter(suspended_at=None)

    def visible_to(self, member: Membership) -> WorkspaceQuerySet:
        return self.get_queryset().visible_to(member)


class InvitationQuerySet(WorkspaceQuerySet):
    def open(self) -> Self:
        """Neither used nor revoked, and not past its end date."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


class AppendOnlyQuerySet(WorkspaceQuerySet):
    def update(self, **values: Any) -> Never:
        raise TypeError("Rows of this table are never changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError("Rows of this table are never changed.")

    def delete(self) -> Never:
        raise TypeError("Rows of this table are never deleted.")

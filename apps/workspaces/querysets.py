from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class WorkspaceQuerySet(models.QuerySet):
    """For every table with a `workspace` column: the one way to reach its rows from a page."""

    def visible_to(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id)

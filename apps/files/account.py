"""Whose files they are: an id of the sandbox says nothing to MiniMax, nor one of a region to the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.workspaces.models import Connection, ConnectionKind, Workspace


@dataclass(frozen=True)
class Account:
    name: str  # what rows are kept under
    kind: str
    changed_at: datetime  # with another key it may be another account


def account_of(workspace: Workspace | int) -> Account | None:
    """None: the workspace has no connection."""
    pk = workspace if isinstance(workspace, int) else workspace.pk
    connection = Connection.objects.filter(workspace_id=pk).only("kind", "base_url", "updated_at").first()
    if connection is None:
        return None
    is_custom = connection.kind == ConnectionKind.CUSTOM
    name = f"custom {connection.base_url}" if is_custom else str(connection.kind)
    return Account(name[:255], connection.kind, connection.updated_at)

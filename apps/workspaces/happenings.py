"""What happened in a workspace, for machines. Whoever passes it on listens here; `apps.webhooks` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# Workspace, name of the event, its data: plain JSON.
Listen = Callable[[int, str, Mapping[str, Any]], object]

_listeners: list[Listen] = []


def listen_by(listen: Listen) -> None:
    _listeners.append(listen)


def announce(workspace_id: int, event: str, data: Mapping[str, Any]) -> None:
    """Inside the transaction of what happened, so that it is told if and only if it did."""
    for listen in _listeners:
        listen(workspace_id, event, data)

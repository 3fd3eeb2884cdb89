"""Live fragments: whatever changed is pushed, rendered, to the workspace or the person that it belongs to."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer


def workspace_group(workspace_id: int) -> str:
    return f"workspace.{workspace_id}"


def person_group(user_id: int) -> str:
    return f"person.{user_id}"


async def _send(group: str, event: dict[str, Any]) -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings always name one
    await layer.group_send(group, event)


async def apublish(workspace_id: int, html: str) -> None:
    """Push a rendered fragment (with `hx-swap-oob`) to every open page of the workspace.

    A lost message costs seconds: whatever is in motion also polls.
    """
    await _send(workspace_group(workspace_id), {"type": "fragment", "html": html})


async def apublish_to_person(user_id: int, workspace_id: int, html: str) -> None:
    """Push a rendered fragment to every page that one person has open in a workspace."""
    event = {"type": "person.fragment", "workspace_id": workspace_id, "html": html}
    await _send(person_group(user_id), event)


async def amembership_changed(user_id: int, workspace_id: int) -> None:
    """Close the sockets that the person has open in the workspace; the pages of those who stay come back."""
    await _send(person_group(user_id), {"type": "membership.changed", "workspace_id": workspace_id})


async def asession_ended(user_id: int, session_key: str) -> None:
    """Close the sockets that were opened in a session which is over."""
    await _send(person_group(user_id), {"type": "session.ended", "session_key": session_key})


async def asessions_ended(user_id: int) -> None:
    """Close all sockets of the person; the pages whose session goes on come back by themselves."""
    await _send(person_group(user_id), {"type": "session.ended", "session_key": ""})


publish = async_to_sync(apublish)
publish_to_person = async_to_sync(apublish_to_person)
membership_changed = async_to_sync(amembership_changed)
session_ended = async_to_sync(asession_ended)
sessions_ended = async_to_sync(asessions_ended)

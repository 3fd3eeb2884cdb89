"""Live fragments: whatever changed is pushed, rendered, to the workspace that owns it."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer


def workspace_group(workspace_id: int) -> str:
    return f"workspace.{workspace_id}"


async def apublish(workspace_id: int, html: str) -> None:
    """Push a rendered fragment (with `hx-swap-oob`) to every open page of the workspace.

    A lost message costs seconds: whatever is in motion also polls.
    """
    await get_channel_layer().group_send(workspace_group(workspace_id), {"type": "fragment", "html": html})


publish = async_to_sync(apublish)

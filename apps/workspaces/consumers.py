from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.workspaces.access import find_member
from apps.workspaces.events import workspace_group
from apps.workspaces.models import Membership

NOT_FOUND = 4404  # close code: the WebSocket's way of saying 404


class MemberConsumer(AsyncWebsocketConsumer):
    """A socket of one workspace: `self.member` is set once it is open; strangers are closed with 4404."""

    member: Membership

    async def connect(self) -> None:
        slug = self.scope["url_route"]["kwargs"]["workspace"]
        member = await database_sync_to_async(find_member)(self.scope["user"], slug)
        if member is None:
            await self.close(code=NOT_FOUND)
            return
        self.member = member
        await self.accept()
        await self.opened()

    async def opened(self) -> None:
        """Called once a member is let in."""


class EventsConsumer(MemberConsumer):
    """Carries rendered fragments to every page that a member has open."""

    async def opened(self) -> None:
        self.group = workspace_group(self.member.workspace_id)
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def fragment(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["html"])

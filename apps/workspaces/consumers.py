from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.workspaces.access import find_admitted
from apps.workspaces.events import person_group, workspace_group
from apps.workspaces.models import Membership

# Close codes
NOT_FOUND = 4404  # the WebSocket's way of saying 404
COME_BACK = 1012  # "service restart": the page opens its socket again by itself


class MemberConsumer(AsyncWebsocketConsumer):
    """A socket of one workspace: `self.member` is set once it is open; strangers are closed with 4404.

    It closes when the membership ends or gets another role, and when the session that it was opened in ends.
    """

    member: Membership
    groups: list[str]

    async def connect(self) -> None:
        slug = self.scope["url_route"]["kwargs"]["workspace"]
        member = await database_sync_to_async(find_admitted)(self.scope["user"], slug)
        if member is None:
            await self.close(code=NOT_FOUND)
            return
        self.member = member
        await self.join_group(person_group(member.user_id))
        await self.accept()
        await self.opened()

    async def opened(self) -> None:
        """Called once a member is let in."""

    async def join_group(self, group: str) -> None:
        """Listen to a group until the socket closes."""
        await self.channel_layer.group_add(group, self.channel_name)
        self.groups = [*self.groups, group]  # Channels leaves these by itself

    async def membership_changed(self, event: dict[str, Any]) -> None:
        if event["workspace_id"] == self.member.workspace_id:
            slug = self.scope["url_route"]["kwargs"]["workspace"]
            member = await database_sync_to_async(find_admitted)(self.scope["user"], slug)
            await self.close(code=COME_BACK if member else NOT_FOUND)

    async def session_ended(self, event: dict[str, Any]) -> None:
        if not event["session_key"]:
            await self.close(code=COME_BACK)
        elif event["session_key"] == self.scope["session"].session_key:
            await self.close(code=NOT_FOUND)

    async def person_fragment(self, event: dict[str, Any]) -> None:
        """Only the page's own socket shows what is pushed to the person."""


class EventsConsumer(MemberConsumer):
    """Carries rendered fragments to every page that a member has open."""

    async def opened(self) -> None:
        await self.join_group(workspace_group(self.member.workspace_id))

    async def fragment(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["html"])

    async def person_fragment(self, event: dict[str, Any]) -> None:
        if event["workspace_id"] == self.member.workspace_id:
            await self.send(text_data=event["html"])

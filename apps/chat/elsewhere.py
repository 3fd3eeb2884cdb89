"""Replies that are not received by this process: those that are over, and those of another web process."""

from __future__ import annotations

import asyncio
import uuid

from apps.chat.live import Watcher
from apps.chat.models import Message, Piece
from apps.chat.reply import Reply, StoredEvent
from apps.speech.rows import in_thread

LOOK_S = 0.15  # together with the other process's heartbeat less than half a second


class Following:
    """A reply as its rows tell it."""

    def __init__(self, message_id: uuid.UUID) -> None:
        self.ended: str | None = None
        self._id = message_id
        self._watchers: set[Watcher] = set()
        self._reply = Reply(message_id, self._show)
        self._last_piece = 0
        self._watch: asyncio.Task[None] | None = None

    def snapshot(self) -> list[str]:
        return self._reply.snapshot() if self._reply.parts else []

    def join(self, watcher: Watcher) -> None:
        self._watchers.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        if not self._watchers:
            self._reply.finish()
            if self._watch:
                self._watch.cancel()

    def _show(self, frame: str) -> None:
        for watcher in self._watchers:
            watcher.show(frame)

    async def start(self) -> None:
        await self._look()
        if self.ended is None:
            self._watch = asyncio.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        while self.ended is None:
            await asyncio.sleep(LOOK_S)
            await self._look()
        for watcher in self._watchers:
            watcher.wake()

    async def _look(self) -> None:
        status, pieces = await in_thread(_read, self._id, self._last_piece)
        for pk, events in pieces:
            self._last_piece = pk
            for event in events:
                self._reply.add(event)
        self._reply.render()
        if status != "running":
            # The end takes the pieces away, so the last of them may have been missed: the page reads the row instead.
            self.ended = self._reply.last_frame(status)


def _read(pk: uuid.UUID, after: int) -> tuple[str, list[tuple[int, list[StoredEvent]]]]:
    pieces = list(Piece.objects.filter(message_id=pk, pk__gt=after).order_by("pk").values_list("pk", "events"))
    status = Message.objects.filter(pk=pk).values_list("status", flat=True).first()
    return status or "gone", pieces


async def follow(message_id: uuid.UUID) -> Following:
    following = Following(message_id)
    await following.start()
    return following

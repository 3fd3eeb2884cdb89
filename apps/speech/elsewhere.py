"""Takes that are not spoken by this process: those that are over, and those of another web process."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from django.core.files import File

from apps.speech import finishing
from apps.speech.live import Listener
from apps.speech.models import Take
from apps.speech.rows import in_background, in_thread
from apps.speech.spool import Spool, Word

LOOK_AT_SPOOL_S = 0.1
LOOK_AT_ROW_S = 0.5


class Recording:
    """A take as it lies on disk: the spool where this machine has it, else the kept file if it is what was streamed."""

    def __init__(self, take_id: uuid.UUID) -> None:
        self.received = self.words_received = 0
        self.first_ms: int | None = None
        self.final: dict[str, Any] | None = None
        self._take_id = take_id
        self._spool: Spool | None = None
        self._file: File | None = None
        self._listeners: set[Listener] = set()
        self._watch: asyncio.Task[None] | None = None

    def open(self, take: Take) -> None:
        """Blocks."""
        self._find_sound(take)
        if not take.is_moving:
            self.final = finishing.final_message(take)

    def watch(self) -> None:
        if self.final is None:
            self._watch = asyncio.create_task(self._look())

    def read(self, offset: int, size: int) -> bytes:
        if self._spool:
            return self._spool.read(offset, size)
        assert self._file is not None
        self._file.seek(offset)
        return self._file.read(size)

    def read_words(self, offset: int) -> tuple[list[Word], int]:
        assert self._spool is not None
        return self._spool.read_words(offset)

    def join(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if self._listeners:
            return
        if self._watch:
            self._watch.cancel()
        if self._spool:
            self._spool.close()
        if self._file:
            self._file.close()

    def _find_sound(self, take: Take) -> None:
        """Look again for what was not there the last time: the row is written before the spool."""
        if self._file is None and (self._spool or self._open_spool()):
            self._measure()
        elif self._file is None and take.asset and take.request["format"] == take.stream["format"]:
            self._file = take.asset.file.open("rb")
            self.received = take.asset.size

    def _open_spool(self) -> bool:
        spool = Spool(self._take_id)
        self._spool = spool if spool.open() else None
        return self._spool is not None

    def _measure(self) -> None:
        assert self._spool is not None
        self.received, self.words_received = self._spool.size, self._spool.words_size

    async def _look(self) -> None:
        row_at = time.monotonic()
        while self.final is None:
            await asyncio.sleep(LOOK_AT_SPOOL_S)
            if time.monotonic() - row_at >= LOOK_AT_ROW_S:
                row_at = time.monotonic()
                take = await in_thread(_read_row, self._take_id)
                await in_background(self.open, take)  # the last of it comes before the last message
            elif self._spool or self._open_spool():
                self._measure()
            for listener in self._listeners:
                listener.wake()


async def follow(take: Take) -> Recording:
    recording = Recording(take.pk)
    # Read after the registry was found empty: a run that has just ended here is on the row by now.
    await in_background(lambda: recording.open(_read_row(take.pk)))
    recording.watch()
    return recording


def _read_row(take_id: uuid.UUID) -> Take:
    return Take.objects.select_related("workspace", "created_by", "asset").get(pk=take_id)

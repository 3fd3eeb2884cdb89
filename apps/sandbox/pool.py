"""The engines: child processes that make sound. A second one starts under load; one that dies is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import struct
import sys
from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.sandbox.engine.channel import HEADER, Kind, frame, frame_json, unpack_audio

BUSY = 3  # jobs of one engine before another one is started
START_S = 20.0


class EngineError(Exception):
    """The engine could not do this job, or died during it."""


@dataclass(frozen=True)
class Piece:
    audio: bytes
    entries: list[dict[str, Any]]  # subtitles that begin in this piece


@dataclass(frozen=True)
class Finished:
    extra_info: dict[str, Any]
    subtitles: list[dict[str, Any]]


class Engine:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: dict[int, asyncio.Queue[Piece | Finished | EngineError]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last = 0
        self.ready = asyncio.Event()
        self.settled = asyncio.Event()  # it came up, or died before
        self.stopped = asyncio.Event()

    @property
    def load(self) -> int:
        return len(self._jobs)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        ours, theirs = socket.socketpair()
        root = Path(__file__).parents[2]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
            "PYTHONPATH": str(root),
            "OPENBLAS_NUM_THREADS": "1",  # its threads would only cost memory here
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "apps.sandbox.engine",
            str(theirs.fileno()),
            str(self._folder),
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
        )
        theirs.close()
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=4 << 20)
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, job, kind = HEADER.unpack(await reader.readexactly(HEADER.size))
                payload = await reader.readexactly(length)
                if kind == Kind.READY:
                    self.ready.set()
                    self.settled.set()
                elif job in self._jobs:
                    self._jobs[job].put_nowait(self._event(Kind(kind), payload))
        self.ready.clear()
        self.stopped.set()
        self.settled.set()
        for queue in self._jobs.values():
            queue.put_nowait(EngineError("the engine stopped in the middle of the work"))
        if self._writer:
            self._writer.close()
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    @staticmethod
    def _event(kind: Kind, payload: bytes) -> Piece | Finished | EngineError:
        if kind is Kind.AUDIO:
            return Piece(*unpack_audio(payload))
        if kind is Kind.DONE:
            return Finished(**json.loads(payload))
        return EngineError(payload.decode())

    def _send(self, data: bytes) -> None:
        if self._writer and not self._writer.is_closing():
            self._writer.write(data)

    async def speak(self, job: dict[str, Any]) -> AsyncGenerator[Piece | Finished]:
        """Pieces as they are made, then what was measured. Leaving early ends the work. Raises EngineError."""
        self._last += 1
        number = self._last
        queue: asyncio.Queue[Piece | Finished | EngineError] = asyncio.Queue()
        self._jobs[number] = queue
        done = False
        try:
            if self.stopped.is_set():
                raise EngineError("the engine stopped")
            self._send(frame_json(Kind.SPEAK, number, job))
            while True:
                event = await queue.get()
                if isinstance(event, EngineError):
                    done = True
                    raise event
                yield event
                if isinstance(event, Finished):
                    done = True
                    return
                self._send(frame(Kind.TAKEN, number, struct.pack("!I", len(event.audio))))
        finally:
            del self._jobs[number]
            if not done:
                self._send(frame(Kind.CANCEL, number))

    async def stop(self) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        if self._reading:
            await asyncio.wait([self._reading], timeout=1)


class Memory:
    """Short results, kept because the same job always gives the same sound: a voice sample costs its work once."""

    MOST, LONGEST = 8 << 20, 256 << 10  # bytes in all, bytes of one

    def __init__(self) -> None:
        self._results: OrderedDict[str, list[Piece | Finished]] = OrderedDict()
        self._size = 0

    @staticmethod
    def key(job: dict[str, Any]) -> str:
        return hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()

    def find(self, key: str) -> list[Piece | Finished] | None:
        if key in self._results:
            self._results.move_to_end(key)
        return self._results.get(key)

    def keep(self, key: str, result: list[Piece | Finished]) -> None:
        if key in self._results:
            return
        self._results[key] = result
        self._size += _size(result)
        while self._size > self.MOST:
            self._size -= _size(self._results.popitem(last=False)[1])


def _size(result: list[Piece | Finished]) -> int:
    return sum(len(event.audio) for event in result if isinstance(event, Piece))


class Pool:
    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._memory = Memory()
        self._engines: list[Engine] = []
        self._watching: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()  # an engine came up or went down
        self._closing = False

    @property
    def ready(self) -> bool:
        return any(engine.ready.is_set() for engine in self._engines)

    @property
    def pids(self) -> list[int]:
        return [engine.pid for engine in self._engines if engine.pid]

    async def start(self) -> None:
        await self._add()

    async def _add(self) -> None:
        engine = Engine(self._folder)
        self._engines.append(engine)
        await engine.start()
        watch = asyncio.create_task(self._watch(engine))
        self._watching.add(watch)
        watch.add_done_callback(self._watching.discard)

    async def _watch(self, engine: Engine) -> None:
        await engine.settled.wait()
        came_up = engine.ready.is_set()
        async with self._changed:
            self._changed.notify_all()
        await engine.stopped.wait()
        self._engines.remove(engine)
        if not self._closing:
            print("engine: died", flush=True)  # noqa: T201 - the log is stdout
            if not self._engines:
                await asyncio.sleep(0 if came_up else 1)  # one that cannot start must not be started in a rush
                await self._add()
        async with self._changed:
            self._changed.notify_all()

    def _ready(self) -> list[Engine]:
        return [engine for engine in self._engines if engine.ready.is_set()]

    async def _choose(self) -> Engine:
        """The engine with the least to do. When all are busy the next one is started, and waited for."""
        ready = self._ready()
        if ready and min(engine.load for engine in ready) < BUSY:
            return min(ready, key=lambda engine: engine.load)
        if ready and len(self._engines) < self._most:
            await self._add()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_S), self._changed:
                await self._changed.wait_for(lambda: len(self._ready()) >= max(1, len(self._engines)))
        if not self._ready():
            raise EngineError("no engine came up")
        return min(self._ready(), key=lambda engine: engine.load)

    async def speak(self, job: dict[str, Any]) -> AsyncGenerator[Piece | Finished]:
        key = self._memory.key(job)
        for event in self._memory.find(key) or ():
            yield event
            if isinstance(event, Finished):
                return
        engine = await self._choose()
        result: list[Piece | Finished] = []
        size = 0
        async with contextlib.aclosing(engine.speak(job)) as events:
            async for event in events:
                if size <= Memory.LONGEST:
                    size += len(event.audio) if isinstance(event, Piece) else 0
                    result.append(event)
                if isinstance(event, Finished) and size <= Memory.LONGEST:
                    self._memory.keep(key, result)
                yield event

    async def stop(self) -> None:
        self._closing = True
        await asyncio.gather(*(engine.stop() for engine in self._engines))


class _Holder:
    pool: Pool | None = None


_holder = _Holder()


def pool() -> Pool:
    if _holder.pool is None:
        raise RuntimeError("the pool is started with the server")
    return _holder.pool


async def open_pool(folder: Path, most: int) -> None:
    _holder.pool = Pool(folder, most)
    await _holder.pool.start()


async def close_pool() -> None:
    if _holder.pool:
        await _holder.pool.stop()
        _holder.pool = None

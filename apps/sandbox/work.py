"""Long work: child processes of a low priority make it, so that live speech stays quick.

A *maker* is a function `make(request, folder) -> dict`, named "package.module:make". It writes its files into `folder`
and returns something small. Whoever can wait for it calls `make`; what takes longer becomes a Task by `begin`, and
walks from Preparing over Queueing and Processing to Success or Fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from apps.sandbox import callbacks, faults, store
from apps.sandbox.models import Task
from apps.sandbox.runtime import runtime

IDLE_S = 60.0  # a process without work ends after it
ATTEMPTS = 2  # a process can die of its native libraries


class MakerError(Exception):
    """The work could not be done."""


class _DiedError(Exception):
    """The process ended in the middle of the work."""


class _Worker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.retirement: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls) -> _Worker:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "apps.sandbox.worker",
                str(runtime.niceness),
                env=environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=4 << 20,
            )
        )

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def make(self, maker: str, request: dict[str, Any], folder: Path) -> dict[str, Any]:
        order = {"maker": maker, "request": request, "folder": str(folder)}
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise _DiedError
        line = b""
        with contextlib.suppress(ConnectionError):
            stdin.write(json.dumps(order).encode() + b"\n")
            await stdin.drain()
            line = await stdout.readline()
        if not line:
            raise _DiedError
        answer = json.loads(line)
        if "error" in answer:
            raise MakerError(answer["error"])
        return answer["result"]

    def kill(self) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


class _Lane:
    """Work of one sort: a song does not wait until ten films are done."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(runtime.makers)
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()

    async def make(
        self, maker: str, request: dict[str, Any], folder: Path, on_start: Callable[[], Awaitable[None]] | None
    ) -> dict[str, Any]:
        async with self._slots:
            if on_start:
                await on_start()
            for _ in range(ATTEMPTS):
                worker = await self._take()
                try:
                    result = await worker.make(maker, request, folder)
                except MakerError:
                    self._give_back(worker)
                    raise
                except _DiedError:
                    self._drop(worker)
                    print(f"maker: died making {maker}", flush=True)  # noqa: T201 - the log is stdout
                except BaseException:
                    self._drop(worker)  # it is still at work that nobody waits for
                    raise
                else:
                    self._give_back(worker)
                    return result
        raise MakerError("the process died")

    async def _take(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.retirement:
                worker.retirement.cancel()
            if worker.alive:
                return worker
            self._workers.discard(worker)
        worker = await _Worker.start()
        self._workers.add(worker)
        return worker

    def _give_back(self, worker: _Worker) -> None:
        worker.retirement = asyncio.get_running_loop().call_later(IDLE_S, self._retire, worker)
        self._idle.append(worker)

    def _retire(self, worker: _Worker) -> None:
        self._idle.remove(worker)
        self._drop(worker)

    def _drop(self, worker: _Worker) -> None:
        self._workers.discard(worker)
        worker.kill()

    def close(self) -> None:
        for worker in [*self._workers]:
            worker.kill()


_lanes: dict[str, _Lane] = {}
_walks: set[asyncio.Task[None]] = set()


async def make(
    maker: str,
    request: dict[str, Any],
    folder: Path,
    *,
    lane: str,
    on_start: Callable[[], Awaitable[None]] | None = None,
) -> dict[str, Any]:
    """Run a maker in a process of its own, in turn with the others of its lane. Raises MakerError."""
    return await _lanes.setdefault(lane, _Lane()).make(maker, request, folder, on_start)


# --- tasks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """What a sort of task is made by and leaves behind."""

    name: str
    maker: str  # writes `filename` into its folder
    filename: str
    media_type: str
    purpose: str
    hours: float  # that the link to the file lives
    describe: Callable[[Task], dict[str, Any]]  # what a query and a callback tell
    queueing: bool = True  # whether Queueing is among the statuses
    charge: Callable[[Task], None] = store.charge_task
    about_file: Callable[[Task], dict[str, Any]] = lambda task: {}  # by which this task's file differs from the kind's


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def kind(name: str) -> Kind:
    return _kinds[name]


def folder_of(task_id: str) -> Path:
    return runtime.data / "tasks" / task_id


async def begin(task: Task) -> None:
    """Store a new task and start its walk."""
    task.created_at = runtime.now()
    await store.stored(store.add_task, task)
    _start(task)


async def resume() -> None:
    """Go on with what the last process left unfinished."""
    for task in await store.stored(store.unfinished_tasks):
        _start(task)


def close() -> None:
    for walk in _walks:
        walk.cancel()
    for lane in _lanes.values():
        lane.close()


def _start(task: Task) -> None:
    walk = asyncio.create_task(_walk(task, _kinds[task.kind]))
    _walks.add(walk)
    walk.add_done_callback(_walks.discard)


async def _walk(task: Task, kind: Kind) -> None:
    begun = time.monotonic()
    step = runtime.task_delay_s / 3  # at least so long in each of the three unfinished statuses
    await asyncio.sleep(step)
    if kind.queueing:
        await _move(task, kind, "Queueing")
    await asyncio.sleep(step)
    folder = folder_of(task.task_id)
    try:
        if task.late_fault:
            await _move(task, kind, "Processing")
            result = {}
        else:
            on_start = partial(_move, task, kind, "Processing")
            result = await make(kind.maker, task.request, folder, lane=kind.name, on_start=on_start)
    except MakerError as exc:
        print(f"task {task.task_id}: {exc}", flush=True)  # noqa: T201 - the log is stdout
        task.error_code, task.error_message = 1000, "unknown error"
    await asyncio.sleep(max(0.0, 3 * step - (time.monotonic() - begun)))
    if task.late_fault:
        task.error_code, task.error_message = faults.TASKS[task.late_fault]
    task.finished_at = runtime.now()
    if task.error_code:
        await _move(task, kind, "Fail")
    else:
        task.result = result
        about = {
            "filename": kind.filename,
            "purpose": kind.purpose,
            "media_type": kind.media_type,
            "hours": kind.hours,
            **kind.about_file(task),
        }
        task.file = await store.stored(store.adopt_file, folder / kind.filename, **about)
        await store.stored(kind.charge, task)
        await _move(task, kind, "Success")
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _move(task: Task, kind: Kind, status: str) -> None:
    task.status = status
    await store.stored(store.save_task, task)
    if task.callback_url:
        callbacks.send(task.callback_url, {**kind.describe(task), "status": callbacks.WORDS[status]})

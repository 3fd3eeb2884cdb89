"""The database, from the event loop that carries live streams."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

# Threads of our own: Channels' one thread is shared by all sockets, and opens its connection anew for each call. Few of
# them, because each that computes makes the loop wait for its turn; and what takes long never stands before a new take.
_quick = ThreadPoolExecutor(2, thread_name_prefix="speech-quick")
_slow = ThreadPoolExecutor(3, thread_name_prefix="speech-slow")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function`, which asks the database for a moment, beside the loop."""
    return await _run(_quick, partial(function, *args, **kwargs))


async def in_background(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for what copies files, renders pages, encodes sound or asks MiniMax."""
    return await _run(_slow, partial(function, *args, **kwargs))


async def _run(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, partial(context.run, _with_rows, work))


def _with_rows(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.vendor != "sqlite" or connection.errors_occurred:  # a file does not time out
                connection.close_if_unusable_or_obsolete()


def close_connections() -> None:
    """Close what the threads hold, e.g. before a database is dropped."""
    for threads in (_quick, _slow):
        everybody = Barrier(threads._max_workers)
        closing = [threads.submit(_close_together, everybody) for _ in range(threads._max_workers)]
        for done in closing:
            done.result()


def _close_together(everybody: Barrier) -> None:
    everybody.wait(30)  # so that each thread gets one of these
    connections.close_all()

"""The database, from the event loop that carries live streams."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

# Threads of our own: Channels' one thread is shared by all sockets, and opens its connection anew for each call.
_threads = ThreadPoolExecutor(4, thread_name_prefix="speech-rows")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function`, which uses the ORM or files, beside the loop."""
    context = contextvars.copy_context()
    work = partial(context.run, _with_rows, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


def _with_rows(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.vendor != "sqlite" or connection.errors_occurred:  # a file does not time out
                connection.close_if_unusable_or_obsolete()


def close_connections() -> None:
    """Close what the threads hold, e.g. before a database is dropped."""
    barrier_count = _threads._max_workers
    for done in [_threads.submit(connections.close_all) for _ in range(barrier_count)]:
        done.result()

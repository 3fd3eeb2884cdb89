"""A maker's process: reads orders, one JSON line each, and makes what they ask for at a low priority.

    python -m apps.sandbox.worker <niceness>

It ends when its standard input does, even in the middle of work: it does not outlive the sandbox.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any


def _step_back(niceness: int) -> None:
    if not hasattr(os, "nice"):
        return
    os.nice(niceness)
    if hasattr(os, "SCHED_BATCH"):  # does not interrupt others when it wakes up
        try:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        except OSError:
            return


def _read(orders: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        orders.put(line)
    os._exit(0)


def _make(order: dict[str, Any]) -> dict[str, Any]:
    module, _, function = order["maker"].partition(":")
    folder = Path(order["folder"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {"result": getattr(import_module(module), function)(order["request"], folder)}
    except Exception as exc:
        traceback.print_exc(file=sys.stderr)
        return {"error": f"{type(exc).__name__}: {exc}"}


def main() -> None:
    _step_back(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(orders,), name="orders", daemon=True).start()
    while True:
        answers.write(json.dumps(_make(json.loads(orders.get()))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

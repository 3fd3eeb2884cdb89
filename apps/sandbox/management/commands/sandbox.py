from __future__ import annotations

import logging
import os
import socket
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.sandbox.envelope import DroppedError
from apps.sandbox.runtime import runtime


class Command(BaseCommand):
    help = "Runs the sandbox: a local server that speaks MiniMax's protocol and really makes the media."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--data", type=Path, required=True, help="folder for its database and files")
        parser.add_argument("--key", required=True, help="the one key that is accepted")
        parser.add_argument("--delay", type=float, default=0.0, help="seconds that every answer takes longer")
        parser.add_argument("--shift-clock", type=float, default=0.0, help="seconds that its clock is ahead")
        parser.add_argument("--engines", type=int, default=2, help="processes that make sound, at most")
        parser.add_argument("--makers", type=int, default=1, help="processes for long work, at most")
        parser.add_argument("--niceness", type=int, default=10, help="how far long work steps back, 0 to 19")
        parser.add_argument("--task-delay", type=float, default=0.0, help="seconds that a task takes at least")
        parser.add_argument("--tokens-per-second", type=float, help="speed of chat; 0: as fast as it goes")
        parser.add_argument("--parent-guard", action="store_true", help="stop when the process that started it is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        import uvicorn

        data: Path = options["data"].resolve()
        if not options["key"]:
            raise CommandError("The key must not be empty.")
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise CommandError(f"The folder {data} cannot be used: {exc.strerror}.") from exc
        door = _open_door(options["host"], options["port"])
        runtime.key, runtime.data = options["key"], data
        runtime.delay_s, runtime.clock_shift_s = options["delay"], options["shift_clock"]
        runtime.engines = max(1, options["engines"])
        runtime.makers, runtime.niceness = max(1, options["makers"]), min(19, max(0, options["niceness"]))
        runtime.task_delay_s = options["task_delay"]
        runtime.tokens_per_second = options["tokens_per_second"]
        connections["default"].settings_dict["NAME"] = str(data / "sandbox.sqlite3")
        call_command("migrate", verbosity=0)
        connections.close_all()
        if options["parent_guard"]:
            _stop_with_parent()
        logging.getLogger("uvicorn.error").addFilter(_not_cut_on_purpose)
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        logging.getLogger("django.request").setLevel(logging.CRITICAL)  # the journal has a line for each request
        from apps.sandbox.asgi import application

        config = uvicorn.Config(
            application,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
        self.stdout.write(f"The sandbox listens on {options['host']}, port {options['port']}.")
        self.stdout.flush()
        uvicorn.Server(config).run(sockets=[door])


def _open_door(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512
        )
    except OSError as exc:
        raise CommandError(f"The sandbox cannot listen on {host}, port {port}: {exc.strerror}.") from exc


def _not_cut_on_purpose(record: logging.LogRecord) -> bool:
    """A connection that a fault has cut is not worth a line, let alone a traceback."""
    cut = record.exc_info and isinstance(record.exc_info[1], DroppedError)
    return not cut and not record.getMessage().startswith("ASGI callable returned without")


def _stop_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)  # the engine ends by itself when its channel closes

    threading.Thread(target=watch, name="parent guard", daemon=True).start()

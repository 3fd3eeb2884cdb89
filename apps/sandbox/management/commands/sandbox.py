from __future__ import annotations

import logging
import os
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

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
        parser.add_argument("--parent-guard", action="store_true", help="stop when the process that started it is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        import uvicorn

        data: Path = options["data"].resolve()
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise CommandError(f"The folder {data} cannot be used: {exc.strerror}.") from exc
        runtime.key, runtime.data = options["key"], data
        runtime.delay_s, runtime.clock_shift_s = options["delay"], options["shift_clock"]
        runtime.engines = max(1, options["engines"])
        connections["default"].settings_dict["NAME"] = str(data / "sandbox.sqlite3")
        call_command("migrate", verbosity=0)
        connections.close_all()
        if options["parent_guard"]:
            _stop_with_parent()
        # A connection cut on purpose is not worth a traceback.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        logging.getLogger("django.request").setLevel(logging.CRITICAL)  # the journal has a line for each request
        from apps.sandbox.asgi import application

        config = uvicorn.Config(
            application,
            host=options["host"],
            port=options["port"],
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
        self.stdout.write(f"The sandbox listens on {options['host']}, port {options['port']}.")
        uvicorn.Server(config).run()


def _stop_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)  # the engine ends by itself when its channel closes

    threading.Thread(target=watch, name="parent guard", daemon=True).start()

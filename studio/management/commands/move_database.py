from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dj_database_url
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from studio.config import ROOT, get_config
from studio.launcher.command import LaunchError, lock
from studio.moving import database

TARGET = "moving"


class Command(BaseCommand):
    help = "Copy everything from SQLite into an empty PostgreSQL and compare every row. Stop the studio first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", metavar="DATABASE_URL", help="postgres://user:password@host:port/name")
        parser.add_argument("--compare", action="store_true", help="copy nothing, only compare")

    def handle(self, *args: Any, to: str, compare: bool, **options: Any) -> None:
        if connection.vendor != "sqlite":
            raise CommandError("The studio's own database is not SQLite. Unset DATABASE_URL: it names where to go.")
        if not to.startswith(("postgres://", "postgresql://")):
            raise CommandError("The new database's address must begin with postgres://.")
        with at_rest():
            self.move(to, only_compare=compare)

    def move(self, to: str, *, only_compare: bool) -> None:
        connections.settings[TARGET] = {**connections.settings["default"], "OPTIONS": {}, **dj_database_url.parse(to)}
        try:
            if not only_compare:
                if not database.has_begun(TARGET):
                    call_command("migrate", database=TARGET, interactive=False, verbosity=0)
                for moved in database.move("default", TARGET):
                    self.stdout.write(f"{moved.table}: {moved.rows:,}")
                subprocess.run(
                    [sys.executable, "manage.py", "rebuild_search"],
                    check=True,
                    cwd=ROOT,
                    env={**os.environ, "DATABASE_URL": to},
                    stdout=subprocess.DEVNULL,
                )
            rows = sum(moved.rows for moved in database.compare("default", TARGET))
        except database.MoveError as error:
            raise CommandError(str(error)) from error
        finally:
            connections[TARGET].close()
        self.stdout.write(f"All {rows:,} rows are alike. Start the studio with this DATABASE_URL.")


@contextmanager
def at_rest() -> Iterator[None]:
    """Hold the lock that a running studio holds."""
    data = get_config().data
    (data / "run").mkdir(parents=True, exist_ok=True)
    try:
        with lock(data):
            yield
    except LaunchError as error:
        raise CommandError(str(error)) from error

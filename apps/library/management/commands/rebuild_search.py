from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.library.search import index


class Command(BaseCommand):
    help = "Write the library's search index anew. People may go on working meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--missing", action="store_true", help="only what is not in the index yet")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{index.rebuild(only_missing=options['missing'])} assets are in the index.")

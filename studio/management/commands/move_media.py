from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.library.bucket import Bucket
from studio.config import ConfigError, bucket_address, get_config, read_bucket_address
from studio.moving import media


class Command(BaseCommand):
    help = "Copy every file into another storage and compare checksums. People may go on working meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", metavar="PLACE", help="s3://key:secret@host/bucket, or a folder")

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        target = storage_at(to)
        journal = get_config().data / "run" / f"moved-{hashlib.sha256(to.encode()).hexdigest()[:16]}"
        counts: Counter[str] = Counter()
        copied_bytes = 0
        try:
            for step in media.move(default_storage, target, journal):
                counts[step.outcome] += 1
                copied_bytes += step.size
                if step.outcome == "missing":
                    self.stderr.write(f"{step.name}: the old storage has lost it.")
        except (media.MoveError, OSError) as error:
            raise CommandError(f"{error} Start it again: it goes on where it stopped.") from error
        self.stdout.write(
            f"{counts['copied']:,} files copied ({copied_bytes:,} bytes), {counts['there']:,} were there, "
            f"{counts['missing']:,} are missing in the old storage."
        )


def storage_at(place: str) -> Storage:
    if not place.startswith("s3://"):
        return FileSystemStorage(location=place)
    try:
        return Bucket(**read_bucket_address(bucket_address({"PLACE": place}, "PLACE")))
    except ConfigError as error:
        raise CommandError(str(error)) from error

"""All films of a batch as one zip, written while it is read: never whole in memory, and never on the disk."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from django.core.files.storage import default_storage

from apps.agents.models import BatchRow
from apps.library.files import safe_filename

BLOCK = 256 * 1024
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins like this


@dataclass(frozen=True)
class Entry:
    name: str  # in the zip
    stored: str  # in storage


class _Pipe(io.RawIOBase):
    """What the zip writes is taken out at once. It cannot be wound back, so the zip says sizes after each file."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._parts.append(piece)
        self._place += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._place

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def entries_of(rows: Iterable[BatchRow]) -> list[Entry]:
    """The films that are there, called by their numbers and inputs."""
    entries = []
    for row in rows:
        for asset in row.job.kept_assets if row.job else []:
            suffix = PurePath(asset.file_name).suffix.removeprefix(".")
            name = safe_filename(row.subject or asset.title, suffix)
            entries.append(Entry(f"{row.number:04d} {name}", asset.file_name))
    return entries


def table_of(rows: Iterable[BatchRow]) -> bytes:
    """What each film was made of, and what became of it, for any spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["number", "picture", "text", "state", "usd", "says"])
    for row in rows:
        job = row.job
        usd = "" if job is None or job.price_usd is None else str(job.price_usd)
        says = " ".join(row.problems) or (job.error if job else "")
        state = job.status if job else ("not sent" if row.is_fine else "not possible")
        given = [str(row.request.get("subject") or ""), str(row.request.get("text") or ""), state, usd, says]
        writer.writerow([row.number, *(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in given)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def write_zip(entries: Iterable[Entry], table: bytes) -> Iterator[bytes]:
    """Yield the zip piece by piece. A film that storage has lost is left out."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # films do not get smaller
        archive.writestr("films.csv", table)
        for entry in entries:
            if not default_storage.exists(entry.stored):
                continue
            with default_storage.open(entry.stored, "rb") as stored, archive.open(entry.name, "w") as target:
                while block := stored.read(BLOCK):
                    target.write(block)
                    yield pipe.take()
    yield pipe.take()


class Streamed:
    """The same for an event loop, which would read an ordinary iterator into memory whole."""

    def __init__(self, begin: Callable[[], Iterator[bytes]]) -> None:
        self._begin = begin

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._begin()
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

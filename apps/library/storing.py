"""Files into storage: hashed on the way, on disk before any row says so, and never left without an owner."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import Storage, default_storage
from django.utils import timezone

from apps.library.models import Arrival

ABANDONED_AFTER = timedelta(hours=1)


class StorageError(Exception):
    """The file did not reach storage whole; nothing refers to it."""


@dataclass(frozen=True)
class StoredFile:
    name: str  # in storage
    size: int  # bytes
    sha256: str
    arrival: Arrival


class HashedFile(File):
    """Hashes what is read from it; meant to be read once, from start to end."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file, name)
        self.raw = file
        self.hash, self.bytes_read = hashlib.sha256(), 0

    def seekable(self) -> bool:
        return False  # a bucket would read twice, once for a checksum of its own

    def read(self, size: int = -1) -> bytes:
        block = self.raw.read(size)
        self.hash.update(block)
        self.bytes_read += len(block)
        return block


def store_file(source: Path, folder: str, suffix: str) -> StoredFile:
    """Copy `source` into storage, block by block. Call it outside a transaction, then `take_over` inside the row's own.

    The name it gets cannot be guessed, so two processes that bring the same file do not meet.
    Raises StorageError when what storage holds is not as long as what was read.
    """
    storage = default_storage
    name = f"{folder}/{secrets.token_hex(8)}{suffix.lower()}"
    arrival = Arrival.objects.create(name=name)
    with source.open("rb") as raw:
        file = HashedFile(raw, name)
        storage.save(name, file)
    if not file.bytes_read == storage.size(name) == source.stat().st_size:
        raise StorageError(f"{name} has {storage.size(name)} bytes, {file.bytes_read} were read")
    flush_to_disk(storage, name)
    return StoredFile(name, file.bytes_read, file.hash.hexdigest(), arrival)


def flush_to_disk(storage: Storage, name: str) -> None:
    """A row must not outlive a power cut that its file does not survive."""
    try:
        path = storage.path(name)
    except NotImplementedError:  # storage that is not a folder looks after itself
        return
    for place, flags in ((path, os.O_RDONLY), (str(Path(path).parent), os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(place, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def take_over(*stored: StoredFile) -> None:
    """Say that the row being written in this transaction owns them. Raises StorageError if the sweep was faster."""
    arrivals = [file.arrival.pk for file in stored]
    if Arrival.objects.filter(pk__in=arrivals, is_abandoned=False).delete()[0] < len(arrivals):
        raise StorageError(f"{stored[0].name} took too long and was given up")


def discard(stored: StoredFile) -> None:
    default_storage.delete(stored.name)
    stored.arrival.delete()


def delete_abandoned_files(now: datetime | None = None) -> int:
    """Delete files whose row is gone, or was never written because its process died. Returns how many."""
    limit = (now or timezone.now()) - ABANDONED_AFTER
    Arrival.objects.filter(created_at__lt=limit).update(is_abandoned=True)
    return delete_given_up_files(list(Arrival.objects.filter(is_abandoned=True)[:500]))


def give_up(names: Iterable[str]) -> list[Arrival]:
    """Say, in the transaction that ends their row, that these files are to be deleted. The sweep does it, or you do."""
    return Arrival.objects.bulk_create([Arrival(name=name, is_abandoned=True) for name in names])


def delete_given_up_files(arrivals: Iterable[Arrival]) -> int:
    """May be broken off anywhere and done again: a file goes before the note about it."""
    done = 0
    for arrival in arrivals:
        default_storage.delete(arrival.name)
        _remove_empty_folder(arrival.name)
        arrival.delete()
        done += 1
    return done


def _remove_empty_folder(name: str) -> None:
    with contextlib.suppress(NotImplementedError, OSError):  # no folders there, or not empty
        Path(default_storage.path(name)).parent.rmdir()

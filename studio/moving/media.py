"""Every file that a row names, from one storage into another: copied, read back, and its checksum compared.

People may go on working: a file never changes under its name. A journal says what has arrived, so that it can be broken
off anywhere; a last start with the studio stopped brings what was made meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import models

BLOCK = 1 << 20


class MoveError(Exception):
    """A file did not arrive as it is. The text is a sentence."""


@dataclass(frozen=True)
class Step:
    name: str
    outcome: str  # "copied", "there" (had arrived before) or "missing" (the old storage has lost it)
    size: int = 0  # bytes that were copied


def names() -> Iterator[str]:
    """What rows name, rows in the trash included; a name may come twice."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                rows = model._base_manager.exclude(**{field.name: ""}).exclude(**{f"{field.name}__isnull": True})
                yield from rows.values_list(field.name, flat=True).iterator(2000)


def move(source: Storage, target: Storage, journal: Path) -> Iterator[Step]:
    """Bring over what `journal` does not name yet; it gets each name once its file was read back alike.

    Raises MoveError when a file arrived differently, OSError when a storage fails. Both may simply be started again.
    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    known = set(journal.read_text().splitlines()) if journal.exists() else set()
    with journal.open("a") as book:
        for name in names():
            if name in known:
                yield Step(name, "there")
                continue
            step = _bring(name, source, target)
            if step.outcome != "missing":
                book.write(f"{name}\n")
                book.flush()
                known.add(name)
            yield step


def _bring(name: str, source: Storage, target: Storage) -> Step:
    try:
        wanted, size = digest(source, name)
    except FileNotFoundError:
        return Step(name, "missing")
    if target.exists(name):
        if target.size(name) == size and digest(target, name)[0] == wanted:
            return Step(name, "there")
        target.delete(name)  # half of it, from a start that was broken off
    with source.open(name, "rb") as file:
        given = target.save(name, File(file, name))
    if given != name:
        raise MoveError(f"The new storage calls {name} something else: {given}.")
    if digest(target, name) != (wanted, size):
        raise MoveError(f"{name} did not arrive as it is.")
    return Step(name, "copied", size)


def digest(storage: Storage, name: str) -> tuple[str, int]:
    """SHA-256 and size in bytes, read block by block. Raises FileNotFoundError."""
    hash, size = hashlib.sha256(), 0
    with storage.open(name, "rb") as file:
        while block := file.read(BLOCK):
            hash.update(block)
            size += len(block)
    return hash.hexdigest(), size

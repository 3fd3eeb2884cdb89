"""What has arrived of a take, on disk. Memory holds nothing of it, so a hundred streams cost a hundred open files."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

Word = tuple[str, int, int]  # text, start and end in ms from the start of the take's sound
WORDS_AT_ONCE = 64 * 1024  # bytes of word lines read in one go


class Spool:
    """Two files that only grow: the sound, and one line of JSON for each group of words.

    Every reader keeps its own offset, so the person who listens live, the one who comes back and the one whose network
    is slow are the same thing.
    """

    def __init__(self, take_id: uuid.UUID) -> None:
        self.path = _folder() / f"{take_id}.part"
        self.words_path = self.path.with_suffix(".words")
        self._sound = self._words = -1

    def create(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sound, self._words = _open(self.path, create=True), _open(self.words_path, create=True)

    def open(self) -> bool:
        """Open for reading what is there. False if this machine has nothing of the take."""
        try:
            self._sound = _open(self.path)
            self._words = _open(self.words_path)
        except FileNotFoundError:
            self.close()
            return False
        return True

    def close(self) -> None:
        for handle in (self._sound, self._words):
            if handle >= 0:
                os.close(handle)
        self._sound = self._words = -1

    def append(self, audio: bytes) -> None:
        os.write(self._sound, audio)

    def append_words(self, words: Iterable[Word]) -> int:
        """Returns the number of bytes added, for readers' offsets."""
        line = json.dumps(list(words)).encode() + b"\n"
        return os.write(self._words, line)

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._sound, size, offset)

    def read_words(self, offset: int) -> tuple[list[Word], int]:
        """Return the words from `offset` on, and the offset after them."""
        data = os.pread(self._words, WORDS_AT_ONCE, offset)
        data = data[: data.rfind(b"\n") + 1]
        return [tuple(word) for line in data.splitlines() for word in json.loads(line)], offset + len(data)

    def read_all_words(self) -> list[Word]:
        words, offset = self.read_words(0)
        while True:
            more, following = self.read_words(offset)
            if following == offset:
                return words
            words, offset = words + more, following

    @property
    def size(self) -> int:
        return os.fstat(self._sound).st_size

    @property
    def words_size(self) -> int:
        return os.fstat(self._words).st_size

    def delete(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)
        self.words_path.unlink(missing_ok=True)


def delete_old_spools(older_than_s: float, *, keep: Iterable[Any] = ()) -> None:
    """Forget what lies there untouched for so long, except the takes named in `keep`."""
    kept, limit = {str(name) for name in keep}, time.time() - older_than_s
    folder = _folder()
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.stem not in kept and path.stat().st_mtime < limit:
                path.unlink()
        except FileNotFoundError:  # another sweeper was here
            continue


def _folder() -> Path:
    return Path(settings.SPOOL_ROOT) / "speech"


def _open(path: Path, *, create: bool = False) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND if create else os.O_RDONLY, 0o600)

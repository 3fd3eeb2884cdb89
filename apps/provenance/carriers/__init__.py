"""Where files of each kind carry words about themselves. Read and written block by block; the media stay bit for bit.

Each module here knows one kind of file: `read(file)` gives the settings in it, an empty string where there are none;
`write(source, target, words)` copies the file with them. Both raise NotCarriedError for what is not built as it should.
"""

from __future__ import annotations

from types import ModuleType
from typing import IO

from apps.provenance.carriers import flac, id3, jpeg, mp4, ogg, png, riff
from apps.provenance.carriers.blocks import LONGEST, NotCarriedError, Words

__all__ = ["LONGEST", "NotCarriedError", "Words", "find_carrier", "read", "write"]


def find_carrier(head: bytes) -> ModuleType | None:
    """By the first 16 bytes of a file, whatever its name says."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return png
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg
    if head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"WEBP"):
        return riff
    if head.startswith(b"fLaC"):
        return flac
    if head.startswith(b"OggS"):
        return ogg
    if head[4:8] == b"ftyp":
        return mp4
    if head.startswith(b"ID3") or id3.is_mpeg_audio(head):
        return id3
    return None


def read(file: IO[bytes]) -> str:
    """The settings in a file, as they were written; empty where there are none or they cannot be read."""
    carrier = find_carrier(_head(file))
    try:
        return str(carrier.read(file)) if carrier else ""
    except NotCarriedError:
        return ""


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    """Raises NotCarriedError; what was written by then is of no use."""
    carrier = find_carrier(_head(source))
    if carrier is None:
        raise NotCarriedError("this kind of file carries no words")
    carrier.write(source, target, words)


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    return head

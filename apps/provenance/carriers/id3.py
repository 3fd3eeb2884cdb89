"""ID3v2: at the beginning of MPEG audio, and in a chunk of WAV files."""

from __future__ import annotations

from typing import IO

from apps.provenance.carriers import flac
from apps.provenance.carriers.blocks import KEY, NotCarriedError, Words, copy, exactly

LARGEST = 8 << 20  # of a tag, which may hold a cover
UTF8 = b"\x03"
ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
Frame = tuple[bytes, bytes]


def is_mpeg_audio(head: bytes) -> bool:
    return len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def read(file: IO[bytes]) -> str:
    """Of a FLAC file too that a signature was put in front of."""
    if found := settings_in(_tag(file)):
        return found
    here = file.tell()
    if file.read(4) != b"fLaC":
        return ""
    file.seek(here)
    return flac.read(file)


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    old = _tag(source)
    source.seek(len(old))
    target.write(tag(words, old))
    copy(source, target)


def _tag(file: IO[bytes]) -> bytes:
    """The tag that a file begins with, its head included; empty: none."""
    head = exactly(file, 10)
    if not head.startswith(b"ID3"):
        return b""
    length = _plain(head[6:10]) + (10 if head[5] & 0x10 else 0)
    if length > LARGEST:
        raise NotCarriedError("the tag is too long")
    return head + exactly(file, length)


def settings_in(tag: bytes) -> str:
    for name, data in _frames(tag):
        if name == b"TXXX":
            key, text = _texts(data)
            if key == KEY:
                return text
    return ""


def tag(words: Words, old: bytes = b"") -> bytes:
    """A tag of version 2.4 with the words, and what else an older one held."""
    replaced = {b"TIT2", b"COMM"}
    frames = [frame for frame in _frames(old) if frame[0] not in replaced and not _is_ours(frame)]
    frames.append((b"TIT2", UTF8 + _utf8(words.title)))
    frames.append((b"COMM", UTF8 + b"eng\0" + _utf8(words.comment)))
    if words.settings:
        frames.append((b"TXXX", UTF8 + KEY.encode() + b"\0" + _utf8(words.settings)))
    body = b"".join(name + _synchsafe(len(data)) + b"\0\0" + data for name, data in frames)
    return b"ID3\x04\0\0" + _synchsafe(len(body)) + body


def _frames(tag: bytes) -> list[Frame]:
    """Those of versions 2.3 and 2.4, where they stand plainly; what is spelled otherwise is left."""
    if len(tag) < 10 or not tag.startswith(b"ID3") or tag[3] not in (3, 4) or tag[5] & 0xC0:
        return []
    is_newer, found, place, end = tag[3] == 4, [], 10, min(len(tag), 10 + _plain(tag[6:10]))
    while place + 10 <= end and tag[place : place + 1].isalnum():
        name, size, flags = tag[place : place + 4], tag[place + 4 : place + 8], tag[place + 8 : place + 10]
        length = _plain(size) if is_newer else int.from_bytes(size, "big")
        if not name.isalnum() or place + 10 + length > end:
            break
        if not flags[1]:  # neither packed nor encrypted
            found.append((name, tag[place + 10 : place + 10 + length]))
        place += 10 + length
    return found


def _is_ours(frame: Frame) -> bool:
    return frame[0] == b"TXXX" and _texts(frame[1])[0] == KEY


def _texts(data: bytes) -> tuple[str, str]:
    """Description and text of a frame that has both."""
    encoding = ENCODINGS.get(data[0], "latin-1") if data else "latin-1"
    if encoding != "utf-16":
        key, _zero, text = data[1:].decode(encoding, "replace").partition("\0")
    else:  # each with a mark of its own that says the order of its bytes
        key, _zero, text = data[1:].decode(encoding, "replace").partition("\0")
        text = text.lstrip("\ufeff\ufffe")
    return key, text.rstrip("\0")


def _utf8(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace")


def _plain(size: bytes) -> int:
    """Seven bits of each byte count, so that no size looks like the beginning of a sound."""
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]


def _synchsafe(size: int) -> bytes:
    if size >= 1 << 28:
        raise NotCarriedError("the tag is too long")
    return bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))

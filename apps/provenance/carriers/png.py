from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

from apps.provenance.carriers import xmp
from apps.provenance.carriers.blocks import KEY, MOST_PARTS, NotCarriedError, Words, copy, exactly

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = b"XML:com.adobe.xmp"
TEXTS = (b"iTXt", b"tEXt", b"zTXt")
LARGEST = 1 << 20  # of a text that is looked at


def read(file: IO[bytes]) -> str:
    exactly(file, len(SIGNATURE))
    packet = b""
    for name, length in _chunks(file):
        if name not in TEXTS or length > LARGEST:
            file.seek(length + 4, 1)
            continue
        key, text = _text(name, exactly(file, length))
        file.seek(4, 1)
        if key == KEY.encode():
            return text.decode("utf-8", "replace")
        if key == XMP_KEY:
            packet = text
    return xmp.settings_in(packet)


def write(source: IO[bytes], target: IO[bytes], words: Words) -> None:
    target.write(exactly(source, len(SIGNATURE)))
    is_written = False
    for name, length in _chunks(source):
        head = struct.pack(">I", length) + name
        if name in TEXTS and length <= LARGEST:
            data = exactly(source, length)
            check = exactly(source, 4)
            if _text(name, data)[0] not in (KEY.encode(), XMP_KEY):
                target.write(head + data + check)
            continue
        target.write(head)
        copy(source, target, length + 4)
        if name == b"IHDR":
            if words.settings:
                target.write(_chunk(KEY.encode(), words.settings.encode("utf-8", "replace")))
            target.write(_chunk(XMP_KEY, xmp.packet(words, with_settings=False)))
            is_written = True
    if not is_written:
        raise NotCarriedError("there is no header")


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Name and length of each; whoever asks reads or skips the data and the four bytes after it."""
    for _count in range(MOST_PARTS):
        head = file.read(8)
        if len(head) < 8:
            raise NotCarriedError("there is no end")
        length, name = struct.unpack(">I4s", head)
        yield name, length
        if name == b"IEND":
            return
    raise NotCarriedError("too many parts")


def _chunk(key: bytes, text: bytes) -> bytes:
    """Uncompressed, in UTF-8."""
    data = key + b"\0\0\0\0\0" + text
    return struct.pack(">I", len(data)) + b"iTXt" + data + struct.pack(">I", zlib.crc32(b"iTXt" + data))


def _text(name: bytes, data: bytes) -> tuple[bytes, bytes]:
    key, _zero, rest = data.partition(b"\0")
    if name == b"tEXt":
        return key, rest.decode("latin-1").encode()
    if name == b"zTXt":
        return key, _unpack(rest[1:]).decode("latin-1").encode()
    is_packed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]
    return key, _unpack(text) if is_packed else text


def _unpack(data: bytes) -> bytes:
    """No further than what is looked at: a kilobyte can hold a gigabyte."""
    try:
        return zlib.decompressobj().decompress(data, LARGEST)
    except zlib.error:
        return b""

"""How the server and its engine talk: framed messages, many jobs interleaved over one socket."""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("!IIB")  # length of the payload, number of the job, kind


class Kind(IntEnum):
    READY = 0
    SPEAK = 1  # to the engine, JSON: what to say and how
    CANCEL = 2  # to the engine
    TAKEN = 3  # to the engine: so many bytes of this job have been sent on
    AUDIO = 4  # from the engine: a piece of the file and the words that begin in it
    DONE = 5  # from the engine, JSON: measurements and subtitles
    FAILED = 6  # from the engine: the job's error as text


WINDOW = 512 * 1024  # bytes of one job that may wait for a slow listener before the engine turns to others


def frame(kind: Kind, job: int = 0, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), job, kind) + payload


def frame_json(kind: Kind, job: int, value: Any) -> bytes:
    return frame(kind, job, json.dumps(value, ensure_ascii=False).encode())


def pack_audio(audio: bytes, words: list[dict[str, Any]]) -> bytes:
    text = json.dumps(words, ensure_ascii=False).encode() if words else b""
    return struct.pack("!I", len(text)) + text + audio


def unpack_audio(payload: bytes) -> tuple[bytes, list[dict[str, Any]]]:
    (length,) = struct.unpack_from("!I", payload)
    return payload[4 + length :], json.loads(payload[4 : 4 + length]) if length else []

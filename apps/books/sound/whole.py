"""Whether a sound that comes without a word about its length is all there: by what its own head and frames say."""

from __future__ import annotations

import os
from typing import IO

from apps.minimax.mp3 import frame_length

HEAD_BYTES = 64 << 10  # in which a head is looked for
TAIL_BYTES = 64 << 10
CHAIN = 4  # frames in a row that are no accident
UNKNOWN_SIZE = (0, 0xFFFFFFFF)  # written by who did not know the length yet


def is_cut_off(file: IO[bytes], demuxer: str) -> bool:
    """demuxer: FFmpeg's name. False where it cannot be known. The file stands at its start afterwards."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        if demuxer == "wav":
            return _is_wav_cut_off(file, size)
        return demuxer == "mp3" and (_lacks_what_its_head_says(file, size) or _ends_inside_a_frame(file, size))
    finally:
        file.seek(0)


def _is_wav_cut_off(file: IO[bytes], size: int) -> bool:
    at = 12
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            return length not in UNKNOWN_SIZE and at + 8 + length > size
        at += 8 + length + length % 2
    return True  # no sound at all


def _lacks_what_its_head_says(file: IO[bytes], size: int) -> bool:
    """The first frame of many encoders counts the bytes: https://www.codeproject.com/Articles/8295 (Xing header)"""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    start = _skip_tag(head)
    frame = frame_length(head[start : start + 4])
    if not frame:
        return False
    found = max(head.find(mark, start, start + 64) for mark in (b"Xing", b"Info"))
    flags = int.from_bytes(head[found + 4 : found + 8], "big") if found >= 0 else 0
    if not flags & 2:  # the count of bytes; that of frames stands before it
        return False
    place = found + 8 + (4 if flags & 1 else 0)
    return start + int.from_bytes(head[place : place + 4], "big") > size + frame


def _ends_inside_a_frame(file: IO[bytes], size: int) -> bool:
    begin = max(0, size - TAIL_BYTES)
    file.seek(begin)
    tail = file.read(TAIL_BYTES)
    for start in range(len(tail)):
        ends = _ends(tail, start)
        if len(ends) >= CHAIN:
            return ends[-1] > len(tail)
    return False


def _ends(tail: bytes, start: int) -> list[int]:
    """Where each frame ends, as long as one follows the other."""
    ends: list[int] = []
    while length := frame_length(tail[start : start + 4]):
        start += length
        ends.append(start)
    return ends


def _skip_tag(head: bytes) -> int:
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size

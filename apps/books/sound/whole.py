"""Whether a sound that comes without a word about its length is all there: by what its own head and frames say."""

from __future__ import annotations

import os
from typing import IO

HEAD_BYTES = 64 << 10  # in which a head is looked for
TAIL_BYTES = 64 << 10
CHAIN = 4  # frames in a row that are no accident
UNKNOWN_SIZE = (0, 0xFFFFFFFF)  # written by who did not know the length yet
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz, by version
_BITRATES = {  # kbit/s of layer III
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


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
    frame = _frame_length(head[start : start + 4])
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
    while length := _frame_length(tail[start : start + 4]):
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


def _frame_length(head: bytes) -> int:
    """Bytes of the frame of MPEG audio, layer III, that begins so; 0: none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    bits = _BITRATES[version == 3][bitrate] * 1000
    return (144 if version == 3 else 72) * bits // _RATES[version][rate] + (head[2] >> 1 & 1)

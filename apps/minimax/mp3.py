"""Frames of mp3: how long each is, and whether pieces join without a gap."""

from __future__ import annotations

# kbit/s of layer III by the header's index, for MPEG 1 and for MPEG 2 and 2.5
_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_1 = (44100, 48000, 32000)


class FrameWalk:
    """Steps from frame to frame through a stream of layer III. Keeps a few bytes, never the sound."""

    def __init__(self) -> None:
        self._left = 0  # bytes of the current frame or tag still to come
        self._head = b""  # the beginning of a header that was cut in two
        self._is_lost = False

    @property
    def is_intact(self) -> bool:
        """Every frame so far began where the one before it ended, and the last one is complete."""
        return not (self._is_lost or self._left or self._head)

    def feed(self, data: bytes) -> None:
        if self._left >= len(data):  # no new frame begins here
            self._left -= len(data)
            return
        data = self._head + data[self._left :]
        self._left, place = 0, 0
        while not self._is_lost and place + 10 <= len(data):
            place += self._length(data[place : place + 10])
        if self._is_lost:
            self._head = b""
        elif place >= len(data):
            self._left, self._head = place - len(data), b""
        else:
            self._head = data[place:]

    def _length(self, head: bytes) -> int:
        if head[:3] == b"ID3":
            return 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        length = frame_length(head)
        self._is_lost = not length
        return length


def frame_length(head: bytes) -> int:
    """Bytes of the frame of layer III that begins so, told by its first four; 0: none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate, padding = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    if version == 3:
        return 144_000 * _BITRATES_1[bitrate] // _RATES_1[rate] + padding
    return 72_000 * _BITRATES_2[bitrate] // (_RATES_1[rate] // (2 if version == 2 else 4)) + padding

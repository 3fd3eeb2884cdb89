"""How long the sound is that has arrived so far, without decoding it."""

from __future__ import annotations

from typing import Protocol

# https://datatracker.ietf.org/doc/html/rfc3119#appendix-A names the fields; MiniMax sends layer III only.
_BITRATES = {  # kbit/s by MPEG version (1, 2 and 2.5)
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_HEAD = 44  # bytes: a header, and where the encoder's own first frame, which nobody hears, says "Xing" or "Info"
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


class Clock(Protocol):
    """Measures a stream piece by piece."""

    @property
    def ms(self) -> float: ...

    def feed(self, piece: bytes) -> None: ...


class PcmClock:
    """Raw signed 16-bit samples."""

    def __init__(self, sample_rate: int, channel: int) -> None:
        self._bytes_per_ms = sample_rate * channel * 2 / 1000
        self._bytes = 0

    def feed(self, piece: bytes) -> None:
        self._bytes += len(piece)

    @property
    def ms(self) -> float:
        return self._bytes / self._bytes_per_ms


class Mp3Clock:
    """Counts MPEG frames by walking from header to header, so variable bit rates and several files in a row are right.

    A decoder plays every frame, the encoder's padding too, so this is the length a person hears.
    """

    def __init__(self) -> None:
        self.ms = 0.0
        self._rest = b""  # the head of a frame whose header is not complete yet
        self._skip = 0  # bytes of the current frame or tag still to come

    def feed(self, piece: bytes) -> None:
        if self._skip >= len(piece):
            self._skip -= len(piece)
            return
        data, place = self._rest + piece, self._skip  # never both: what is skipped has a header already
        self._rest, self._skip = b"", 0
        end = len(data)
        while place < end:
            if place + _HEAD > end:
                self._rest = data[place:]
                return
            length, duration = _read_header(data, place)
            if not length:  # not a header: look for the next one
                following = data.find(b"\xff", place + 1)
                place = end if following < 0 else following
                continue
            if data[place + 4 : place + _HEAD].find(b"Xing") < 0 and data[place + 4 : place + _HEAD].find(b"Info") < 0:
                self.ms += duration
            place += length
        self._skip = place - end


def _read_header(data: bytes, place: int) -> tuple[int, float]:
    """Return (bytes, ms) of the frame or ID3 tag that starts at `place`; (0, 0) if none does."""
    if data.startswith(b"ID3", place):
        a, b, c, d = data[place + 6 : place + 10]
        return 10 + (a << 21 | b << 14 | c << 7 | d), 0.0
    first, second, third = data[place], data[place + 1], data[place + 2]
    version, layer = second >> 3 & 3, second >> 1 & 3
    rate_index, hertz_index = third >> 4, third >> 2 & 3
    if first != 0xFF or second >> 5 != 7 or layer != 1 or version == 1 or rate_index in (0, 15) or hertz_index == 3:
        return 0, 0.0
    hertz = _SAMPLE_RATES[version][hertz_index]
    samples = 1152 if version == 3 else 576
    length = samples // 8 * _BITRATES[version][rate_index] * 1000 // hertz + (third >> 1 & 1)
    return length, samples * 1000 / hertz


def clock_for(stream: dict) -> Clock:
    """`stream` is a take's: {format: "mp3" or "pcm", sample_rate, channel}."""
    if stream["format"] == "pcm":
        return PcmClock(stream["sample_rate"], stream["channel"])
    return Mp3Clock()

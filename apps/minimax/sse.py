"""Server-sent events, cut out of bytes as they arrive."""

from __future__ import annotations

from collections.abc import Sequence

BOM = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """One event outgrew the limit."""


class EventParser:
    """Feed it whatever the socket gave; get the `data` of each event that is complete.

    How the bytes were cut makes no difference. Line ends may be LF, CRLF or CR; `event:`, `id:` and comments are passed
    over; several `data:` lines are joined by LF. Holds at most one unfinished event, and copies no byte twice.
    """

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._line: list[bytes] = []  # pieces of the line that is not finished
        self._data: list[bytes] = []  # data lines of the event that is not finished
        self._held = 0  # bytes in both
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> Sequence[bytes]:
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")  # second half of a CRLF that was cut in two
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            if chunk:
                self._line.append(chunk)
                self._hold(len(chunk))
            return ()
        lines = chunk.split(b"\n")
        if self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line.clear()
        self._held = sum(map(len, self._data))
        rest = lines.pop()
        events = []
        for line in lines:
            if self._at_start:
                self._at_start = False
                line = line.removeprefix(BOM)
            if line:
                self._take(line)
            elif self._data:
                events.append(self._event())
        if rest:
            self._line.append(rest)
            self._hold(len(rest))
        return events

    def finish(self) -> Sequence[bytes]:
        """The event that the end of the stream left without its blank line; it may be cut short."""
        if self._line:
            line = b"".join(self._line)
            self._line.clear()
            self._take(line.removeprefix(BOM) if self._at_start else line)
        return (self._event(),) if self._data else ()

    def _take(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            data = line[6:] if line[5:6] == b" " else line[5:]
        elif line == b"data":
            data = b""
        else:
            return
        self._data.append(data)
        self._hold(len(data))

    def _event(self) -> bytes:
        event = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._held = 0
        return event

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._max_bytes:
            raise EventTooLargeError

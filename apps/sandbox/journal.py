"""What was asked and how it ended: one line in the log for each request, and a list that tests can count."""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from apps.sandbox.faults import Fault


@dataclass
class Entry:
    method: str
    path: str
    trace_id: str = field(default_factory=lambda: uuid4().hex)
    at: float = field(default_factory=time.time)
    status: int | None = None  # HTTP; 101 for a WebSocket; none: the connection was dropped
    code: int | None = None  # base_resp.status_code
    usage_characters: int = 0
    texts: int = 0  # pieces of text spoken
    input_tokens: int = 0
    output_tokens: int = 0  # that went out
    first_byte_ms: float | None = None
    seconds: float = 0.0
    fault: Fault | None = None
    source: str = ""  # the client's own name for itself

    def begin(self) -> None:
        entries.append(self)

    def answered(self) -> None:
        if self.first_byte_ms is None:
            self.first_byte_ms = round((time.time() - self.at) * 1000, 1)

    def end(self) -> None:
        self.seconds = round(time.time() - self.at, 4)
        fault = f" fault={self.fault.name}" if self.fault else ""
        print(  # noqa: T201 - the log is stdout; the launcher puts the part's name before each line
            f"{time.strftime('%H:%M:%S')} {self.method} {self.path} {self.status or 'dropped'} code={self.code} "
            f"{self.seconds * 1000:.0f} ms{fault} trace={self.trace_id}",
            file=sys.stdout,
            flush=True,
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "fault": self.fault.name if self.fault else ""}


entries: deque[Entry] = deque(maxlen=10_000)

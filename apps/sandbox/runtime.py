"""What was said on the command line, and the clock that can be moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass
class Runtime:
    key: str = field(default="", repr=False)
    data: Path = Path()
    delay_s: float = 0.0  # before every answer of the API, as if it worked longer
    clock_shift_s: float = 0.0
    engines: int = 2
    makers: int = 1  # processes that make films and the like, at most, for each kind of work
    niceness: int = 10
    task_delay_s: float = 0.0  # a task takes at least so long
    tokens_per_second: float | None = None  # of chat; none: as its model; 0: as fast as it goes
    obey_stop: bool = False  # MiniMax ignores stop sequences; other servers of its open models obey them
    capacity_bytes: int = 100 * 1024**3  # of all files of the account
    long_speech_result: str = "tar"  # or "raw": the sound alone, as some clients expect it
    idle_s: float = 120.0  # a silent WebSocket is closed after it

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock_shift_s)


runtime = Runtime()

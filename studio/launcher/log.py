import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

COLOURS = {"web": 36, "worker": 35, "sandbox": 33, "valkey": 32, "prepare": 34}
LARGEST = 5_000_000  # bytes
KEPT = 3  # older files beside the current one
NAME_WIDTH = 8


class Log:
    """One stream for all parts, each line with the part's name: to the terminal, and with the time to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = self.open()
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.file)

    def open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def say(self, sentence: str) -> None:
        """A word of the launcher itself."""
        self.to_terminal(sentence)
        self.to_file("studio", sentence)

    def line(self, name: str, line: str, *, to_terminal: bool = True) -> None:
        """A line that a part wrote."""
        label = f"{name:<{NAME_WIDTH}}│"
        if to_terminal:
            self.to_terminal(
                f"\033[{COLOURS.get(name, 37)}m{label}\033[0m {line}" if self.coloured else f"{label} {line}"
            )
        self.to_file(name, line)

    def to_terminal(self, line: str) -> None:
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except OSError:
            # Whoever read our output has gone; the file goes on.
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (open until the end)

    def to_file(self, name: str, line: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        try:
            if os.fstat(self.file).st_size > LARGEST:
                self.rotate()
            os.write(self.file, f"{stamp} {name:<{NAME_WIDTH}}│ {line}\n".encode(errors="replace"))
        except OSError:
            # A full disk must not stop the studio; the terminal still shows the line.
            return

    def rotate(self) -> None:
        for number in range(KEPT, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(older)
        os.close(self.file)
        self.file = self.open()

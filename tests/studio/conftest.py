from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.config import ROOT
from studio.launcher.processes import MARK

READY_WITHIN = 90  # seconds; the machine may be busy with other tests
URL = re.compile(r"https?://[^\s]+")


class Studio:
    """`manage.py up` in a process of its own, seen from the terminal."""

    def __init__(self, data: Path, **env: str) -> None:
        self.data = data
        self.address = ""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIO_", "DJANGO_"))}
        for name in ("DATABASE_URL", "REDIS_URL"):
            inherited.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--data", str(data)],
            cwd=ROOT,
            env={**inherited, "STUDIO_PORT": "0", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.unread: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            self.unread.put(line.rstrip())
        self.unread.put(None)

    def says(self, words: str, within: float = READY_WITHIN) -> str:
        """Wait for a line with these words; fail when the studio ends or stays silent."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            try:
                line = self.unread.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            if words in line:
                return line
        pytest.fail(f"it never said {words!r}:\n" + "\n".join(self.lines))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def is_ready(self) -> str:
        """Wait until it is, and give its address."""
        address = URL.search(self.says("The studio is ready"))
        assert address
        return address.group()

    def ends(self, within: float = READY_WITHIN) -> int:
        code = self.process.wait(within)
        while self.unread.get(timeout=5) is not None:
            continue
        return code

    def pid_of(self, part: str) -> int:
        return int((self.data / "run" / f"{part}.pid").read_text().split()[0])

    def processes(self) -> set[int]:
        return marked(self.data)


def marked(data: Path) -> set[int]:
    """Every process that was started for this data folder, found without the launcher's help."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"{MARK}={data}".encode() in (folder / "environ").read_bytes().split(b"\0")
            is_valkey = str(data).encode() in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if is_ours or is_valkey:
            found.add(int(folder.name))
    return found - {os.getpid()}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A data folder that has been through a first start's migrations."""
    data = tmp_path_factory.mktemp("prepared")
    studio = Studio(data, STUDIO_SANDBOX="off")
    studio.is_ready()
    studio.process.send_signal(signal.SIGTERM)
    assert studio.ends() == 0
    return data


@pytest.fixture
def data(prepared, tmp_path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "a data folder"))


@pytest.fixture(scope="module")
def running(prepared, tmp_path_factory) -> Iterator[Studio]:
    """A studio that several tests look at, or make suffer a little."""
    studio = Studio(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("running") / "a data folder")))
    studio.address = studio.is_ready()
    yield studio
    studio.process.send_signal(signal.SIGTERM)
    studio.ends()


@pytest.fixture
def up() -> Iterator[type[Studio]]:
    """Start studios; whatever is left of them afterwards is ended."""
    started: list[Studio] = []

    class Started(Studio):
        def __init__(self, data: Path, **env: str) -> None:
            super().__init__(data, **env)
            started.append(self)

    yield Started
    for studio in started:
        if studio.process.poll() is None:
            studio.process.kill()
            studio.process.wait()
        for pid in studio.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

import os
import selectors
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from studio.config import ROOT
from studio.launcher.log import Log
from studio.launcher.parts import Part, Table
from studio.launcher.processes import end_group, remove_pid_file, start, write_pid_file

STOPPING = "stopping"
LOOK_EVERY = 0.05  # seconds, while something is on its way up or down
START_WITHIN = 90  # seconds; a first start on a slow machine migrates too
FALLS = 5  # a part that ends this often ...
FALLS_WITHIN = 60  # ... in so many seconds is not started again


class GaveUpError(Exception):
    """A part cannot be kept running; the text says which."""


@dataclass
class Running:
    """A part and its process, if it has one."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    due: float = 0.0  # not started before this time
    began: float = 0.0
    ended_at: deque[float] = field(default_factory=lambda: deque(maxlen=FALLS))
    half_line: bytes = b""
    last_line: str = ""


def output_of(one: Running) -> IO[bytes]:
    assert one.process is not None
    assert one.process.stdout is not None
    return one.process.stdout


class Supervisor:
    """Keeps the parts of a table running until a signal says stop. One thread; sleeps when nothing happens."""

    def __init__(self, table: Table, data: Path, log: Log, started: float) -> None:
        self.table, self.data, self.log, self.started = table, data, log, started
        self.running = {part.name: Running(part) for part in table.parts}
        self.selector = selectors.DefaultSelector()
        self.stops_asked = 0
        self.announced = False

    def run(self) -> None:
        """Start everything, announce it, watch it; stop everything on the way out. Raises GaveUpError."""
        with self.signals():
            try:
                while not self.stops_asked:
                    self.start_what_is_due()
                    self.look_at_health()
                    self.wait(LOOK_EVERY if self.is_busy() else None)
                    self.bury()
            finally:
                self.stop()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let signals wake the loop: stop requests, and the end of a part."""
        inner, outer = socket.socketpair()
        inner.setblocking(False)
        outer.setblocking(False)
        self.selector.register(inner, selectors.EVENT_READ, None)
        before = signal.set_wakeup_fd(outer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            self.selector.close()
            inner.close()
            outer.close()

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stops_asked += 1

    # --- up ---------------------------------------------------------------------------------------------------------

    def start_what_is_due(self) -> None:
        now = time.monotonic()
        for one in self.running.values():
            waits_for = (self.running[name] for name in one.part.after)
            if one.process is None and not one.ready and one.due <= now and all(other.ready for other in waits_for):
                self.start(one)

    def start(self, one: Running) -> None:
        part = one.part
        if part.probe:
            part.probe.forget()
        else:
            self.log.say("Bringing the database and the pages' files up to this version.")
        one.process = start(part.command, env=part.env, cwd=ROOT, fds=part.fds)
        one.began, one.half_line = time.monotonic(), b""
        write_pid_file(self.data, part.name, one.process.pid)
        os.set_blocking(output_of(one).fileno(), False)
        self.selector.register(output_of(one), selectors.EVENT_READ, one)

    def look_at_health(self) -> None:
        for one in self.running.values():
            if one.process is None or one.ready or one.part.probe is None:
                continue
            if one.part.probe.is_ready():
                one.ready = True
                if self.announced:
                    self.log.say(f"The part {one.part.name} is ready again.")
            elif time.monotonic() - one.began > START_WITHIN:
                why = f" ({one.part.probe.said})" if one.part.probe.said else ""
                raise GaveUpError(f"The part {one.part.name} was not ready within {START_WITHIN} seconds{why}.")
        if not self.announced and all(one.ready for one in self.running.values()):
            self.announce()

    def announce(self) -> None:
        self.announced = True
        seconds = time.monotonic() - self.started
        token = self.table.setup_token
        page = f"setup/?token={token.read_text().strip()}" if token and token.exists() else ""
        self.log.say(f"The studio is ready after {seconds:.1f} s: {self.table.url}/{page}")
        self.log.say(f"Everything it keeps lies in {self.data}. Ctrl-C stops it.")

    def is_busy(self) -> bool:
        return not all(one.ready for one in self.running.values())

    # --- watching ---------------------------------------------------------------------------------------------------

    def wait(self, seconds: float | None) -> None:
        """Sleep until a part says something, a signal comes, or `seconds` are over."""
        for key, _events in self.selector.select(seconds):
            if key.data is None:
                os.read(key.fd, 4096)
            else:
                self.read(key.data)

    def read(self, one: Running) -> bool:
        """Pass on what a part wrote. False when there is nothing more for now."""
        output = output_of(one)
        try:
            piece = os.read(output.fileno(), 65_536)
        except BlockingIOError:
            return False
        if not piece and output in self.selector.get_map():
            self.selector.unregister(output)
        *lines, one.half_line = (one.half_line + (piece or b"\n")).split(b"\n")
        for line in lines:
            self.pass_on(one, line.decode(errors="replace").rstrip())
        return bool(piece)

    def pass_on(self, one: Running, line: str) -> None:
        if line:
            one.last_line = line
            self.log.line(one.part.name, line, to_terminal=one.part.is_shown)

    def bury(self) -> None:
        """Notice parts that have ended: one did its work, another fell and is picked up."""
        for one in self.running.values():
            if one.process is None or one.process.poll() is None:
                continue
            code = self.close(one)
            if one.part.on_done and code == 0:
                one.part.on_done()
                one.ready = True
            elif one.part.on_done:
                raise GaveUpError(self.why_undone(one))
            else:
                self.pick_up(one, code)

    def why_undone(self, one: Running) -> str:
        sentence = one.last_line.removeprefix("CommandError: ")
        if sentence != one.last_line:
            return sentence
        return f"The step {one.part.name} failed: {sentence} (the whole story is in {self.log.path})."

    def close(self, one: Running) -> int:
        """Read the last words of a part that has ended, and end whatever it left behind."""
        assert one.process is not None
        output = output_of(one)
        end_group(one.process.pid)
        while self.read(one):
            continue
        if output in self.selector.get_map():
            self.selector.unregister(output)
        output.close()
        code = one.process.wait()
        remove_pid_file(self.data, one.part.name)
        one.process, one.ready = None, False
        return code

    def pick_up(self, one: Running, code: int) -> None:
        """Start a fallen part again, each time a little later; not for ever."""
        now = time.monotonic()
        one.ended_at.append(now)
        recent = sum(now - moment < FALLS_WITHIN for moment in one.ended_at)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        if recent == FALLS:
            raise GaveUpError(f"The part {one.part.name} {how}, for the {FALLS}th time within {FALLS_WITHIN} seconds.")
        self.log.say(f"The part {one.part.name} {how}; it is started again.")
        one.due = now + 0.1 * 2**recent

    # --- down -------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the parts in the table's order, each politely and then not. Asked a second time, stop all at once."""
        (self.data / "run" / STOPPING).touch()  # whoever starts next on this folder may wait for it
        self.log.say("Stopping.")
        for one in self.running.values():
            if one.process is None:
                continue
            one.process.terminate()
            patience_ends = time.monotonic() + one.part.stop_within
            while one.process.poll() is None and time.monotonic() < patience_ends and self.stops_asked < 2:
                self.wait(LOOK_EVERY)
            self.close(one)
        self.log.say("The studio has stopped.")

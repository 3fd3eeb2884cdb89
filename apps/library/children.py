"""Runs our own programs that open strangers' files: apart from the process that has work to do, and with an end.

Each file gets a process of its own that dies after it. It is forked off a small server (apps.library.opener) that has
imported the decoders once: a fresh interpreter would take 0.2 s for that, more than most files take to be opened.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

OPENER = Path(__file__).with_name("opener.py").resolve()
CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"  # there, libraries may not be used after a fork
PATIENCE_S = 30  # beyond a file's own time: for a server that is just starting


class ChildError(Exception):
    """The program did not do what it was asked; the text is the last thing it said."""


class ServerGoneError(Exception):
    """The fork server is not there (any more), and this file was not opened."""


def run_child(program: Path, *arguments: str, order: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    """Run one of our files as a program; `order` goes in as JSON and so comes the answer. Blocks. Raises ChildError.

    May run it twice, should the server die over it: what it writes is to be written over.
    """
    if CAN_FORK:
        try:
            return _server.run(program.resolve(), arguments, order, timeout_s)
        except ServerGoneError as exc:
            log.warning("The process that opens files is gone (%s); a fresh one is used.", exc)
    return _run_alone(program.resolve(), arguments, order, timeout_s)


def _run_alone(program: Path, arguments: Sequence[str], order: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    """In a fresh interpreter."""
    command = [sys.executable, "-I", str(OPENER), str(program), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  (our own file, no shell; the order goes through the pipe)
            command, input=json.dumps(order).encode(), capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise ChildError(f"not done after {timeout_s:.0f} s") from exc
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"ended with {done.returncode}"]
        raise ChildError(said[-1][:300])
    return json.loads(done.stdout)


class ForkServer:
    """One for each process that opens files; started when the first file comes, and again when it has gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def run(
        self, program: Path, arguments: Sequence[str], order: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Raises ChildError, ServerGoneError."""
        told = {"arguments": arguments, "order": order, "seconds": timeout_s}
        with self._connect(program) as connection:
            connection.settimeout(timeout_s + PATIENCE_S)
            try:
                connection.sendall(json.dumps(told).encode() + b"\n")
                with connection.makefile("rb") as file:
                    said = dict[str, Any]()
                    for line in file:
                        if line.endswith(b"\n"):  # not one that was cut off
                            said |= json.loads(line)
            except TimeoutError as exc:
                raise ChildError(f"not done after {timeout_s:.0f} s") from exc
            except OSError as exc:
                raise ServerGoneError(str(exc)) from exc
        if "answer" in said:
            return said["answer"]
        if "error" in said:
            raise ChildError((said["error"].strip().splitlines() or ["no reason given"])[-1][:300])
        if "status" not in said:
            raise ServerGoneError("no answer")
        if said["status"] == -signal.SIGALRM:
            raise ChildError(f"not done after {timeout_s:.0f} s")
        raise ChildError(f"ended with {said['status']}")

    def _connect(self, program: Path) -> socket.socket:
        """Give the server one end of a new connection and return the other."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for attempt in range(2):
                if self._control is None or attempt:
                    self._start()
                assert self._control
                try:
                    socket.send_fds(self._control, [bytes(program)], [theirs.fileno()])
                except OSError as exc:  # it went because there was nothing to do, or it was killed
                    if attempt:
                        ours.close()
                        raise ServerGoneError(str(exc)) from exc
                else:
                    break
        return ours

    def _start(self) -> None:
        self._forget()  # if there was one, it is dead
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (our own file, no shell)
                [sys.executable, "-I", str(OPENER)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "OPENBLAS_NUM_THREADS": "1",
                    "OMP_NUM_THREADS": "1",
                },  # a fork takes no threads along
                start_new_session=True,  # a Ctrl-C is for us: it goes when we go
            )

    def _forget(self) -> None:
        if self._process:
            self._process.kill()  # its children go on with their files and answer us
            self._process.wait()
        self.leave()
        self._process = None

    def leave(self) -> None:
        """Let go of the server: it ends when nobody holds on to it."""
        if self._control:
            self._control.close()
        self._control = None


_server = ForkServer()


def _begin_anew() -> None:
    """In a child of ours: the server belongs to the parent, and must see it go."""
    global _server
    _server.leave()
    _server = ForkServer()


if CAN_FORK:
    os.register_at_fork(after_in_child=_begin_anew)

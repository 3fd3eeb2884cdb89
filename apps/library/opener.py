"""Runs one of our programs that open strangers' files, each time in a process that dies after its one file.

`python -I opener.py PROGRAM ACT…` does so once: the order is read from stdin, the answer goes to stdout.

Without arguments it is a fork server: its stdin is a socket, and over it come the path of a program and, as a handle, a
connection. It imports the decoders once and forks a child for each connection. The child reads `{arguments, order,
seconds}` as JSON and writes a line `{"answer": …}` or `{"error": …}`; the server adds `{"status": …}` once the child is
gone, and closes. It ends, with all its children, when whoever started it is gone, and when nothing came for a while.

Standard library only, and nothing of ours: it runs without the project on its path.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import io
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

MOST_MEMORY = 4 << 30  # bytes of address space; decoders reserve more of it than they use
IDLE_S = 300
LARGEST_ORDER = 1 << 20  # bytes
LONGEST_PATH = 4096  # bytes
# What the programs import, and the formats that Pillow looks for first.
PILLOW = ("ImageOps", *(f"{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm", "WebP")))
LIBRARIES = ("av", "av.filter", "numpy", *(f"PIL.{name}" for name in PILLOW))

_programs: dict[str, ModuleType] = {}


def load(program: str) -> ModuleType:
    if program not in _programs:
        spec = importlib.util.spec_from_file_location(f"program_{len(_programs)}", program)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up there
        spec.loader.exec_module(module)
        _programs[program] = module
    return _programs[program]


def limit_memory() -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(hard, MOST_MEMORY)
    with contextlib.suppress(ValueError, OSError):  # not every system limits address space
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


# --- in the child -----------------------------------------------------------------------------------------------------


def work(program: str, connection: socket.socket) -> None:
    """Do what the order on this connection says, as if the program had been started for it."""
    with connection.makefile("rb") as file:
        told = json.loads(file.readline(LARGEST_ORDER))
    signal.setitimer(signal.ITIMER_REAL, told["seconds"])  # ends the process, whatever native code is at
    limit_memory()
    sys.argv = [program, *told["arguments"]]
    sys.stdin, sys.stdout = io.StringIO(json.dumps(told["order"])), io.StringIO()
    try:
        load(program).main()
        said: dict[str, Any] = {"answer": json.loads(sys.stdout.getvalue())}
    except SystemExit as end:
        said = {"error": str(end.code)}
    except BaseException as error:  # the traceback belongs to nobody here; its last line is what a program would say
        said = {"error": f"{type(error).__name__}: {error}"}
    connection.sendall(json.dumps(said).encode() + b"\n")


# --- the server -------------------------------------------------------------------------------------------------------


class Server:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, socket.socket] = {}
        self.wakes, self.wake = os.pipe()
        os.set_blocking(self.wakes, False)
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(self.wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes `select`

    def run(self) -> None:
        while True:
            waited_for: list[Any] = [self.control, self.wakes]
            ready, _, _ = select.select(waited_for, [], [], None if self.children else IDLE_S)
            if not ready:
                return
            if self.wakes in ready:
                with contextlib.suppress(BlockingIOError):
                    while os.read(self.wakes, 4096):
                        pass
                self.reap()
            if self.control in ready and not self.take():
                return

    def take(self) -> bool:
        """Fork a child for the connection that has come. False when nobody is there any more to send one."""
        try:
            path, handles, _flags, _address = socket.recv_fds(self.control, LONGEST_PATH, 1)
        except ConnectionError:
            return False
        if not handles:
            return False
        connection, program = socket.socket(fileno=handles[0]), path.decode()
        with contextlib.suppress(Exception):  # the child meets the same fault, and says so
            load(program)
        pid = os.fork()
        if pid:
            self.children[pid] = connection
            return True
        status = 1
        try:
            self.become_child()
            work(program, connection)
            status = 0
        finally:
            os._exit(status)

    def become_child(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (self.control, *self.children.values()):
            other.close()
        silence = os.open(os.devnull, os.O_RDWR)
        for handle in (0, 1, 2):  # what native code prints about a broken file is nobody's news
            os.dup2(silence, handle)

    def reap(self) -> None:
        for pid in list(self.children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                with self.children.pop(pid) as connection, contextlib.suppress(OSError):
                    connection.sendall(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode() + b"\n")

    def end(self) -> None:
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def serve() -> None:
    control = socket.socket(fileno=os.dup(0))
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that a child's collector leaves the pages alone that it shares
    server = Server(control)
    try:
        server.run()
    finally:
        server.end()


def once(program: str, arguments: list[str]) -> None:
    limit_memory()
    sys.argv = [program, *arguments]
    main: Callable[[], None] = load(program).main
    main()


if __name__ == "__main__":
    once(sys.argv[1], sys.argv[2:]) if sys.argv[1:] else serve()

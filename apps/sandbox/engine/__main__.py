"""The engine: a process that makes sound and may crash without harm. `python -m apps.sandbox.engine FD FOLDER`."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.sandbox.engine.channel import HEADER, WINDOW, Kind, frame, frame_json, pack_audio
from apps.sandbox.engine.espeak import Espeak
from apps.sandbox.engine.performance import Performance, Step


@dataclass
class Running:
    performance: Performance
    steps: Iterator[Step]
    waiting: int = 0  # bytes made but not yet taken by the listener


class Engine:
    def __init__(self, channel: socket.socket, folder: Path) -> None:
        self._channel = channel
        self._received = bytearray()
        self._espeak = Espeak(folder)
        self._jobs: dict[int, Running] = {}

    def run(self) -> None:
        self._send(frame(Kind.READY))
        while True:
            able = [number for number, job in self._jobs.items() if job.waiting < WINDOW]
            if select.select([self._channel], [], [], 0 if able else None)[0] and not self._receive():
                return
            able = [number for number in able if number in self._jobs]
            if able:
                self._step(min(able, key=lambda number: self._jobs[number].performance.lead_s()))

    def _send(self, data: bytes) -> None:
        self._channel.sendall(data)

    def _receive(self) -> bool:
        """False when the server has gone."""
        data = self._channel.recv(1 << 20)
        self._received += data
        while len(self._received) >= HEADER.size:
            length, number, kind = HEADER.unpack_from(self._received)
            if len(self._received) < HEADER.size + length:
                break
            payload = bytes(self._received[HEADER.size : HEADER.size + length])
            del self._received[: HEADER.size + length]
            self._take(Kind(kind), number, payload)
        return bool(data)

    def _take(self, kind: Kind, number: int, payload: bytes) -> None:
        if kind is Kind.SPEAK:
            try:
                performance = Performance(self._espeak, json.loads(payload))
            except Exception as exc:  # one bad job must not end the others
                self._fail(number, exc)
            else:
                self._jobs[number] = Running(performance, performance.steps())
        elif kind is Kind.CANCEL:
            self._jobs.pop(number, None)
        elif kind is Kind.TAKEN and number in self._jobs:
            self._jobs[number].waiting -= struct.unpack("!I", payload)[0]

    def _step(self, number: int) -> None:
        job = self._jobs[number]
        try:
            step = next(job.steps, None)
        except Exception as exc:
            del self._jobs[number]
            self._fail(number, exc)
            return
        if step is None:
            del self._jobs[number]
            self._send(frame_json(Kind.DONE, number, job.performance.result()))
        elif step.audio or step.entries:
            job.waiting += len(step.audio)
            self._send(frame(Kind.AUDIO, number, pack_audio(step.audio, step.entries)))

    def _fail(self, number: int, exc: Exception) -> None:
        print(f"engine: {type(exc).__name__}: {exc}", file=sys.stderr, flush=True)  # noqa: T201 - the engine's log is its stderr
        self._send(frame(Kind.FAILED, number, f"{type(exc).__name__}: {exc}".encode()))


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes the channel
    os.nice(5)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        Engine(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2])).run()


if __name__ == "__main__":
    main()

"""How the launcher learns that a part is ready, without waiting for any one of them."""

import json
import socket
import time
from abc import ABC, abstractmethod
from pathlib import Path

PATIENCE = 10  # seconds for one answer


class Probe(ABC):
    said = ""  # why the part is not ready, in its own words

    @abstractmethod
    def is_ready(self) -> bool:
        """Look, without blocking. Called again until it is true."""

    @abstractmethod
    def forget(self) -> None:
        """The part starts anew."""


class FileProbe(Probe):
    """Ready once the part has made a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_ready(self) -> bool:
        return self.path.exists()

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


class SocketProbe(Probe):
    """Ready once a question on a local socket gets the answer that is hoped for."""

    def __init__(self, address: str | tuple[str, int], question: bytes, hoped_for: bytes) -> None:
        self.address, self.question, self.hoped_for = address, question, hoped_for
        self.socket: socket.socket | None = None
        self.asked_at = 0.0

    def is_ready(self) -> bool:
        try:
            if self.socket is None:
                self.ask()
                return False
            answer = self.socket.recv(4096)
        except BlockingIOError:
            if time.monotonic() - self.asked_at > PATIENCE:
                self.forget()
            return False
        except OSError:
            self.forget()
            return False
        self.forget()
        self.said = self.reason(answer)
        return answer.startswith(self.hoped_for)

    def ask(self) -> None:
        if isinstance(self.address, tuple):
            self.socket = socket.create_connection(self.address, timeout=1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(self.address)
        self.asked_at = time.monotonic()
        self.socket.sendall(self.question)
        self.socket.setblocking(False)

    def forget(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def reason(self, answer: bytes) -> str:
        return ""


class HttpProbe(SocketProbe):
    def __init__(self, address: tuple[str, int], path: str) -> None:
        question = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        super().__init__(address, question, b"HTTP/1.1 200")

    def reason(self, answer: bytes) -> str:
        """Name what /readyz says has failed."""
        try:
            checks = json.loads(answer.partition(b"\r\n\r\n")[2])["checks"]
            return ", ".join(f"{name}: {word}" for name, word in checks.items() if word != "ok")
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""

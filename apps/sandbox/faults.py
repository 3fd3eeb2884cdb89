"""Faults, switched on while the sandbox runs or asked for by one request with `X-Sandbox-Fault: name[=seconds]`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.sandbox.envelope import RefusedError, invalid

CODES = {
    "unknown": (1000, "unknown error"),
    "timeout": (1001, "request timeout"),
    "rate_limit": (1002, "rate limit exceeded(RPM)"),
    "unauthorised": (1004, "login fail"),
    "balance": (1008, "insufficient balance"),
    "service": (1013, "internal service error"),
    "internal": (1024, "internal error"),
    "content": (1026, "input new_sensitive"),
    "output_content": (1027, "output new_sensitive"),
    "downstream": (1033, "system error"),
    "tpm": (1039, "rate limit exceeded(TPM)"),
    "connections": (1041, "connection limit exceeded"),
    "identity": (2038, "voice clone user identity verification failed"),
    "no_access": (2042, "you don't have access to this voice_id"),
    "growth": (2045, "request rate grew too fast"),
    "plan": (2056, "usage limit exceeded"),
}
HTTP = {"http_429": 429, "http_500": 500, "http_502_html": 502, "http_529": 529, "html": 200, "empty": 200}
MEDIA = {
    "drop_stream",  # the connection breaks after some audio
    "no_final",  # the stream ends properly, but without its last chunk
    "stall",  # after some audio nothing comes for `seconds`
    "error_midway",  # a chunk with code 1033 after some audio
    "truncate_hex",  # half of the audio is missing, though the answer is well formed
    "malformed",  # an event of chat that cannot be read
    "odd_hex",  # the last half byte is missing
    "json_instead_of_sse",
    "partial",  # half of the pictures are withheld, though the answer is a success
}
TASKS = {  # the task is accepted, and fails at its end
    "late_content": (1026, "input new_sensitive"),
    "late_output_content": (1027, "output new_sensitive"),
    "late_internal": (1024, "internal error"),
    "late_expired": (1000, "the task has expired"),  # long speech: its status is Expired
}
WAITS = {"slow_first_byte", "silence"}
IDLE = {"idle"}  # a WebSocket is closed (2201) after `seconds` instead of 120
NAMES = {*CODES, *HTTP, *MEDIA, *TASKS, *WAITS, *IDLE}
_ALIASES = {"http_502": "http_502_html"}


@dataclass
class Fault:
    name: str
    seconds: float = 1.0
    path: str = ""  # "" is everywhere
    times: int = 1  # how often still; below zero: until cleared

    def refuse(self) -> None:
        if self.name in CODES:
            raise RefusedError(*CODES[self.name])

    async def wait(self) -> None:
        """Let its seconds pass; they end early when all faults are cleared."""
        cleared = asyncio.Event()
        _waiting.add(cleared)
        try:
            await asyncio.wait_for(cleared.wait(), self.seconds)
        except TimeoutError:
            pass
        finally:
            _waiting.discard(cleared)


_active: list[Fault] = []
_waiting: set[asyncio.Event] = set()


def add(wanted: Mapping[str, Any]) -> Fault:
    name = _ALIASES.get(str(wanted.get("fault", "")), str(wanted.get("fault", "")))
    if name not in NAMES:
        raise invalid("fault", "one of " + ", ".join(sorted(NAMES)))
    try:
        fault = Fault(name, float(wanted.get("seconds", 1)), str(wanted.get("path", "")), int(wanted.get("times", 1)))
    except (TypeError, ValueError):
        raise invalid("seconds or times", "must be a number") from None
    _active.append(fault)
    return fault


def clear() -> None:
    _active.clear()
    for cleared in _waiting:
        cleared.set()


def active() -> list[Fault]:
    return list(_active)


def take(path: str, header: str) -> Fault | None:
    """The fault for this request, if any; its count goes down."""
    if header:
        name, _, seconds = header.partition("=")
        name = _ALIASES.get(name.strip(), name.strip())
        if name not in NAMES:
            raise invalid("X-Sandbox-Fault", "one of " + ", ".join(sorted(NAMES)))
        return Fault(name, float(seconds) if seconds else 1.0)
    for fault in _active:
        if fault.path in ("", path):
            if fault.times > 0:
                fault.times -= 1
            if fault.times == 0:
                _active.remove(fault)
            return fault
    return None

"""Events in the tempo of a model, and the faults that come in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

from django.core.handlers.asgi import ASGIRequest

from apps.sandbox.api import entry_of, fault_of
from apps.sandbox.chatting.models import Model
from apps.sandbox.envelope import DroppedError, invalid
from apps.sandbox.runtime import runtime

TOKENS_BEFORE_FAULT = 8
AT_ONCE = 64  # tokens that go out together when there is no tempo

Event = tuple[bytes, bool]  # what is sent, and whether it is a token


def speed_for(request: ASGIRequest, model: Model) -> float:
    """Tokens per second; 0: as fast as it goes."""
    wanted = request.headers.get("X-Sandbox-Speed", "")
    if not wanted:
        return model.tokens_per_second if runtime.tokens_per_second is None else runtime.tokens_per_second
    try:
        return 0.0 if wanted == "instant" else max(0.0, float(wanted))
    except ValueError:
        raise invalid("X-Sandbox-Speed", "must be a number of tokens per second, or instant") from None


async def pace(
    request: ASGIRequest,
    events: Iterator[Event],
    speed: float,
    failure: Callable[[], bytes],
    broken: bytes,
    done: Callable[[int], None],
) -> AsyncIterator[bytes]:
    """`failure` tells of an error in the middle; `broken` is an event nobody can read; `done` hears how far it got."""
    entry, fault = entry_of(request), fault_of(request)
    clock = asyncio.get_running_loop().time
    begin = clock()
    sent = 0
    waiting = bytearray()
    try:
        for event, is_token in events:
            if is_token:
                if sent == TOKENS_BEFORE_FAULT and fault:
                    if waiting:
                        yield bytes(waiting)
                        waiting.clear()
                    match fault.name:
                        case "drop_stream":
                            raise DroppedError
                        case "no_final":
                            return
                        case "stall":
                            await fault.wait()
                            begin += fault.seconds
                        case "error_midway":
                            entry.code = 1033
                            yield failure()
                            return
                        case "malformed":
                            yield broken
                delay = begin + sent / speed - clock() if speed else 0
                if waiting and (delay > 0 or sent == 0 or sent % AT_ONCE == 0):
                    yield bytes(waiting)
                    waiting.clear()
                if delay > 0:
                    await asyncio.sleep(delay)
                elif sent % AT_ONCE == 0:
                    await asyncio.sleep(0)
                sent += 1
                entry.output_tokens = sent
            waiting += event
        yield bytes(waiting)
    finally:
        done(sent)

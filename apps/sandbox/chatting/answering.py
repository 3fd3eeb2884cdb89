"""From a request to the plan of its answer, and onto the bill."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase, StreamingHttpResponse

from apps.sandbox import store
from apps.sandbox.api import entry_of, fault_of
from apps.sandbox.chatting import caching
from apps.sandbox.chatting.conversation import Ask
from apps.sandbox.chatting.door import as_json
from apps.sandbox.chatting.guide.brain import think
from apps.sandbox.chatting.models import Model, Usage, price
from apps.sandbox.chatting.plan import Plan, make_plan
from apps.sandbox.envelope import DroppedError, dumps
from apps.sandbox.runtime import runtime

LARGE_TOKENS = 20_000  # such a prompt is read by another thread

_charging: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Answer:
    """What will be said, with the usage if all of it is said."""

    ask: Ask
    model: Model
    plan: Plan
    usage: Usage


async def compose(request: ASGIRequest, ask: Ask, model: Model) -> Answer:
    usage = caching.use(ask)
    reply = await asyncio.to_thread(think, ask) if usage.prompt > LARGE_TOKENS else think(ask)
    plan = make_plan(reply, ask, obey_stop=runtime.obey_stop, room=model.context_tokens - usage.prompt)
    entry_of(request).input_tokens = usage.prompt
    return Answer(ask, model, plan, replace(usage, output=plan.output_tokens))


def charge(request: ASGIRequest, answer: Answer, tokens: int) -> None:
    """For what was said; in the background, since whoever listened may be gone."""
    entry = entry_of(request)
    cost = price(answer.model.id, replace(answer.usage, output=tokens), priority=answer.ask.priority)
    task = asyncio.ensure_future(store.stored(store.charge_work, entry.trace_id, request.path, answer.model.id, cost))
    _charging.add(task)
    task.add_done_callback(_charging.discard)


async def at_once(request: ASGIRequest, answer: Answer, payload: dict[str, Any], speed: float) -> HttpResponseBase:
    """The whole answer, when a model would have written it."""
    tokens = answer.usage.output
    if speed:
        await asyncio.sleep(tokens / speed)
    entry_of(request).output_tokens = tokens
    charge(request, answer, tokens)
    fault = fault_of(request)
    if fault and fault.name in ("drop_stream", "malformed"):
        return StreamingHttpResponse(_half(dumps(payload).encode(), fault.name), content_type="application/json")
    return as_json(payload)


async def _half(content: bytes, fault: str) -> Any:
    yield content[: len(content) // 2]
    if fault == "drop_stream":
        raise DroppedError


def event_stream(content: Any) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response

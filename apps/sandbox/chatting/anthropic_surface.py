"""POST /anthropic/v1/messages and /count_tokens, and the list of models in the same manner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase

from apps.sandbox.api import entry_of
from apps.sandbox.chatting import reading
from apps.sandbox.chatting.answering import Answer, at_once, charge, compose, event_stream
from apps.sandbox.chatting.anthropic_request import read_ask
from apps.sandbox.chatting.door import ANTHROPIC, OVERLOADED, StatusError, as_json, chat_endpoint, read_body
from apps.sandbox.chatting.models import Model, models
from apps.sandbox.chatting.pace import Event, pace, speed_for
from apps.sandbox.chatting.plan import Block
from apps.sandbox.envelope import dumps, invalid

TOKENS_BETWEEN_PINGS = 500

_BROKEN = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"typ\n\n'


@chat_endpoint(ANTHROPIC, "POST")
async def create_message(request: ASGIRequest) -> HttpResponseBase:
    ask, model = read_ask(read_body(request))
    speed = speed_for(request, model)
    answer = await compose(request, ask, model)
    trace_id = entry_of(request).trace_id
    if not ask.stream:
        return await at_once(request, answer, _message(answer, trace_id), speed)

    def failure() -> bytes:
        return _event("error", ANTHROPIC.body(529, 1000, OVERLOADED, trace_id))

    def done(tokens: int) -> None:
        charge(request, answer, tokens)

    return event_stream(pace(request, _events(answer, trace_id), speed, failure, _BROKEN, done))


@chat_endpoint(ANTHROPIC, "POST")
async def count_tokens(request: ASGIRequest) -> HttpResponseBase:
    ask, _ = read_ask(read_body(request), generate=False)
    return as_json({"input_tokens": reading.prompt_tokens(ask)})


def sign(thinking: str) -> str:
    return hashlib.sha256(b"sandbox\0" + thinking.encode()).hexdigest()


def _usage(answer: Answer, *, final: bool) -> dict[str, Any]:
    usage = answer.usage
    return {
        "input_tokens": usage.fresh if final else 0,
        "output_tokens": usage.output if final else 0,
        "cache_creation_input_tokens": usage.cache_creation if final else 0,
        "cache_read_input_tokens": usage.cache_read,
        "service_tier": "priority" if answer.ask.priority else "standard",
    }


def _message(answer: Answer, trace_id: str) -> dict[str, Any]:
    return {
        "id": trace_id,
        "type": "message",
        "role": "assistant",
        "model": answer.model.id,
        "content": [_block(block) for block in answer.plan.blocks if block.kind != "call" or block.whole],
        "stop_reason": answer.plan.stop,
        "stop_sequence": answer.plan.stop_sequence,
        "usage": _usage(answer, final=True),
    }


def _block(block: Block) -> dict[str, Any]:
    if block.call:
        return {
            "type": "tool_use",
            "id": block.call.id,
            "name": block.call.name,
            "input": dict(block.call.arguments),
        }
    if block.kind == "thinking":
        return {"type": "thinking", "thinking": block.text, "signature": sign(block.text)}
    return {"type": "text", "text": block.text}


def _event(name: str, payload: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {dumps(payload)}\n\n".encode()


_EMPTY = {
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
    "text": {"type": "text", "text": ""},
}
_DELTAS = {"thinking": ("thinking_delta", "thinking"), "text": ("text_delta", "text")}


def _events(answer: Answer, trace_id: str) -> Iterator[Event]:
    plan = answer.plan
    message = {**_message(answer, trace_id), "content": [], "stop_reason": None, "stop_sequence": None}
    message["usage"] = _usage(answer, final=False)
    yield _event("message_start", {"type": "message_start", "message": message}), False
    ping = _event("ping", {"type": "ping"})
    yield ping, False
    tokens = 0
    for index, block in enumerate(plan.blocks):
        skeleton = {**_block(block), "input": {}} if block.call else _EMPTY[block.kind]
        start = {"type": "content_block_start", "index": index, "content_block": skeleton}
        yield _event("content_block_start", start), block.kind == "call"
        kind, field = _DELTAS.get(block.kind, ("input_json_delta", "partial_json"))
        head = f'event: content_block_delta\ndata: {{"type":"content_block_delta","index":{index},'
        head += f'"delta":{{"type":"{kind}","{field}":'
        for piece in block.pieces:
            yield f"{head}{dumps(piece)}}}}}\n\n".encode(), True
            tokens += 1
            if tokens % TOKENS_BETWEEN_PINGS == 0:
                yield ping, False
        if block.kind == "thinking":
            delta = {"type": "signature_delta", "signature": sign(block.text)}
            yield (
                _event("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}),
                False,
            )
        yield _event("content_block_stop", {"type": "content_block_stop", "index": index}), False
    stop = {"stop_reason": plan.stop, "stop_sequence": plan.stop_sequence}
    end = {"type": "message_delta", "delta": stop, "usage": _usage(answer, final=True)}
    yield _event("message_delta", end), False
    yield _event("message_stop", {"type": "message_stop"}), False


# --- models -----------------------------------------------------------------------------------------------------------


def _model(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "type": "model",
        "display_name": model.label,
        "created_at": f"{model.created:%Y-%m-%dT%H:%M:%SZ}",
    }


@chat_endpoint(ANTHROPIC, "GET")
async def list_models(request: ASGIRequest) -> HttpResponseBase:
    rows = [model for model in models().values() if "anthropic" in model.surfaces]
    names = [model.id for model in rows]
    try:
        limit = int(request.GET.get("limit", 20))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 1000:
        raise invalid("limit", "must be from 1 to 1000")
    after, before = request.GET.get("after_id", ""), request.GET.get("before_id", "")
    for name in (after, before):
        if name and name not in names:
            raise invalid("after_id or before_id", "there is no such model")
    if before:
        rest = rows[: names.index(before)]
        page = rest[-limit:]
    else:
        rest = rows[names.index(after) + 1 :] if after else rows
        page = rest[:limit]
    return as_json(
        {
            "data": [_model(model) for model in page],
            "first_id": page[0].id if page else None,
            "has_more": len(rest) > len(page),
            "last_id": page[-1].id if page else None,
        }
    )


@chat_endpoint(ANTHROPIC, "GET")
async def show_model(request: ASGIRequest, name: str) -> HttpResponseBase:
    model = models().get(name)
    if model is None or "anthropic" not in model.surfaces:
        raise StatusError(404, 2013, f"invalid params, unknown model '{name[:100]}'")
    return as_json(_model(model))

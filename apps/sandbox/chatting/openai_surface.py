"""POST /v1/chat/completions, the older /v1/text/chatcompletion_v2, and the list of models in the same manner."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase

from apps.sandbox.api import endpoint, entry_of
from apps.sandbox.chatting.answering import Answer, at_once, charge, compose, event_stream
from apps.sandbox.chatting.door import OPENAI, OVERLOADED, StatusError, as_json, chat_endpoint, read_body
from apps.sandbox.chatting.models import Model, models
from apps.sandbox.chatting.openai_request import read_ask
from apps.sandbox.chatting.pace import Event, pace, speed_for
from apps.sandbox.chatting.plan import Block
from apps.sandbox.chatting.reading import switch
from apps.sandbox.envelope import base_resp, dumps, invalid

NAME = "MiniMax AI"
REASONING_FORMAT = "MiniMax-response-v1"
FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
_SENSITIVE = {
    "input_sensitive": False,
    "output_sensitive": False,
    "input_sensitive_type": 0,
    "output_sensitive_type": 0,
    "output_sensitive_int": 0,
}
_BROKEN = b'data: {"id":"0","choices":[{"index":0,"delta":{"content":\n\n'


@chat_endpoint(OPENAI, "POST")
async def create_completion(request: ASGIRequest) -> HttpResponseBase:
    return await _complete(request, read_body(request), native=False)


@endpoint("POST")
async def create_native_completion(request: ASGIRequest) -> HttpResponseBase:
    return await _complete(request, read_body(request), native=True)


async def _complete(request: ASGIRequest, body: Mapping[str, Any], *, native: bool) -> HttpResponseBase:
    ask, model = read_ask(body, native=native)
    split = switch(body, "reasoning_split")
    options = body.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise invalid("stream_options", "must be an object")
    speed = speed_for(request, model)
    answer = await compose(request, ask, model)
    writer = _Writer(answer, entry_of(request).trace_id, split=split, native=native)
    if not ask.stream:
        return await at_once(request, answer, writer.completion(), speed)
    with_usage = native or bool((options or {}).get("include_usage"))

    def done(tokens: int) -> None:
        charge(request, answer, tokens)

    return event_stream(pace(request, writer.events(with_usage), speed, writer.failure, _BROKEN, done))


class _Writer:
    """Puts one answer into words of this surface."""

    def __init__(self, answer: Answer, trace_id: str, *, split: bool, native: bool) -> None:
        self._answer, self._trace_id, self._split, self._native = answer, trace_id, split, native
        self._created = int(time.time())
        self._finish = FINISH[answer.plan.stop]

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._trace_id, "object": kind, "created": self._created, "model": self._answer.model.id}

    def _usage(self) -> dict[str, Any]:
        usage = self._answer.usage
        return {
            "total_tokens": usage.prompt + usage.output,
            "total_characters": 0,
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        }

    def _details(self, text: str) -> list[dict[str, Any]]:
        return [
            {
                "type": "reasoning.text",
                "id": f"reasoning-text-{self._trace_id}-1",
                "format": REASONING_FORMAT,
                "index": 0,
                "text": text,
            }
        ]

    def completion(self) -> dict[str, Any]:
        plan = self._answer.plan
        thinking, text = plan.of("thinking"), plan.of("text")
        message: dict[str, Any] = {"role": "assistant", "name": NAME, "audio_content": ""}
        message["content"] = text.text if text else ""
        if thinking and self._split:
            message |= {"reasoning_content": thinking.text, "reasoning_details": self._details(thinking.text)}
        elif thinking:
            end = "\n</think>\n" if thinking.whole else ""
            message["content"] = f"<think>\n{thinking.text}{end}{message['content']}"
        calls = [_call(block, number, block.text) for number, block in enumerate(plan.calls) if block.whole]
        if calls:
            message["tool_calls"] = calls
        return {
            **self._head("chat.completion"),
            "choices": [{"index": 0, "finish_reason": self._finish, "message": message}],
            "usage": self._usage(),
            **_SENSITIVE,
            **base_resp(0, ""),
        }

    def events(self, with_usage: bool) -> Iterator[Event]:
        held: dict[str, Any] = {"content": ""}  # the last one carries finish_reason
        held_is_token, any_yet = False, False
        for delta, is_token in self._deltas():
            if any_yet:
                yield self._chunk(held), held_is_token
            held, held_is_token, any_yet = delta, is_token, True
        yield self._chunk(held, finish=self._finish), held_is_token
        if self._native:
            yield _event(self.completion()), False
            return
        if with_usage:
            yield _event({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()}), False
        yield b"data: [DONE]\n\n", False

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        whole = {"role": "assistant", "name": NAME, "audio_content": "", **delta}
        choice: dict[str, Any] = {"index": 0, "delta": whole, "finish_reason": finish}
        return _event({**self._head("chat.completion.chunk"), "choices": [choice], "usage": None, **_SENSITIVE})

    def _deltas(self) -> Iterator[tuple[dict[str, Any], bool]]:
        opening = closing = ""
        number = 0
        for block in self._answer.plan.blocks:
            if block.kind == "thinking" and self._split:
                so_far = ""
                for piece in block.pieces:
                    so_far += piece
                    yield {"content": "", "reasoning_content": piece, "reasoning_details": self._details(so_far)}, True
            elif block.kind == "call":
                if closing:
                    yield {"content": closing}, False
                    closing = ""
                yield {"content": "", "tool_calls": [_call(block, number, "")]}, True
                for piece in block.pieces:
                    yield {"content": "", "tool_calls": [{"index": number, "function": {"arguments": piece}}]}, True
                number += 1
            else:
                if block.kind == "thinking":
                    opening = "<think>\n"
                for piece in block.pieces:
                    yield {"content": opening + closing + piece}, True
                    opening = closing = ""
                if block.kind == "thinking" and block.whole:
                    closing = "\n</think>\n"
        if closing:
            yield {"content": closing}, False

    def failure(self) -> bytes:
        if self._native:
            return _event({**self._head("chat.completion.chunk"), "choices": None, **base_resp(1033, "system error")})
        return _event(OPENAI.body(529, 1000, OVERLOADED, self._trace_id))


def _call(block: Block, number: int, arguments: str) -> dict[str, Any]:
    assert block.call
    function = {"name": block.call.name, "arguments": arguments}
    return {"id": block.call.id, "type": "function", "function": function, "index": number}


def _event(payload: dict[str, Any]) -> bytes:
    return f"data: {dumps(payload)}\n\n".encode()


# --- models -----------------------------------------------------------------------------------------------------------


def _model(model: Model) -> dict[str, Any]:
    return {"id": model.id, "object": "model", "created": int(model.created.timestamp()), "owned_by": "minimax"}


@chat_endpoint(OPENAI, "GET")
async def list_models(request: ASGIRequest) -> HttpResponse:
    return as_json({"object": "list", "data": [_model(model) for model in models().values()]})


@chat_endpoint(OPENAI, "GET")
async def show_model(request: ASGIRequest, name: str) -> HttpResponse:
    model = models().get(name)
    if model is None:
        raise StatusError(404, 2013, f"invalid params, unknown model '{name[:100]}'")
    return as_json(_model(model))

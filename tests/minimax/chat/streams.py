"""Recorded shapes of both surfaces, as bytes on the wire."""

from __future__ import annotations

import json


def sse(*payloads: dict | str, named: bool = False) -> bytes:
    lines = []
    for payload in payloads:
        data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii="\\ud" in json.dumps(payload))
        name = f"event: {payload['type']}\n" if named and isinstance(payload, dict) else ""
        lines.append(f"{name}data: {data}\n\n")
    return "".join(lines).encode()


def block(index: int, start: dict, *deltas: dict) -> list[dict]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


START = {
    "type": "message_start",
    "message": {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "model": "MiniMax-M3",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 0},
    },
}
PING = {"type": "ping"}
STOP = {"type": "message_stop"}


def ending(reason: str = "end_turn") -> list[dict]:
    usage = {
        "input_tokens": 12,
        "output_tokens": 7,
        "cache_read_input_tokens": 114,
        "cache_creation_input_tokens": 3,
    }
    return [{"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}, STOP]


THINKING = block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "Let me "},
    {"type": "thinking_delta", "thinking": "see. 思"},
    {"type": "signature_delta", "signature": "9f86"},
)
TEXT = block(
    1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Grüß "}, {"type": "text_delta", "text": "dich."}
)


def tool(index: int, name: str, *parts: str) -> list[dict]:
    start = {"type": "tool_use", "id": f"call_{name}_{index}", "name": name, "input": {}}
    return block(index, start, *({"type": "input_json_delta", "partial_json": part} for part in parts))


ANTHROPIC = sse(START, PING, *THINKING, PING, *TEXT, *ending(), named=True)
ANTHROPIC_TOOLS = sse(
    START,
    *THINKING,
    *TEXT,
    *tool(2, "get_weather", '{"ci', 'ty": "Ber', 'lin"}'),
    *tool(3, "get_time"),
    *ending("tool_use"),
    named=True,
)


def chunk(delta: dict | None = None, finish: str | None = None, usage: dict | None = None, **more) -> dict:
    choices = [{"index": 0, "delta": {"role": "assistant", "name": "MiniMax AI", "audio_content": ""} | (delta or {})}]
    choices[0]["finish_reason"] = finish
    return {
        "id": "0ab1",
        "object": "chat.completion.chunk",
        "model": "MiniMax-M3",
        "choices": choices if delta is not None or finish else [],
        "usage": usage,
        "output_sensitive": False,
    } | more


USAGE = {
    "total_tokens": 133,
    "prompt_tokens": 126,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 114},
}


def openai(*deltas: dict, finish: str = "stop", done: bool = True, usage: dict | None = USAGE) -> bytes:
    chunks = [*(chunk(delta) for delta in deltas), chunk({"content": ""}, finish), chunk(usage=usage)]
    return sse(*chunks, *(["[DONE]"] if done else []))

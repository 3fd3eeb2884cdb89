"""https://platform.minimax.io/docs/api-reference/text-chat-anthropic"""

from __future__ import annotations

import json
from typing import Any

from apps.minimax.chat.answer import error_told
from apps.minimax.chat.events import Event, Finished, Started, TextDelta, ThinkingDelta, ToolCall, Usage
from apps.minimax.chat.request import Block

MANY = 64  # pieces of one text, before they are put together
_COUNTERS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}


class AnthropicReader:
    """Turns the payloads of one stream into events. Raises the MiniMaxError that an error event tells."""

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.is_whole = False  # the stop reason has arrived
        self.is_over = False  # nothing more will come
        self._blocks: dict[int, Block] = {}
        self._parts: dict[int, list[str]] = {}  # of the text, thought or JSON of a block, joined at its end
        self._stop_reason = ""
        self._counts: dict[str, int] = {}

    def is_told_whole(self) -> bool:
        """Whether a closing `[DONE]`, which this surface does not have, ends the stream."""
        return self.is_whole

    def read(self, payload: dict[str, Any]) -> list[Event]:
        kind = payload.get("type")
        if kind == "content_block_delta":
            return self._delta(payload)
        if kind == "content_block_start":
            return self._start_block(payload)
        if kind == "content_block_stop":
            return self._stop_block(payload.get("index"))
        if kind == "message_start":
            message = payload.get("message")
            message = message if isinstance(message, dict) else {}
            self.trace_id = self.trace_id or str(message.get("id") or "")
            self._count(message.get("usage"))
            return [Started(str(message.get("model") or ""), self.trace_id)]
        if kind == "message_delta":
            delta = payload.get("delta")
            if isinstance(delta, dict) and delta.get("stop_reason"):
                self._stop_reason, self.is_whole = str(delta["stop_reason"]), True
            self._count(payload.get("usage"))
        elif kind == "message_stop":
            self.is_over = True
        elif error := error_told(payload, trace_id=self.trace_id):
            raise error
        return []

    def finish(self) -> list[Event]:
        usage = Usage(**self._counts) if self._counts else None
        reason = {"stop_sequence": "end_turn", "refusal": "content_filter"}.get(self._stop_reason, self._stop_reason)
        for index in list(self._parts):
            self._stop_block(index)  # blocks whose end was left out
        blocks = [block for _index, block in sorted(self._blocks.items())]
        return [Finished(reason, usage, blocks, self.trace_id)]

    def _start_block(self, payload: dict[str, Any]) -> list[Event]:
        block, index = payload.get("content_block"), payload.get("index")
        if not isinstance(block, dict) or not isinstance(index, int):
            return []
        self._blocks[index], self._parts[index] = dict(block), []
        return self._delta({"index": index, "delta": _first_delta(block)})

    def _delta(self, payload: dict[str, Any]) -> list[Event]:
        delta, parts = payload.get("delta"), self._parts.get(payload.get("index", -1))
        if not isinstance(delta, dict) or parts is None:
            return []
        kind = delta.get("type")
        if len(parts) >= MANY:  # thousands of small strings weigh many times what they say
            parts[:] = ["".join(parts)]
        if kind == "text_delta" and isinstance(text := delta.get("text"), str) and text:
            parts.append(text)
            return [TextDelta(text)]
        if kind == "thinking_delta" and isinstance(text := delta.get("thinking"), str) and text:
            parts.append(text)
            return [ThinkingDelta(text)]
        if kind == "signature_delta":
            block = self._blocks[payload["index"]]
            block["signature"] = (block.get("signature") or "") + str(delta.get("signature") or "")
        elif kind == "input_json_delta":
            parts.append(str(delta.get("partial_json") or ""))
        return []

    def _stop_block(self, index: Any) -> list[Event]:
        parts = self._parts.pop(index, None)
        if parts is None:
            return []
        block, text = self._blocks[index], "".join(parts)
        if block.get("type") in ("text", "thinking"):
            block[block["type"]] = text
        if block.get("type") != "tool_use":
            return []
        arguments = text or json.dumps(block.get("input") or {})
        given = json_object(arguments)
        block["input"] = given or {}
        return [ToolCall(str(block.get("id") or ""), str(block.get("name") or ""), given, arguments)]

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            for name, key in _COUNTERS.items():
                if isinstance(usage.get(key), int):
                    self._counts[name] = usage[key]


def _first_delta(block: Block) -> dict[str, Any]:
    """What a block already holds when it starts, as the delta that would bring it."""
    kind = str(block.get("type"))
    return {"type": f"{kind}_delta", kind: block.get(kind)} if kind in ("text", "thinking") else {}


def json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None

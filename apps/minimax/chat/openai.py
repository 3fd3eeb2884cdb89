"""https://platform.minimax.io/docs/api-reference/text-chat-openai, and the servers that speak the same."""

from __future__ import annotations

from typing import Any

from apps.minimax.chat.answer import error_told
from apps.minimax.chat.anthropic import MANY, json_object
from apps.minimax.chat.events import Event, Finished, Started, TextDelta, ThinkingDelta, ToolCall, Usage
from apps.minimax.chat.reading import Growing, ThinkTags
from apps.minimax.chat.request import Block

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use"}


class OpenAIReader:
    """Turns the payloads of one stream into events. Raises the MiniMaxError that an error payload tells."""

    def __init__(self, trace_id: str, *, is_split: bool, is_plain: bool = False) -> None:
        self.trace_id = trace_id
        self._is_plain = is_plain  # some other servers leave the finish reason out, and only say [DONE]
        self.is_whole = self.is_over = False
        self._is_split = is_split
        self._has_started = False
        self._tags = ThinkTags()
        self._content, self._reasoning = Growing(), Growing()
        self._thought: list[str] = []
        self._text: list[str] = []
        self._details: dict[int, dict[str, Any]] = {}
        self._calls: dict[int, dict[str, str]] = {}
        self._was_in_content = False
        self._reason = ""
        self._usage: Usage | None = None

    def is_told_whole(self) -> bool:
        """Whether a closing `[DONE]` ends the stream: it does where there was a finish reason."""
        if self._is_plain and not self.is_whole and (self._text or self._thought or self._calls):
            self._reason, self.is_whole = "stop", True
        return self.is_whole

    def read(self, payload: dict[str, Any]) -> list[Event]:
        if error := error_told(payload, trace_id=self.trace_id):
            raise error
        events: list[Event] = []
        if not self._has_started:
            self._has_started = True
            self.trace_id = self.trace_id or str(payload.get("id") or "")
            events.append(Started(str(payload.get("model") or ""), self.trace_id))
        if isinstance(payload.get("usage"), dict):
            self._usage = _usage(payload["usage"])
        choices = payload.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            choice = choices[0]
            if isinstance(choice.get("delta"), dict):
                self._delta(choice["delta"], events)
            if choice.get("finish_reason"):
                self._reason, self.is_whole = str(choice["finish_reason"]), True
        return events

    def _delta(self, delta: dict[str, Any], events: list[Event]) -> None:
        thought = self._new_reasoning(delta)
        if thought:
            self._thought.append(thought)
            events.append(ThinkingDelta(thought))
        content = delta.get("content")
        if isinstance(content, str) and content:
            self._add_content(self._content.feed(content) if self._is_split else content, events)
        for call in delta.get("tool_calls") or ():
            self._add_call(call)

    def _new_reasoning(self, delta: dict[str, Any]) -> str:
        details = delta.get("reasoning_details")
        if isinstance(details, list) and details:
            for item in details:
                if isinstance(item, dict):
                    self._details.setdefault(item.get("index") or 0, dict(item))
            text = "".join(str(item.get("text") or "") for item in details if isinstance(item, dict))
        else:  # vLLM and SGLang
            text = delta.get("reasoning_content") or delta.get("reasoning") or ""
        return self._reasoning.feed(text) if isinstance(text, str) else ""

    def _add_content(self, content: str, events: list[Event]) -> None:
        for is_thinking, text in self._tags.feed(content):
            self._add_piece(is_thinking, text, events)

    def _add_piece(self, is_thinking: bool, text: str, events: list[Event]) -> None:
        for parts in (self._thought, self._text):
            if len(parts) >= MANY:
                parts[:] = ["".join(parts)]
        if is_thinking:
            self._was_in_content = True
            self._thought.append(text)
            events.append(ThinkingDelta(text))
        else:
            self._text.append(text)
            events.append(TextDelta(text))

    def _add_call(self, call: Any) -> None:
        if not isinstance(call, dict):
            return
        known = self._calls.setdefault(call.get("index") or 0, {"id": "", "name": "", "arguments": ""})
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        known["id"] = known["id"] or str(call.get("id") or "")
        known["name"] = known["name"] or str(function.get("name") or "")
        known["arguments"] += str(function.get("arguments") or "")

    def finish(self) -> list[Event]:
        events: list[Event] = []
        if late := self._reasoning.finish():
            self._thought.append(late)
            events.append(ThinkingDelta(late))
        self._add_content(self._content.finish(), events)
        for is_thinking, text in self._tags.finish():
            self._add_piece(is_thinking, text, events)
        calls = [call for _index, call in sorted(self._calls.items())]
        given = [json_object(call["arguments"] or "{}") for call in calls]
        events += [
            ToolCall(call["id"], call["name"], input, call["arguments"])
            for call, input in zip(calls, given, strict=True)
        ]
        reason = _REASONS.get(self._reason, self._reason)
        if calls and reason == "end_turn":  # some servers say "stop" all the same
            reason = "tool_use"
        blocks = [
            *self._thinking_block(),
            *([{"type": "text", "text": "".join(self._text)}] if self._text else []),
            *(
                {"type": "tool_use", "id": call["id"], "name": call["name"], "input": input or {}}
                for call, input in zip(calls, given, strict=True)
            ),
        ]
        return [*events, Finished(reason, self._usage, blocks, self.trace_id)]

    def _thinking_block(self) -> list[Block]:
        if not self._thought:
            return []
        block: Block = {"type": "thinking", "thinking": "".join(self._thought)}
        if self._was_in_content:
            block["in_content"] = True
        elif self._details:
            first = next(iter(self._details.values()))
            block["details"] = [first | {"text": block["thinking"]}]
        return [block]


def _usage(usage: dict[str, Any]) -> Usage:
    """On this surface the cached tokens are among the prompt's."""
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    return Usage(
        input=max(0, _count(usage.get("prompt_tokens")) - cached),
        output=_count(usage.get("completion_tokens")),
        cache_read=cached,
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0

"""What a turn brings, in one form for both surfaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.minimax.chat.request import Block


@dataclass(frozen=True)
class Usage:
    """Tokens as MiniMax counted them. `input` is what was neither read from a cache nor written to one."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def context(self) -> int:
        """Tokens that stood in the window when the turn was over."""
        return self.input + self.cache_read + self.cache_write + self.output


@dataclass(frozen=True, slots=True)
class Started:
    """The server has begun to answer."""

    model: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that is complete. `input` is None where the arguments are no JSON object; `arguments` is what came."""

    id: str
    name: str
    input: dict[str, Any] | None
    arguments: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a whole turn.

    stop_reason: "end_turn", "max_tokens", "tool_use", "content_filter", or what else the server said. usage: None when
    the server did not tell. blocks: the assistant's message, to be sent back unchanged with the next turn.
    """

    stop_reason: str
    usage: Usage | None
    blocks: list[Block] = field(default_factory=list)
    trace_id: str = ""


Event = Started | ThinkingDelta | TextDelta | ToolCall | Finished

"""What was asked, the same for every surface, and what is answered. No Django, no wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Picture:
    tokens: int
    about: str  # "a PNG of 640 × 480, mostly blue"; "" when it could not be opened


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class ToolResult:
    call_id: str
    text: str
    failed: bool = False


@dataclass(frozen=True)
class Turn:
    role: str  # user or assistant
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    pictures: tuple[Picture, ...] = ()
    videos: int = 0


@dataclass(frozen=True)
class Tool:
    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    """A piece of the prompt in the order in which it is cached: tools, system, messages."""

    content: str
    tokens: int
    breakpoint: bool = False  # it ends with a cache_control


@dataclass(frozen=True)
class Ask:
    model: str
    turns: tuple[Turn, ...]
    system: str = ""
    tools: tuple[Tool, ...] = ()
    forced_tool: str = ""  # a name, or "*" for any
    thinking: bool = False
    temperature: float = 1.0
    seed: int | None = None
    max_tokens: int = 0
    stop: tuple[str, ...] = ()
    stream: bool = False
    priority: bool = False
    segments: tuple[Segment, ...] = ()

    @property
    def last(self) -> Turn:
        return self.turns[-1]


@dataclass(frozen=True)
class Reply:
    thinking: str = ""
    text: str = ""
    calls: tuple[ToolCall, ...] = ()

"""A reply cut into tokens, up to where it has to end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.sandbox.chatting import tokens
from apps.sandbox.chatting.conversation import Ask, Reply, ToolCall


@dataclass
class Block:
    kind: str  # thinking, text, call
    pieces: list[str] = field(default_factory=list)  # one token each; of a call: its arguments as JSON
    call: ToolCall | None = None
    whole: bool = True

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass
class Plan:
    blocks: list[Block]
    stop: str  # end_turn, tool_use, max_tokens, stop_sequence
    stop_sequence: str | None = None

    @property
    def output_tokens(self) -> int:
        """Every piece is one, and so is the name of a tool that is called."""
        return sum(len(block.pieces) + (block.kind == "call") for block in self.blocks)

    def of(self, kind: str) -> Block | None:
        return next((block for block in self.blocks if block.kind == kind), None)

    @property
    def calls(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "call"]


def make_plan(reply: Reply, ask: Ask, *, obey_stop: bool, room: int) -> Plan:
    """`room`: tokens that are left in the model's window."""
    text, stop, sequence = reply.text, "tool_use" if reply.calls else "end_turn", None
    calls: Iterable[ToolCall] = reply.calls
    if obey_stop:
        found = [(text.find(mark), mark) for mark in ask.stop if mark in text]
        if found:
            place, sequence = min(found)
            text, stop, calls = text[:place], "stop_sequence", ()
    wanted = []
    if reply.thinking:
        wanted.append(Block("thinking", tokens.cut(reply.thinking)))
    if text:
        wanted.append(Block("text", tokens.cut(text)))
    for call in calls:
        wanted.append(Block("call", tokens.cut(json.dumps(call.arguments, ensure_ascii=False)), call))
    left = min(ask.max_tokens, room)
    blocks: list[Block] = []
    for block in wanted:
        left -= block.kind == "call"
        if left <= 0 and block.pieces:
            return Plan(blocks, "max_tokens")
        if len(block.pieces) > left:
            blocks.append(Block(block.kind, block.pieces[:left], block.call, whole=False))
            return Plan(blocks, "max_tokens")
        left -= len(block.pieces)
        blocks.append(block)
    return Plan(blocks, stop, sequence)

"""One request as the guide sees it, and what a skill hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from apps.sandbox.chatting.conversation import Ask, Turn


@dataclass(frozen=True)
class Task:
    text: str
    ask: Ask
    earlier: tuple[Turn, ...]  # before the turn that is answered
    chance: Random
    chinese: bool = False
    long: bool = False  # more was asked for

    @property
    def last_reply(self) -> str:
        return next((turn.text for turn in reversed(self.earlier) if turn.role == "assistant" and turn.text), "")

    @property
    def earlier_requests(self) -> list[str]:
        return [turn.text for turn in self.earlier if turn.role == "user" and turn.text]


@dataclass(frozen=True)
class Finding:
    text: str
    thoughts: list[str] = field(default_factory=list)
    complete: bool = False  # as it is: no greeting, no style

"""The chat models of the catalogue, and what a conversation costs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from apps.sandbox.rules import catalogue_file

DEFAULT_SPEED = 60  # tokens per second, where the catalogue names none

# The days on which the models were announced; those that are not here came with the first.
_ANNOUNCED = {
    "MiniMax-M3": (2026, 6, 1),
    "MiniMax-M2.7": (2026, 3, 18),
    "MiniMax-M2.5": (2026, 2, 12),
    "MiniMax-M2.1": (2025, 12, 23),
}
_FIRST = (2025, 10, 27)


@dataclass(frozen=True)
class Model:
    id: str
    label: str
    description: str
    context_tokens: int
    max_output_tokens: int
    inputs: tuple[str, ...]
    thinking: str  # switchable, always, none
    top_p: float
    tokens_per_second: int
    surfaces: tuple[str, ...]
    created: datetime


@cache
def chat() -> dict[str, Any]:
    return tomllib.loads(catalogue_file("chat.toml"))


@cache
def models() -> dict[str, Model]:
    return {row["id"]: _model(row) for row in chat()["models"]}


def _model(row: dict[str, Any]) -> Model:
    announced = _ANNOUNCED.get(row["id"].removesuffix("-highspeed"), _FIRST)
    return Model(
        id=row["id"],
        label=row["label"],
        description=row["description"],
        context_tokens=row.get("context_tokens", 204_800),
        max_output_tokens=row.get("max_output_tokens", 204_800),
        inputs=tuple(row.get("inputs", ("text", "tools"))),
        thinking=row.get("thinking", "always"),
        top_p=row.get("top_p", 0.9),
        tokens_per_second=row.get("tokens_per_second") or DEFAULT_SPEED,
        surfaces=tuple(row.get("surfaces", ("anthropic", "openai"))),
        created=datetime(*announced, tzinfo=UTC),
    )


@dataclass(frozen=True)
class Usage:
    prompt: int  # all of it
    cache_read: int = 0
    cache_creation: int = 0
    output: int = 0

    @property
    def fresh(self) -> int:
        return self.prompt - self.cache_read - self.cache_creation


@cache
def _prices() -> list[dict[str, Any]]:
    return tomllib.loads(catalogue_file("prices.toml"), parse_float=Decimal)["chat"]


def price(model: str, usage: Usage, *, priority: bool) -> Decimal:
    """USD."""
    tier = "priority" if priority else ""
    fitting = [row for row in _prices() if row["model"] == model and row.get("tier", "") in (tier, "")]
    fitting = [row for row in fitting if row.get("above_input_tokens", -1) < usage.prompt]
    if not fitting:
        return Decimal(0)
    row = max(fitting, key=lambda row: (row.get("tier", "") == tier, row.get("above_input_tokens", -1)))
    read, write = row.get("cache_read", row["input"]), row.get("cache_write", row["input"])
    total = usage.fresh * row["input"] + usage.cache_read * read
    total += usage.cache_creation * write + usage.output * row["output"]
    return Decimal(total) / 1_000_000

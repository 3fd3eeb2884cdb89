from __future__ import annotations

from decimal import Decimal

from apps.minimax import catalogue
from apps.minimax.catalogue import MILLION
from apps.minimax.catalogue.schema import ChatPrice
from apps.minimax.chat.events import Usage

PRIORITY_FACTOR = Decimal("1.5")  # https://platform.minimax.io/docs/guides/pricing-paygo, where no row says better


def price_row(model: str, input_tokens: int, tier: str = "") -> ChatPrice | None:
    """The prices per million tokens that hold for a request with so much input. None: none are published."""
    rows = [row for row in catalogue.prices.chat if row.model == model and row.above_input_tokens <= input_tokens]
    fitting = [row for row in rows if row.tier == (tier or "standard")]
    if fitting:
        return max(fitting, key=lambda row: row.above_input_tokens)
    standard = [row for row in rows if row.tier == "standard"]
    if tier != "priority" or not standard:
        return None
    row = max(standard, key=lambda row: row.above_input_tokens)
    raised = {
        name: price * PRIORITY_FACTOR
        for name in ("input", "output", "cache_read", "cache_write")
        if (price := getattr(row, name)) is not None
    }
    return row.model_copy(update=raised | {"tier": tier})


def price_of_chat(model: str, usage: Usage, tier: str = "") -> Decimal | None:
    """US dollars for what a turn used. None: no price is published.

    Where a model has no price of its own for cached tokens they cost what input costs.
    """
    whole_input = usage.input + usage.cache_read + usage.cache_write
    row = price_row(model, whole_input, tier)
    return None if row is None else cost_by(row, usage)


def cost_by(row: ChatPrice, usage: Usage) -> Decimal:
    """US dollars by the prices of one row."""
    cache_read = row.input if row.cache_read is None else row.cache_read
    cache_write = row.input if row.cache_write is None else row.cache_write
    cost = (
        usage.input * row.input
        + usage.output * row.output
        + usage.cache_read * cache_read
        + usage.cache_write * cache_write
    )
    return cost / MILLION

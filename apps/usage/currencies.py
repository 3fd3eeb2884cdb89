"""In what a workspace sees amounts. MiniMax bills US dollars, and everything is reckoned, held and kept in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import cache

from apps.usage.models import Currency

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥", "JPY": "JP¥", "INR": "₹", "KRW": "₩", "BRL": "R$"}
CODES = (
    *("EUR", "GBP", "CNY", "JPY", "CHF", "AUD", "CAD", "HKD", "SGD", "TWD", "KRW", "INR", "BRL", "MXN", "SEK"),
    *("NOK", "DKK", "PLN", "CZK", "TRY", "ZAR", "AED", "ILS", "THB", "IDR", "MYR", "PHP", "VND", "NZD"),
)

_source: ContextVar[Callable[[], Currency | None] | None] = ContextVar("currency", default=None)


@contextmanager
def shown_at(slug: str) -> Iterator[None]:
    """Inside, amounts are shown as the workspace wants it. It is looked up when the first one is shown."""
    token = _source.set(cache(lambda: Currency.objects.filter(workspace__slug=slug).first()))
    try:
        yield
    finally:
        _source.reset(token)


def shown() -> Currency | None:
    """None: US dollars."""
    source = _source.get()
    return source() if source else None


def convert(usd: Decimal) -> tuple[str, Decimal]:
    """The sign to write before an amount, and the amount."""
    currency = shown()
    if currency is None:
        return SYMBOLS["USD"], usd
    return SYMBOLS.get(currency.code, f"{currency.code}\N{NO-BREAK SPACE}"), usd * currency.per_usd

from decimal import Decimal

import pytest

from apps.minimax.chat import Usage, price_of_chat


@pytest.mark.parametrize(
    ("model", "usage", "tier", "usd"),
    [
        ("MiniMax-M3", Usage(1_000_000 // 2, 1_000_000, 0, 0), "", "1.35"),
        ("MiniMax-M3", Usage(0, 0, 100_000, 0), "", "0.006"),
        ("MiniMax-M3", Usage(500_000, 0, 100_000, 0), "", "0.312"),  # cached input counts towards the step at 512k
        ("MiniMax-M3", Usage(100_000, 100_000, 0, 0), "priority", "0.225"),
        ("MiniMax-M3", Usage(0, 0, 0, 100_000), "", "0.03"),  # writing to the cache has no price of its own
        ("MiniMax-M2.7", Usage(0, 0, 0, 100_000), "", "0.0375"),
        ("MiniMax-M2.7", Usage(100_000, 0, 0, 0), "priority", "0.045"),
    ],
)
def test_a_turn_costs_what_the_table_says(model, usage, tier, usd):
    assert price_of_chat(model, usage, tier) == Decimal(usd)


def test_a_model_without_a_price_has_none():
    assert price_of_chat("my-own-model", Usage(1, 1)) is None

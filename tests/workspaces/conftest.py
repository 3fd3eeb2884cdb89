"""MiniMax as far as this part needs it: a key check over a mocked network."""

from __future__ import annotations

import httpx
import pytest
import respx

KEY = "sk-api-0123456789abcdefghijklmnopqrstuvwxyzWXYZ"  # nobody's
GLOBAL = "https://api.minimax.io"
MAINLAND = "https://api.minimaxi.com"


def answer(code: int = 0, message: str = "success") -> httpx.Response:
    return httpx.Response(200, json={"voice_cloning": [], "base_resp": {"status_code": code, "status_msg": message}})


WRONG_KEY = answer(2049, "invalid api key")


@pytest.fixture
def minimax():
    """Both regions; nothing else can be reached. A test says what they answer, by default that the key is wrong."""
    with respx.mock(assert_all_called=False) as network:
        network.post(f"{GLOBAL}/v1/get_voice", name="global").mock(return_value=WRONG_KEY)
        network.post(f"{MAINLAND}/v1/get_voice", name="mainland").mock(return_value=WRONG_KEY)
        for host in (GLOBAL, MAINLAND):
            network.get(f"{host}/account/query_balance").mock(return_value=httpx.Response(404))
            network.get(f"{host}/v1/token_plan/remains").mock(return_value=httpx.Response(404))
        yield network


@pytest.fixture
def sandbox_offered(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    settings.SANDBOX_KEY = "sandbox-key"

"""A MiniMax that answers what a test tells it to; the real client runs against it."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from tests.minimax.servers import KEY


class Recorded:
    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: list[httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]] = []
        self.transport = httpx.MockTransport(self._handle)

    def answers(self, *answers: bytes | dict | httpx.Response | Exception | Callable) -> None:
        """Answer with these in turn; the last one from then on."""
        for answer in answers:
            if isinstance(answer, dict):
                answer = json.dumps(answer).encode()
            if isinstance(answer, bytes):
                answer = httpx.Response(200, content=answer, headers={"Trace-Id": "t-1"})
            self._answers.append(answer)

    @property
    def body(self) -> dict:
        return json.loads(self.requests[-1].content)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


@pytest.fixture
def minimax() -> Recorded:
    return Recorded()


@pytest.fixture
def client(minimax):
    """A MiniMaxClient, not Django's test client."""
    with MiniMaxClient(Endpoint("https://api.minimax.io", KEY), minimax.transport) as client:
        yield client

"""How the chat tests ask: raw, line by line, without a client library in between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.conftest import Sandbox

GET_WEATHER = {
    "name": "get_weather",
    "description": "The weather of a place",
    "input_schema": {
        "type": "object",
        "properties": {"location": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["location"],
    },
}
GET_WEATHER_OPENAI = {
    "type": "function",
    "function": {
        "name": GET_WEATHER["name"],
        "description": GET_WEATHER["description"],
        "parameters": GET_WEATHER["input_schema"],
    },
}


@dataclass(frozen=True)
class Event:
    name: str
    data: dict[str, Any]


def read_events(lines: Iterator[str]) -> list[Event]:
    """Server-sent events in the exact framing: an optional event line, one data line, an empty line."""
    events, name = [], ""
    for line in lines:
        if line.startswith("event: "):
            assert not name
            name = line[7:]
        elif line.startswith("data: "):
            data = {"done": True} if line == "data: [DONE]" else json.loads(line[6:])
            events.append(Event(name, data))
            name = ""
        else:
            assert line == "", line
    return events


@dataclass
class Chatter:
    sandbox: Sandbox
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    speed: str = "instant"

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {**self.sandbox.headers, "X-Sandbox-Speed": self.speed, **named}

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(self.sandbox.url + path, json=body, headers=self._headers(headers))

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(self.sandbox.url + path, headers=self._headers(headers))

    @contextmanager
    def opened(self, path: str, body: Any, **headers: str) -> Iterator[httpx.Response]:
        body = {**body, "stream": True}
        with self.http.stream("POST", self.sandbox.url + path, json=body, headers=self._headers(headers)) as response:
            yield response

    def stream(self, path: str, body: Any, **headers: str) -> list[Event]:
        with self.opened(path, body, **headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream"), response.read()
            return read_events(response.iter_lines())

    def message(self, text: str, **changes: Any) -> dict[str, Any]:
        response = self.post("/anthropic/v1/messages", asked(text, **changes))
        assert response.status_code == 200, response.text
        return response.json()

    def messages(self, text: str, **changes: Any) -> list[Event]:
        return self.stream("/anthropic/v1/messages", asked(text, **changes))

    def completion(self, text: str, **changes: Any) -> dict[str, Any]:
        response = self.post("/v1/chat/completions", asked(text, **changes))
        assert response.status_code == 200, response.text
        return response.json()

    def completions(self, text: str, **changes: Any) -> list[Event]:
        return self.stream("/v1/chat/completions", asked(text, **changes))

    def requests(self) -> list[dict[str, Any]]:
        return self.get("/sandbox/requests").json()["requests"]


def asked(text: str, **changes: Any) -> dict[str, Any]:
    return {
        "model": "MiniMax-M3",
        "max_tokens": 100_000,
        "temperature": 0,
        "messages": [{"role": "user", "content": text}],
        **changes,
    }


def text_of(events: list[Event]) -> str:
    """The answer of a stream of the Anthropic surface."""
    deltas = [event.data["delta"] for event in events if event.name == "content_block_delta"]
    return "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta")


def until(condition: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Ask again and again until the answer is true; return it."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)

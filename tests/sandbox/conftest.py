from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.config import ROOT
from tests.conftest import Sandbox, free_port, wait_until_healthy
from tests.sandbox.chatting import Chatter
from tests.sandbox.listening import Heard, listen

FOX = "The quick brown fox jumps over the lazy dog."
VOICE = "English_Graceful_Lady"


@dataclass(frozen=True)
class Answer:
    payload: dict[str, Any]
    headers: httpx.Headers
    status: int

    @property
    def code(self) -> int:
        return self.payload["base_resp"]["status_code"]

    @property
    def message(self) -> str:
        return self.payload["base_resp"]["status_msg"]

    @property
    def audio(self) -> bytes:
        return bytes.fromhex(self.payload["data"]["audio"])

    @property
    def info(self) -> dict[str, Any]:
        return self.payload["extra_info"]

    def heard(self) -> Heard:
        if self.info["audio_format"] == "pcm":
            return listen(self.audio, self.info["audio_sample_rate"], self.info["audio_channel"])
        return listen(self.audio)


def body_of_speech(text: str = FOX, **changes: Any) -> dict[str, Any]:
    """A request as an ordinary client sends it; `voice` and `audio` change its two parts."""
    return {
        "model": "speech-2.8-hd",
        "text": text,
        "voice_setting": {"voice_id": VOICE, **changes.pop("voice", {})},
        "audio_setting": {"format": "pcm", "sample_rate": 32000, **changes.pop("audio", {})},
        **changes,
    }


@dataclass
class Caller:
    """Asks a sandbox as a client would."""

    sandbox: Sandbox
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {**self.sandbox.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        response = self.http.post(self.sandbox.url + path, json=body, headers=sent)
        return Answer(response.json(), response.headers, response.status_code)

    def get(self, path: str) -> Answer:
        response = self.http.get(self.sandbox.url + path, headers=self.sandbox.headers)
        return Answer(response.json(), response.headers, response.status_code)

    def speak(self, text: str = FOX, **changes: Any) -> Answer:
        return self.post("/v1/t2a_v2", body_of_speech(text, **changes))

    def hear(self, text: str = FOX, **changes: Any) -> Heard:
        answer = self.speak(text, **changes)
        assert answer.code == 0, answer.message
        return answer.heard()

    def subtitles(self, text: str, **changes: Any) -> list[dict[str, Any]]:
        answer = self.speak(text, subtitle_enable=True, **changes)
        assert answer.code == 0, answer.message
        return self.http.get(answer.payload["data"]["subtitle_file"]).json()

    def stream(self, text: str = FOX, **changes: Any) -> list[dict[str, Any]]:
        body = {**body_of_speech(text, **changes), "stream": True}
        chunks = []
        with self.http.stream(
            "POST", self.sandbox.url + "/v1/t2a_v2", json=body, headers=self.sandbox.headers
        ) as response:
            assert response.headers["content-type"].startswith("text/event-stream"), response.read()
            for line in response.iter_lines():
                assert line == "" or line.startswith("data: ")
                if line:
                    chunks.append(json.loads(line[6:]))
        return chunks

    def knob(self, path: str, body: Any) -> dict[str, Any]:
        return self.post(path, body).payload


@pytest.fixture
def caller(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    yield caller
    caller.http.close()


@pytest.fixture
def chatter(sandbox: Sandbox) -> Iterator[Chatter]:
    chatter = Chatter(sandbox)
    yield chatter
    chatter.http.close()


@dataclass
class OwnSandbox:
    sandbox: Sandbox
    process: subprocess.Popen
    log: Path


Start = Callable[..., OwnSandbox]


@pytest.fixture
def start_sandbox(tmp_path: Path) -> Iterator[Start]:
    """Start sandboxes of one's own, with any options."""
    with contextlib.ExitStack() as stack:

        def start(*options: str, key: str = "", data: Path | None = None) -> OwnSandbox:
            port, key = free_port(), key or f"sk-api-{secrets.token_hex(12)}"
            log = tmp_path / f"log-{port}"
            output = stack.enter_context(log.open("w"))
            command = [
                "manage.py",
                "sandbox",
                "--port",
                str(port),
                "--data",
                str(data or tmp_path / "data"),
                "--key",
                key,
            ]
            process = subprocess.Popen(
                [sys.executable, *command, *options], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
            wait_until_healthy(f"http://127.0.0.1:{port}/healthz", process)
            return OwnSandbox(Sandbox(f"http://127.0.0.1:{port}", key), process, log)

        yield start

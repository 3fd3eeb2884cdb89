"""A kind of job for the tests, and an upstream that does as it is told."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django import forms
from PIL import Image

from apps.jobs import kinds
from apps.jobs.kinds import Errand, Finished, Kind, Result, StillRunning, Submitted
from apps.jobs.services import submit_job
from apps.minimax.images import generate_images
from apps.workspaces.models import Connection, ConnectionKind
from apps.workspaces.sealing import seal


def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(file, "JPEG")
    return file.getvalue()


@dataclass
class Upstream:
    """Answers on a real socket; `answer` decides, `seen` remembers."""

    url: str = ""
    answer: Callable[[str, str, dict[str, Any]], Any] = lambda method, path, body: {}
    seen: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def creates(self) -> int:
        return sum(method == "POST" for method, _path, _body in self.seen)


OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}


def refusal(code: int, words: str = "no") -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": words}}


@pytest.fixture
def upstream(settings) -> Iterator[Upstream]:
    told = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            told.seen.append((self.command, self.path, body))
            answer = told.answer(self.command, self.path, body)
            if answer is None:  # hang up without a word
                self.close_connection = True
                return
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Trace-Id", "trace-1")
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET = reply

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a caller that was killed is no news
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    settings.SANDBOX_URL, settings.SANDBOX_KEY = told.url, "sk-test-key-0123456789"
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    yield told
    server.shutdown()


def _at_once(errand: Errand) -> Finished:
    pictures = generate_images(errand.client, errand.job.request)
    return Finished(
        results=[errand.keep(picture, "image") for picture in pictures.files],
        trace_id=pictures.trace_id,
        usage={"images": len(pictures.files)},
    )


def _later(errand: Errand) -> Submitted:
    return Submitted(errand.client.post("/v1/later", dict(errand.job.request))["task_id"])


def _ask(errand: Errand) -> StillRunning | Finished:
    payload = errand.client.get("/v1/query", {"task_id": errand.job.minimax_task_id})
    if payload["status"] != "Success":
        return StillRunning(payload["status"])
    return Finished(results=[Result("image", url=url, lifetime_s=3600) for url in payload["urls"]])


def _title(request: Mapping[str, Any]) -> str:
    return str(request["prompt"])


def make_kind_at_once(family: str = "image") -> Kind:
    """Its files come with the answer."""
    return Kind("now", "Now", "image", "library:index", family, forms.Form, _title, lambda r: None, _at_once)


def make_kind_later(family: str = "video") -> Kind:
    """MiniMax takes it, works on it and gives links."""
    return Kind("later", "Later", "film", "library:index", family, forms.Form, _title, lambda r: None, _later, _ask, 0)


@pytest.fixture
def kind_at_once(monkeypatch) -> Kind:
    kind = make_kind_at_once()
    monkeypatch.setitem(kinds._kinds, kind.name, kind)
    return kind


@pytest.fixture
def kind_later(monkeypatch) -> Kind:
    kind = make_kind_later()
    monkeypatch.setitem(kinds._kinds, kind.name, kind)
    return kind


@pytest.fixture
def connected(creator, upstream) -> Any:
    """A creator whose workspace pays: its connection is an address of its own, the upstream."""
    Connection.objects.create(
        workspace=creator.workspace,
        kind=ConnectionKind.CUSTOM,
        base_url=upstream.url,
        key_sealed=seal("sk-test-key-0123456789"),
    )
    return creator


@pytest.fixture
def job_at_once(connected, kind_at_once) -> Any:
    return submit_job(connected, kind_at_once, {"prompt": "A lighthouse", "n": 2}, click="click-1")


@pytest.fixture
def job_later(connected, kind_later) -> Any:
    return submit_job(connected, kind_later, {"prompt": "A kite"}, click="click-2")


def pictures(count: int) -> dict[str, Any]:
    return {"data": {"image_base64": [base64.b64encode(picture()).decode() for _ in range(count)]}, **OK}

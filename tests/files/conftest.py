"""A workspace on the real sandbox, sounds and texts to bring, and a MiniMax that misbehaves as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.files.models import Transfer
from apps.files.tasks import carry
from apps.workspaces.models import Connection, ConnectionKind, Membership
from apps.workspaces.sealing import seal

OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
GONE = {"base_resp": {"status_code": 2013, "status_msg": "invalid params, file_id"}}


@pytest.fixture
def member(creator, sandbox, settings) -> Membership:
    """A creator on the sandbox."""
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    Connection.objects.create(workspace=creator.workspace, kind=ConnectionKind.SANDBOX)
    return creator


@dataclass
class Page:
    """The Files page as one person uses it."""

    client: Client
    member: Membership

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"files:{name}", args=[self.member.workspace.slug, *args])

    def bring(self, content: bytes, name: str, purpose: str = "t2a_async_input") -> Any:
        query = {"name": name, "purpose": purpose}
        return self.client.generic("POST", self.url("upload"), content, "application/octet-stream", query_params=query)

    def brought(self, content: bytes, name: str, purpose: str = "t2a_async_input") -> Transfer:
        """Bring it, and let a worker send it."""
        answer = self.bring(content, name, purpose)
        assert answer.status_code == 201, answer.content.decode()
        return self.carried(Transfer.objects.order_by("-id")[0])

    def carried(self, transfer: Transfer) -> Transfer:
        carry(str(transfer.pk))
        transfer.refresh_from_db()
        return transfer

    def asked(self, **query: str) -> str:
        """What the list shows once MiniMax was asked."""
        answer = self.client.post(self.url("refresh"), query, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return answer.content.decode()


@pytest.fixture
def open_page() -> Callable[[Membership], Page]:
    def sign_in(member: Membership) -> Page:
        client = Client()
        client.force_login(member.user)
        return Page(client, member)

    return sign_in


@pytest.fixture
def page(member, open_page) -> Page:
    return open_page(member)


@dataclass
class Upstream:
    """A MiniMax for files. `instead` answers once per path in place of the rest: a dictionary is the answer, bytes are
    a page of somebody else's with a status, None hangs up after the work was done."""

    url: str = ""
    files: dict[int, dict[str, Any]] = field(default_factory=dict)
    instead: dict[str, list[Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    without_list: set[str] = field(default_factory=set)  # purposes

    def calls(self, path: str) -> int:
        return self.seen.count(path)

    def answer(self, path: str, query: dict[str, str], content: bytes) -> Any:
        self.seen.append(path)
        planned = self.instead.get(path)
        if planned:
            answer = planned.pop(0)
            if answer is not None:
                return answer
            self._do(path, query, content)
            return None
        return self._do(path, query, content)

    def _do(self, path: str, query: dict[str, str], content: bytes) -> Any:
        match path:
            case "/v1/files/upload":
                _head, _, rest = content.partition(b'filename="')
                name, purpose = rest.partition(b'"')[0].decode(), "t2a_async_input"
                body = rest.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
                number = 9_007_199_254_740_993 + len(self.files)
                row = {"file_id": number, "bytes": len(body), "created_at": 4_000_000_000, "filename": name}
                self.files[number] = row | {"purpose": purpose}
                return {"file": self.files[number], **OK}
            case "/v1/files/list" if query["purpose"] in self.without_list:
                return GONE
            case "/v1/files/list":
                return {"files": [f for f in self.files.values() if f["purpose"] == query["purpose"]], **OK}
            case "/v1/files/retrieve":
                found = self.files.get(int(query["file_id"]))
                return {"file": found, **OK} if found else GONE
            case "/v1/files/delete":
                body = json.loads(content)
                found = self.files.get(body["file_id"])
                if not found or found["purpose"] != body["purpose"]:
                    return GONE
                del self.files[body["file_id"]]
                return {"file_id": body["file_id"], **OK}
        return GONE


@pytest.fixture
def upstream(settings) -> Iterator[Upstream]:
    told = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            answer = told.answer(parts.path, dict(parse_qsl(parts.query)), content)
            if answer is None:
                self.close_connection = True
                return
            status, body, kind = 200, answer, "application/json"
            if isinstance(answer, tuple):
                status, body = answer
                kind = "text/html"
            if isinstance(body, dict):
                body = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    yield told
    server.shutdown()


@pytest.fixture
def odd(creator, upstream, open_page) -> Page:
    """A creator whose MiniMax is `upstream`."""
    Connection.objects.create(
        workspace=creator.workspace,
        kind=ConnectionKind.CUSTOM,
        base_url=upstream.url,
        key_sealed=seal("sk-test-key-0123456789"),
    )
    return open_page(creator)

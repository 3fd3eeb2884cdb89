"""Live speech in a real web process, over real sockets, with a real session: what only shows there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from studio.config import ROOT
from tests.conftest import free_port, wait_until_healthy
from tests.speech.conftest import SETTINGS, TEXT, Heard, Upstream

pytestmark = pytest.mark.slow

PIECE = bytes(range(256)) * 16
PREPARE = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from apps.accounts.models import User
from apps.workspaces.models import Connection, Membership, Workspace
workspace = Workspace.objects.create(name="Night Shift", slug="night-shift")
Connection.objects.create(workspace=workspace, kind="sandbox")
user = User.objects.create_user("olga@example.com", "correct horse battery", name="Olga")
Membership.objects.create(workspace=workspace, user=user, role="owner")
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session.create()
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
"""
LOOK = """
import json
from apps.speech.models import Take
take = Take.objects.select_related("asset").get()
size = take.asset.file.size if take.asset else 0
print(json.dumps({"status": take.status, "charged": take.charged, "bytes": take.bytes_received, "size": size}))
"""
SWEEP = """
from datetime import timedelta
from django.utils import timezone
from apps.speech.models import Take
from apps.speech.tasks import sweep
Take.objects.moving().update(heartbeat_at=timezone.now() - timedelta(seconds=30))
sweep()
"""


class Web:
    """A web process with a database and a person of its own."""

    process: subprocess.Popen

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.upstream_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
            "STUDIO_DATA": str(data),
            "STUDIO_PORT": str(self.port),
            "STUDIO_URL": self.url,
            "STUDIO_SANDBOX_URL": f"http://127.0.0.1:{self.upstream_port}",
            "STUDIO_SANDBOX_KEY": "sk-api-0123456789abcdef",
        }

    def prepare(self) -> str:
        """Make the tables and the person; returns the cookie of a session."""
        self.manage("migrate", "--verbosity", "0")
        return self.run(PREPARE)

    def start(self, cookie: str) -> None:
        self.cookie = cookie
        self.log = (self.data / "web.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "studio.web"], cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log
        )
        wait_until_healthy(f"{self.url}/healthz", self.process)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        ).stdout.strip()

    def run(self, code: str) -> str:
        return self.manage("shell", "--verbosity", "0", "-c", code)

    def look(self) -> dict[str, Any]:
        return json.loads(self.run(LOOK))

    def socket(self, *, origin: str = "", cookie: str | None = None) -> connect:
        address = f"ws://127.0.0.1:{self.port}/ws/w/night-shift/speech/"
        headers = {"Cookie": self.cookie if cookie is None else cookie}
        return connect(address, additional_headers=headers, origin=origin or self.url, proxy=None, max_queue=4)

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(10)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        self.log.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> tuple[Path, str]:
    data = tmp_path_factory.mktemp("studio") / "data"
    return data, Web(data).prepare()


@pytest.fixture
def web(prepared: tuple[Path, str], tmp_path: Path) -> Iterator[Web]:
    data, cookie = prepared
    shutil.copytree(data, tmp_path / "data")
    running = Web(tmp_path / "data")
    running.start(cookie)
    yield running
    running.close()


@pytest.fixture
async def played(web: Web):
    """The upstream of `web`, played by the test."""
    upstream = Upstream()
    server = await asyncio.start_server(upstream.handle, "127.0.0.1", web.upstream_port)
    yield upstream
    server.close()


async def speak(socket: ClientConnection) -> None:
    request = SETTINGS | {"text": TEXT}
    await socket.send(json.dumps({"type": "speak", "click": str(uuid.uuid4()), "playback": "mp3", "request": request}))


async def hear(socket: ClientConnection, *, sound: int = 0) -> Heard:
    heard = Heard()
    async with asyncio.timeout(30):
        async for frame in socket:
            if isinstance(frame, bytes):
                heard.sound += frame[16:]
                if sound and len(heard.sound) >= sound:
                    return heard
                continue
            heard.messages.append(json.loads(frame))
            heard.take = heard.take or heard.last.get("take", "")
            if heard.last["type"] in ("finished", "failed", "refused"):
                return heard
    return heard


async def test_a_take_goes_from_a_real_socket_into_the_library(web, played):
    async def answer(line):
        for _ in range(3):
            await line.say(PIECE)
        await line.end(3 * len(PIECE))

    played.answer = answer
    async with web.socket() as socket:
        await speak(socket)
        heard = await hear(socket)
    assert heard.sound == PIECE * 3
    assert heard.last["status"] == "kept"
    assert web.look()["size"] == 3 * len(PIECE)


async def test_another_site_cannot_open_the_socket(web):
    with pytest.raises(InvalidStatus) as refusal:
        await web.socket(origin="https://elsewhere.example")
    assert refusal.value.response.status_code == 403


async def test_without_a_session_there_is_no_socket(web):
    with pytest.raises(InvalidStatus):
        await web.socket(cookie="")


async def test_a_page_that_does_not_read_holds_nobody_up(web, played):
    count = 400  # 13 MB: more than the system's buffers take
    block = PIECE * 8

    async def answer(line):
        for _ in range(count):
            await line.say(block)
        await line.end(count * len(block))

    async with web.socket() as stuck, web.socket() as quick:
        await speak(stuck)
        started = json.loads(await stuck.recv())
        await quick.send(json.dumps({"type": "attach", "take": started["take"], "from": 0}))
        assert json.loads(await quick.recv())["type"] == "started"
        line = await played.lines.get()
        await answer(line)
        line.writer.close()
        assert len((await hear(quick)).sound) == count * len(block)
        late = await hear(stuck)  # and it misses nothing
        assert len(late.sound) == count * len(block)


async def test_a_take_survives_the_death_of_its_process(web, played):
    async with web.socket() as socket:
        await speak(socket)
        line = await played.lines.get()
        await line.say(PIECE)
        await hear(socket, sound=len(PIECE))
        web.end(signal.SIGKILL)
    assert web.look()["status"] in ("starting", "speaking")
    web.run(SWEEP)
    assert web.look() == {"status": "interrupted", "charged": "no", "bytes": len(PIECE), "size": len(PIECE)}


async def test_a_process_that_is_asked_to_end_keeps_what_had_arrived(web, played):
    async with web.socket() as socket:
        await speak(socket)
        line = await played.lines.get()
        await line.say(PIECE)
        await hear(socket, sound=len(PIECE))
        await asyncio.to_thread(web.end, signal.SIGTERM)
    assert web.look() == {"status": "interrupted", "charged": "no", "bytes": len(PIECE), "size": len(PIECE)}

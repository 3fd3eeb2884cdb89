"""A MiniMax on a real socket that knows voices, a clock that can be moved, and voices to start from."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.jobs.models import Job
from apps.jobs.tasks import run_job
from apps.library.models import Asset
from apps.library.services import keep
from apps.voices import services
from apps.voices.checks import as_request
from apps.voices.models import Voice
from apps.voices.samples import Found
from apps.workspaces.models import Connection, ConnectionKind, Membership
from apps.workspaces.sealing import seal
from tests.minimax.mp3_files import MP3

START = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)  # five days before clocks in Europe are put back
OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}


def refusal(code: int) -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": "no"}}


class Clock:
    """What `timezone.now()` says. The clock of the machine may jump; so may this one."""

    def __init__(self) -> None:
        self.now = START

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()

    class AnyDatetime(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, datetime)

    class MovedDatetime(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock.now

    monkeypatch.setattr("django.utils.timezone.datetime", MovedDatetime)  # what `timezone.now` asks, also as a default
    return clock


@dataclass
class MiniMax:
    """Does as the reference says: listed once used, ids never twice. `instead` answers once in place of the rest:
    a dictionary is the answer, None hangs up after the work was done."""

    url: str = ""
    made: dict[str, str] = field(default_factory=dict)  # voice_id → kind
    used: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    files: dict[int, str] = field(default_factory=dict)
    instead: dict[str, list[Any]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def calls(self, path: str) -> list[dict[str, Any]]:
        return [body for seen, body in self.seen if seen == path]

    def answer(self, path: str, body: dict[str, Any]) -> Any:
        self.seen.append((path, body))
        planned = self.instead.get(path)
        if not planned:
            return self._do(path, body)
        answer = planned.pop(0)
        if answer is None:
            self._do(path, body)
        return answer

    def _do(self, path: str, body: dict[str, Any]) -> Any:
        voice_id = str(body.get("voice_id") or "")
        match path:
            case "/v1/files/upload":
                number = 400_000_000_000_000 + len(self.files)
                self.files[number] = body["purpose"]
                return {"file": {"file_id": number, "bytes": 1, "created_at": 1, "filename": "a", **body}, **OK}
            case "/v1/files/delete":
                del self.files[body["file_id"]]
                return {"file_id": body["file_id"], **OK}
            case "/v1/voice_clone":
                if voice_id in self.made or voice_id in self.deleted:
                    return refusal(2039)
                if self.files.get(body["file_id"]) != "voice_clone":
                    return refusal(20132)
                self.made[voice_id] = "voice_cloning"
                demo = f"{self.url}/demo.mp3" if body.get("text") else ""
                return {"input_sensitive": {"type": 0}, "demo_audio": demo, **OK}
            case "/v1/voice_design":
                if voice_id in self.made:
                    return refusal(2039)
                self.made[voice_id] = "voice_generation"
                return {"voice_id": voice_id, "trial_audio": MP3.hex(), **OK}
            case "/v1/t2a_v2":
                voice_id = body["voice_setting"]["voice_id"]
                if voice_id not in self.made:
                    return refusal(20132)
                self.used.add(voice_id)
                info = {"usage_characters": len(body["text"]), "audio_size": len(MP3)}
                return {"data": {"audio": MP3.hex(), "status": 2}, "extra_info": info, **OK}
            case "/v1/get_voice":
                rows = [(each, kind) for each, kind in self.made.items() if each in self.used]
                listed = {kind: [{"voice_id": each} for each, found in rows if found == kind] for _e, kind in rows}
                return {"system_voice": [], **listed, **OK}
            case "/v1/delete_voice":
                if voice_id not in self.used:
                    return refusal(2013)
                del self.made[voice_id]
                self.deleted.add(voice_id)
                return {"voice_id": voice_id, **OK}
        return refusal(2013)


@pytest.fixture
def minimax(settings) -> Iterator[MiniMax]:
    told = MiniMax()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_file = self.headers.get("Content-Type", "").startswith("multipart/")
            purpose = next((name for name in ("voice_clone", "prompt_audio") if name.encode() in content), "")
            body = {"purpose": purpose} if is_file else json.loads(content or b"{}")
            answer = told.answer(self.path, body)
            if answer is None:
                self.close_connection = True
                return
            self._send(json.dumps(answer).encode())

        def do_GET(self) -> None:
            self._send(MP3)

        def _send(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Trace-Id", "trace-1")
            self.end_headers()
            self.wfile.write(content)

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
def connected(creator, minimax) -> Membership:
    """A creator whose workspace pays."""
    Connection.objects.create(
        workspace=creator.workspace,
        kind=ConnectionKind.CUSTOM,
        base_url=minimax.url,
        key_sealed=seal("sk-test-key-0123456789"),
    )
    return creator


def wav(seconds: float = 12) -> bytes:
    import wave

    file = io.BytesIO()
    noise = np.random.default_rng(5).standard_normal(int(16000 * seconds)) * 4000
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(noise.astype("<i2").tobytes())
    return file.getvalue()


def sample_of(member: Membership, folder: Path, purpose: Any = "sample", content: bytes = b"") -> Asset:
    """A recording as it stands in the library once it was checked."""
    source = folder / f"{uuid.uuid4()}.wav"
    source.write_bytes(content or wav())
    found = Found(
        *(12.0 if purpose == "sample" else 4.0, 16000, 1, "pcm_s16le", "wav", source.stat().st_size),
        **{"loudness_lufs": -20.0, "peak_dbfs": -6.0, "noise_dbfs": -70.0, "speech_dbfs": -20.0, "speech_share": 0.9},
        pauses_per_s=2.0,
    )
    return keep(
        member,
        kind="voice_sample",
        title="Recording",
        text="",
        source=source,
        filename=source.name,
        content_type="audio/wav",
        request=as_request(found, purpose),
    )


def clone_data(sample: Asset, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Anna",
        "sample": str(sample.pk),
        "text": "Good evening.",
        "model": "speech-2.8-hd",
        "consent": "on",
        "consent_person": "Anna Example",
        "consent_how": "tick",
    } | changes


@pytest.fixture
def sample(connected, tmp_path) -> Asset:
    return sample_of(connected, tmp_path)


def work(job: Job | None) -> Job:
    """Let a worker take a job as far as it goes."""
    assert job is not None
    run_job(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.fixture
def anna(clock, connected, sample) -> Voice:
    """A cloned voice that was made just now."""
    from apps.voices.forms import CloneForm

    form = CloneForm(clone_data(sample), member=connected)
    assert form.is_valid(), form.errors
    voice = services.clone(connected, form.cleaned_data, click=str(uuid.uuid4()))
    assert work(voice.making).status == "succeeded", voice.making and voice.making.error
    voice.refresh_from_db()
    return voice


@pytest.fixture
def press_keep(connected) -> Callable[[Voice], Job]:
    def keep_it(voice: Voice) -> Job:
        return work(services.keep(connected, voice, click=str(uuid.uuid4())))

    return keep_it

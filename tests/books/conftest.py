"""A MiniMax on a real socket that speaks long texts in tones: quick, and each sentence can be told from the others."""

from __future__ import annotations

import io
import json
import re
import tarfile
import threading
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

import numpy as np
import pytest
from django.utils import timezone

from apps.books import services
from apps.books.models import Book, Edition
from apps.books.tasks import render_edition
from apps.jobs.models import Job
from apps.jobs.tasks import poll_due, run_job
from apps.minimax.text import billed_characters
from apps.workspaces.models import Connection, ConnectionKind, Membership
from apps.workspaces.sealing import seal

RATE = 8000  # Hz: little to compute
MS_PER_CHARACTER = 45  # as it is billed: about as a voice does
PAUSE_MS = 240
OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
SETTINGS = {"sample_rate": RATE, "channel": 1}
_SENTENCE = re.compile(r"[^.!?。！？۔।\n]+[.!?。！？۔।]*\s*|\n+")


def tone_samples(words: str, rate: int = RATE) -> int:
    """How long the tone is that stands for a sentence."""
    return rate * MS_PER_CHARACTER * billed_characters(words) // 1000


def speak(text: str, rate: int) -> tuple[bytes, list[dict[str, Any]]]:
    """A WAV file in which each sentence is a tone followed by a pause, and its subtitles."""
    sounds, cues, at = [], [], 0
    for found in _SENTENCE.finditer(text):
        words = found[0].strip()
        if not words:
            continue
        samples = tone_samples(words, rate)
        pitch = 150 + crc32(words.encode()) % 1_000_000 / 2000  # no two sentences sound alike
        tone = 8000 * np.sin(2 * np.pi * pitch * np.arange(samples) / rate)
        sounds += [tone, np.zeros(rate * PAUSE_MS // 1000)]
        cue = {"text": words, "time_begin": 1000 * at / rate, "time_end": 1000 * (at + samples) / rate}
        cues.append(cue | {"text_begin": found.start(), "text_end": found.start() + len(words)})
        at += samples + rate * PAUSE_MS // 1000
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(np.concatenate(sounds).astype("<i2").tobytes())
    return file.getvalue(), cues


def pack(sound: bytes, cues: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in (("7/content.wav", sound), ("7/content.titles", json.dumps(cues).encode())):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@dataclass
class LongSpeaker:
    """`refuse` may answer a create or a query instead; `seen` remembers the texts, `queries` when it was asked."""

    url: str = ""
    texts: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    queries: list[float] = field(default_factory=list)
    billed: int = 0
    wait_polls: int = 0
    refuse: Callable[[str, dict[str, Any]], dict[str, Any] | None] = lambda step, body: None
    silent_at: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        step = "create" if method == "POST" else "query" if "query" in parts.path else "fetch"
        if step == "create":
            with self.lock:
                self.seen[body["text"]] += 1
        if step == self.silent_at and not self.released.is_set():
            self.reached.set()
            self.released.wait(60)
        if refusal := self.refuse(step, body or query):
            return refusal
        with self.lock:
            if step == "create":
                task = str(9_007_199_254_740_993_000 + len(self.texts))
                self.texts[task] = {"body": body, "asked": 0}
                self.billed += billed_characters(body["text"])
                usage = {"usage_characters": billed_characters(body["text"])}
                return {"task_id": int(task), "file_id": int(task), **usage, **OK}
            if step == "query":
                self.queries.append(time.monotonic())
                told = self.texts[query["task_id"]]
                told["asked"] += 1
                word = "success" if told["asked"] > self.wait_polls else "Processing"
                return {"status": word, "task_id": query["task_id"], "file_id": int(query["task_id"]), **OK}
        if parts.path.startswith("/v1/files/retrieve"):
            file = {"file_id": int(query["file_id"]), "download_url": f"{self.url}/bytes/{query['file_id']}"}
            return {"file": file, **OK}
        body = self.texts[parts.path.rpartition("/")[2]]["body"]
        return pack(*speak(body["text"], body["audio_setting"]["audio_sample_rate"]))


@pytest.fixture
def speaker(settings) -> Iterator[LongSpeaker]:
    told = LongSpeaker()

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            answer = told.answer(self.command, self.path, body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET = reply

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a caller that was killed is no news
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    yield told
    told.released.set()
    server.shutdown()


@pytest.fixture
def connected(creator, speaker) -> Membership:
    """A creator whose workspace pays: its connection is an address of its own."""
    connect(creator, speaker.url)
    return creator


def connect(member: Membership, url: str, key: str = "sk-test-key-0123456789") -> None:
    Connection.objects.create(
        workspace=member.workspace, kind=ConnectionKind.CUSTOM, base_url=url, key_sealed=seal(key)
    )


def finish(*, patience_s: float = 60) -> None:
    """Do what the workers do, until no job moves."""
    end = time.monotonic() + patience_s
    while moving := list(Job.objects.moving().filter(is_paused=False)):
        assert time.monotonic() < end, [(job.status, job.notice, job.error) for job in moving]
        Job.objects.moving().update(next_at=timezone.now())
        poll_due()
        for job in moving:
            run_job(str(job.pk))


def make_all(member: Membership, book: Book, click: str = "make") -> None:
    services.make(member, book, click=click)
    finish()


def rendered(edition: Edition) -> Edition:
    render_edition(str(edition.pk))
    edition.refresh_from_db()
    return edition


def refusal(code: int) -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": "no" if code else "success"}}

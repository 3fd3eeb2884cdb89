from __future__ import annotations

import io
import uuid
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from apps.jobs.models import Job
from apps.jobs.tasks import run_job
from apps.library.models import Asset
from apps.library.services import keep
from apps.workspaces.models import Connection, ConnectionKind
from tests.jobs.conftest import OK, connected, upstream
from tests.minimax.mp3_files import MP3

__all__ = ["connected", "upstream"]  # fixtures: a MiniMax on a real socket, and a creator whose workspace pays there

LYRICS = "[Verse]\nThe tide goes out\nA gull calls once\n\n[Chorus]\nCarry me home"
SETTINGS: dict[str, Any] = {
    "words": "own",
    "prompt": "indie folk, calm",
    "lyrics": LYRICS,
    "model": "music-2.6",
    "format": "mp3",
    "sample_rate": 44100,
    "bitrate": 256000,
}
WRITTEN = {"song_title": "Low Tide", "style_tags": "folk, calm", "lyrics": "[Verse]\nSand\n[Chorus]\nSea", **OK}


def at(name: str, *args: Any) -> str:
    return reverse(f"music:{name}", args=["night-shift", *args])


def samples() -> bytes:
    """Half a second of noise, 16 bit, stereo, 32 kHz."""
    return (np.random.default_rng(3).standard_normal(32000) * 3000).astype("<i2").tobytes()


def wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(32000)
        sound.writeframes(samples())
    return file.getvalue()


def song(audio: str, **info: Any) -> dict[str, Any]:
    return {"data": {"audio": audio, "status": 2}, "trace_id": "0a", "extra_info": info, "analysis_info": None, **OK}


@pytest.fixture
def paid(workspace) -> Any:
    """The workspace works with MiniMax; nothing is sent in the tests that use it."""
    return Connection.objects.create(workspace=workspace, kind=ConnectionKind.GLOBAL)


@pytest.fixture
def press(client, creator) -> Callable[..., Any]:
    """Press the button under the song."""
    client.force_login(creator.user)

    def pressed(*, click: str = "", **changes: Any) -> Any:
        data = SETTINGS | {"click": click or str(uuid.uuid4())} | changes
        return client.post(at("create"), data, headers={"HX-Request": "true"})

    return pressed


@pytest.fixture
def make(press, connected, upstream) -> Callable[..., Job]:
    """Press the button, and let a worker do what it can."""
    upstream.answer = lambda method, path, body: song(MP3.hex(), music_duration=2000)

    def made(**changes: Any) -> Job:
        answer = press(**changes)
        assert answer.status_code == 200, answer.content.decode()
        job = Job.objects.latest("id")
        run_job(str(job.pk))
        job.refresh_from_db()
        return job

    return made


@pytest.fixture
def kept_song(creator, tmp_path: Path) -> Callable[..., Asset]:
    def keep_one(**fields: Any) -> Asset:
        source = tmp_path / f"{uuid.uuid4()}.mp3"
        source.write_bytes(MP3)
        request = {"is_instrumental": False, "lyrics_optimizer": False, "title": "", "remade_from": ""}
        options: dict[str, Any] = {
            "kind": "music",
            "title": "Low Tide",
            "text": "",
            "filename": source.name,
            "content_type": "audio/mpeg",
            "request": {**SETTINGS, **request} | fields.pop("request", {}),
        }
        return keep(creator, source=source, **(options | fields))

    return keep_one

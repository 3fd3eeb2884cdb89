from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.library import audio
from apps.library.models import Asset
from apps.library.services import keep
from apps.library.tasks import measure
from tests.library.sounds import write_tone

SUBTITLES = [
    {"text": "Good evening.", "start_ms": 0, "end_ms": 900, "words": []},
    {"text": "This is the night shift.", "start_ms": 900, "end_ms": 2000, "words": []},
]


@pytest.fixture
def rings(monkeypatch) -> list[tuple[str, str]]:
    """What a worker would have been told: (task, id), in order. Nothing runs by itself."""
    heard: list[tuple[str, str]] = []
    for module in ("apps.library.services", "apps.library.tasks"):
        monkeypatch.setattr(f"{module}.ring", lambda task, pk: heard.append((task.name.rpartition(".")[2], str(pk))))
    return heard


@pytest.fixture
def bring(creator, tmp_path: Path) -> Callable[..., Asset]:
    """Keep a real file; `measured` also lets the worker open it."""

    def bring(*, seconds: float = 2.0, format: str = "mp3", measured: bool = True, **values: Any) -> Asset:
        tone = write_tone(tmp_path / "tone.wav", seconds)
        known = audio.FORMATS[format]
        source = tmp_path / f"take.{known.suffix}"
        audio.convert(tone, source, format, {})
        values = {
            "kind": "speech",
            "title": "Good evening",
            "text": "Good evening. This is the night shift.",
            "request": {
                "text": "Good evening. This is the night shift.",
                "speed": 1.2,
                "emotion": "calm",
                "channel": 1,
            },
            "model": "speech-2.8-hd",
            "voice_id": "English_CalmWoman",
            "trace_id": "04ab5c0f1d",
            "cost_usd": Decimal("0.0038"),
            "usage": {"usage_characters": 38},
            "subtitles": SUBTITLES,
        } | values
        member = values.pop("member", creator)
        kept = keep(member, source=source, filename=source.name, content_type=known.content_type, **values)
        if measured:
            measure(str(kept.pk))
            kept.refresh_from_db()
        return kept

    return bring

"""What every kind of job leaves in the book: estimate, what was reported, and what nobody can know."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.jobs.kinds import Kind, get_kind
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.jobs.tasks import run_job
from apps.library.kinds import get_kind as get_library_kind
from apps.usage.models import LedgerEntry
from tests.jobs.conftest import OK, connected, pictures, refusal, upstream
from tests.jobs.test_expiry import FORMS, doors
from tests.minimax.mp3_files import MP3
from tests.video.clips import write_clip

__all__ = ["connected", "upstream"]  # fixtures

pytestmark = pytest.mark.django_db

LATER = {"video", "agent"}  # MiniMax takes them, and is asked how far they are
KINDS = [*FORMS, "lyrics"]
WRITTEN = {"song_title": "Low Tide", "style_tags": "folk", "lyrics": "[Verse]\nSand", **OK}


@pytest.fixture
def answers(upstream, tmp_path: Path) -> Any:
    """MiniMax, doing everything that it is asked for."""
    film = write_clip(tmp_path / "film.mp4").read_bytes()
    link = f"{upstream.url}/film.mp4"

    def answer(method: str, path: str, body: dict[str, Any]) -> Any:
        match path.partition("?")[0]:
            case "/v1/image_generation":
                return pictures(body["n"])
            case "/v1/music_generation":
                return {"data": {"audio": MP3.hex(), "status": 2}, "extra_info": {"music_duration": 2000}, **OK}
            case "/v1/lyrics_generation":
                return WRITTEN
            case "/v1/video_generation" | "/v1/video_template_generation":
                return {"task_id": "77", **OK}
            case "/v1/query/video_generation":
                return {"task_id": "77", "status": "Success", "file_id": "5", **OK}
            case "/v1/query/video_template_generation":
                return {"task_id": "77", "status": "Success", "video_url": link, **OK}
            case "/v1/files/retrieve":
                return {"file": {"file_id": 5, "download_url": link}, **OK}
        return film

    return answer


def ask(client: Any, member: Any, name: str) -> Job:
    if name == "lyrics":
        request = {"mode": "write_full_song", "prompt": "The sea", "lyrics": "", "title": "", "model": ""}
        return submit_job(member, get_kind(name), request, click="k")
    client.force_login(member.user)
    answer = client.post(doors(member.workspace.slug)[name], {**FORMS[name], "click": str(uuid.uuid4())})
    assert answer.status_code == 302, answer.content.decode()
    return Job.objects.get()


def run(job: Job, times: int = 3) -> Job:
    for _ in range(times):
        Job.objects.filter(status="waiting").update(next_at=timezone.now())
        run_job(str(job.pk))
    job.refresh_from_db()
    return job


def price_of(job: Job) -> Any:
    kind: Kind = get_kind(job.kind)
    return kind.price(job.request)


@pytest.mark.parametrize("name", KINDS)
def test_what_was_made_costs_what_the_button_said(client, connected, upstream, answers, name):
    upstream.answer = answers
    job = run(ask(client, connected, name))
    assert (job.status, job.charged, job.error) == ("succeeded", "yes", "")
    entry = LedgerEntry.objects.get()
    assert (entry.source, entry.charged, entry.kind) == (f"job:{job.pk}", "yes", name)
    assert entry.estimate_usd == entry.actual_usd == price_of(job)
    assert entry.actual_usd is not None
    assert entry.usage
    client.force_login(connected.user)
    page = client.get(reverse("usage:index", args=[connected.workspace.slug])).content.decode()
    assert str(get_library_kind(name).label) in page


@pytest.mark.parametrize("name", KINDS)
def test_silence_is_in_the_book_as_not_known(client, connected, upstream, name):
    upstream.answer = lambda *_: None
    job = run(ask(client, connected, name), times=1)
    assert (job.status, job.charged) == ("failed", "unknown")
    entry = LedgerEntry.objects.get()
    assert (entry.charged, entry.actual_usd, entry.estimate_usd) == ("unknown", None, price_of(job))


@pytest.mark.parametrize("name", KINDS)
def test_a_refusal_is_not_in_the_book(client, connected, upstream, name):
    upstream.answer = lambda *_: refusal(1008)
    job = run(ask(client, connected, name), times=1)
    assert (job.status, job.charged) == ("failed", "no")
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("name", sorted(LATER))
def test_a_task_that_fails_at_minimax_is_in_the_book_as_not_known(client, connected, upstream, answers, name):
    upstream.answer = lambda method, path, body: (
        answers(method, path, body) if method == "POST" else {"task_id": "77", "status": "Fail", **OK}
    )
    job = run(ask(client, connected, name), times=2)
    assert (job.status, job.charged) == ("failed", "unknown")
    assert LedgerEntry.objects.get().actual_usd is None


@pytest.mark.parametrize("name", sorted(LATER))
def test_a_dropped_task_is_in_the_book_as_not_known(client, connected, upstream, answers, name):
    upstream.answer = answers
    job = run(ask(client, connected, name), times=1)
    assert job.status == "waiting"
    client.force_login(connected.user)
    client.post(reverse("jobs:cancel", args=[connected.workspace.slug, job.pk]))
    assert LedgerEntry.objects.get().charged == "unknown"


@pytest.mark.parametrize("name", KINDS)
def test_on_the_sandbox_everything_is_free_from_the_start(client, connected, upstream, answers, name):
    connected.workspace.connection.kind = "sandbox"
    connected.workspace.connection.save()
    upstream.answer = answers
    job = ask(client, connected, name)
    assert job.estimate_usd == 0
    job = run(job)
    assert (job.status, job.charged, job.cost_usd) == ("succeeded", "no", 0)
    entry = LedgerEntry.objects.get()
    assert (entry.estimate_usd, entry.actual_usd, entry.charged) == (0, 0, "no")

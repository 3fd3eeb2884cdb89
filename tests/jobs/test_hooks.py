"""MiniMax's news of its tasks, over real sockets."""

from __future__ import annotations

import base64
import io
import logging
import time
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django import forms
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.jobs import hooks, kinds
from apps.jobs.kinds import Errand, Finished, Kind, Result, StillRunning, Submitted
from apps.jobs.models import MOVING, Job
from apps.jobs.services import submit_job
from apps.jobs.tasks import run_job
from apps.workspaces.models import Connection
from studio.config import read_config
from studio.logs import WithoutSecretAddresses
from tests.conftest import free_port
from tests.jobs.conftest import OK, make_kind_at_once, picture

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600.0
PATIENCE_S = 240


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


def frame() -> str:
    file = io.BytesIO()
    Image.effect_noise((320, 320), 40).convert("RGB").save(file, "JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _submit(errand: Errand) -> Submitted:
    body = {**errand.job.request, **({"callback_url": errand.callback_url} if errand.callback_url else {})}
    return Submitted(errand.client.post("/v1/video_generation", body)["task_id"])


def _poll(errand: Errand) -> StillRunning | Finished:
    told = errand.client.get("/v1/query/video_generation", {"task_id": errand.job.minimax_task_id})
    if told["status"] != "Success":
        return StillRunning(told["status"])
    return Finished([Result("video", file_id=str(told["file_id"]), lifetime_s=3600)])


@pytest.fixture
def film(monkeypatch) -> Kind:
    """Films that nobody asks for within the hour."""
    kind = Kind(
        name="film",
        label="Film",
        icon="film",
        page="library:index",
        family="video",
        form=forms.Form,
        title=lambda request: str(request["prompt"]),
        price=lambda request: None,
        submit=_submit,
        poll=_poll,
        poll_every_s=HOUR,
        takes_callback=True,
    )
    monkeypatch.setitem(kinds._kinds, kind.name, kind)
    return kind


def request_of(film: Kind) -> dict[str, Any]:
    return {
        "prompt": "A kite",
        "model": "MiniMax-Hailuo-02",
        "resolution": "512P",
        "duration": 6,
        "first_frame_image": frame(),
    }


@pytest.fixture
def reachable(settings, live_server) -> str:
    settings.CALLBACK_URL = live_server.url
    return live_server.url


def path_of(job: Job) -> str:
    return reverse("hook", args=[hooks.secret_of(job.pk)])


def work_until(over: Any) -> Job:
    """What a worker does: whatever is due, and nothing that is not."""
    end = time.monotonic() + PATIENCE_S
    while not over(job := Job.objects.get()):
        assert time.monotonic() < end, (job.status, job.next_at, job.notice, job.error)
        for pk in Job.objects.due(timezone.now()).values_list("pk", flat=True):
            run_job(str(pk))
        time.sleep(0.02)
    return job


# --- with the sandbox -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_news_bring_the_film_long_before_anybody_would_have_asked(creator, film, sandbox, settings, reachable):
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    Connection.objects.create(workspace=creator.workspace, kind="sandbox")
    submit_job(creator, film, request_of(film), click="k")
    job = work_until(lambda job: job.status not in MOVING)
    assert (job.status, job.error) == ("succeeded", "")
    assert job.assets.get().measurements["codec"] == "h264"
    assert (job.finished_at - job.submitted_at).total_seconds() < HOUR / 2


def test_an_address_that_minimax_cannot_reach_costs_no_job(creator, film, sandbox, settings, monkeypatch):
    monkeypatch.setattr("apps.jobs.lifecycle.backoff", lambda attempt: timedelta())
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    settings.CALLBACK_URL = f"http://127.0.0.1:{free_port()}"
    Connection.objects.create(workspace=creator.workspace, kind="sandbox")
    job = submit_job(creator, film, request_of(film), click="k")
    run_job(str(job.pk))
    job = Job.objects.get()
    assert (job.status, job.charged, job.refusals) == ("queued", "no", 1)
    assert hooks.callback_url(job) == ""
    run_job(str(job.pk))
    assert Job.objects.get().status == "waiting"


# --- with an upstream that does as it is told -------------------------------------------------------------------------


@pytest.fixture
def waiting(connected, film, upstream, settings, reachable) -> Job:
    upstream.answer = lambda method, path, body: {"task_id": "77", **OK} if method == "POST" else {"status": "P", **OK}
    job = submit_job(connected, film, {"prompt": "A kite"}, click="k")
    run_job(str(job.pk))
    upstream.seen.clear()
    return Job.objects.get()


def test_news_are_not_believed_but_minimax_is_asked(client, waiting, upstream):
    news = {"task_id": "77", "status": "success", "file_id": "666", "base_resp": {"status_code": 0}}
    assert client.post(path_of(waiting), news, content_type="application/json").status_code == 200
    run_job(str(waiting.pk))
    job = Job.objects.get()
    assert (job.status, job.minimax_status, job.assets.count()) == ("waiting", "P", 0)
    assert [path.split("?")[0] for _method, path, _body in upstream.seen] == ["/v1/query/video_generation"]


def test_news_that_overtake_the_answer_to_the_create_call_are_not_lost(connected, film, upstream, reachable):
    def answer(method, path, body):
        if method == "POST":
            assert httpx.post(body["callback_url"], json={"task_id": "77", "status": "success"}).status_code == 200
            return {"task_id": "77", **OK}
        return {"status": "Processing", **OK}

    upstream.answer = answer
    job = submit_job(connected, film, {"prompt": "A kite"}, click="k")
    run_job(str(job.pk))
    assert Job.objects.due(timezone.now()).filter(status="waiting").exists()


def test_news_that_come_while_minimax_is_asked_lead_to_another_question(waiting, upstream, reachable):
    def answer(method, path, body):
        httpx.post(f"{reachable}{path_of(waiting)}", json={"status": "success"})
        return {"status": "P", **OK}

    Job.objects.update(next_at=timezone.now())
    upstream.answer = answer
    run_job(str(waiting.pk))
    assert Job.objects.due(timezone.now()).exists()
    upstream.answer = lambda *_: {"status": "P", **OK}
    run_job(str(waiting.pk))
    assert not Job.objects.due(timezone.now()).exists()


def test_the_challenge_is_returned(client, waiting):
    answer = client.post(path_of(waiting), {"challenge": "5ca1ab1e"}, content_type="application/json")
    assert answer.json() == {"challenge": "5ca1ab1e"}


def test_nobody_else_finds_the_door(client, waiting):
    secret = hooks.secret_of(waiting.pk)
    other = hooks.secret_of(uuid.uuid4())
    for wrong in ("x", "ü", "A" * 43, secret[:-1], secret[:22] + other[22:], other[:22] + secret[22:], secret + "AA"):
        answer = client.post(reverse("hook", args=[wrong]), {"challenge": "c"}, content_type="application/json")
        assert answer.status_code == 404, wrong
    assert client.get(path_of(waiting)).status_code == 405


def test_what_is_no_news_is_refused(client, waiting):
    for body in (b"", b"{", b"\xff", b"[" * 100_000):
        assert client.post(path_of(waiting), body, content_type="application/json").status_code == 400
    assert not Job.objects.due(timezone.now()).exists()


def test_more_news_than_a_task_can_have_are_turned_away(client, waiting):
    told = [client.post(path_of(waiting), {}, content_type="application/json").status_code for _ in range(40)]
    assert told == [200] * hooks.NEWS_A_MINUTE + [429] * (40 - hooks.NEWS_A_MINUTE)


def test_news_of_a_job_that_is_over_change_nothing(client, waiting):
    Job.objects.update(status="failed")
    before = Job.objects.get().next_at
    assert client.post(path_of(waiting), {"status": "success"}, content_type="application/json").status_code == 200
    assert Job.objects.get().next_at == before


def test_a_kind_whose_endpoint_knows_no_address_gets_none(connected, upstream, reachable, monkeypatch):
    kind = make_kind_at_once()
    monkeypatch.setitem(kinds._kinds, kind.name, kind)
    upstream.answer = lambda *_: {"data": {"image_base64": [base64.b64encode(picture()).decode()]}, **OK}
    run_job(str(submit_job(connected, kind, {"prompt": "A kite", "n": 1}, click="k").pk))
    assert "hooks" not in str(upstream.seen)


def test_the_secret_is_in_no_log(waiting):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (path_of(waiting),), None)
    assert WithoutSecretAddresses().filter(record)
    assert record.getMessage() == "Not Found: /hooks/…/"


@pytest.mark.parametrize(
    ("url", "is_reachable"),
    [
        ("", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://192.168.1.5", False),
        ("http://studio", False),
        ("http://studio.local", False),
        ("https://studio.example", True),
        ("https://8.8.8.8", True),
    ],
)
def test_only_a_public_address_is_given_away(url, is_reachable):
    assert read_config({"STUDIO_URL": url}).callback_url == (url if is_reachable else "")

"""MiniMax's links end after 1, 9 and 24 hours. The sandbox's really do; what the studio kept plays for ever after."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import MOVING, Job
from apps.jobs.services import submit_job, tray_items
from apps.jobs.tasks import run_job
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.files import retrieve_file
from apps.workspaces.models import Connection
from tests.conftest import Sandbox
from tests.jobs.conftest import OK, picture, pictures
from tests.sandbox.conftest import start_sandbox

__all__ = ["start_sandbox"]  # a fixture

pytestmark = pytest.mark.django_db

PATIENCE_S = 400
HOUR = 3600
LETTERS = "394875727173492739"  # a template that wants words alone
FORMS: dict[str, dict[str, Any]] = {
    "image": {"prompt": "A lighthouse", "model": "image-01", "aspect_ratio": "1:1", "n": 1},
    "music": {
        "words": "own",
        "prompt": "folk, calm",
        "lyrics": "[Verse]\nThe tide goes out",
        "model": "music-2.6",
        "format": "mp3",
        "sample_rate": 44100,
        "bitrate": 256000,
    },
    "video": {
        "mode": "t2v",
        "model": "MiniMax-Hailuo-02",
        "prompt": "A kite over dunes",
        "resolution": "768P",
        "duration": 6,
    },
    "agent": {"text": "Dear sea"},
}
PAGES = [
    *("home:index", "home:tray", "images:index", "music:index", "video:index", "agents:index", "speech:index"),
    *("library:index", "usage:index", "sharing:index", "notifications:list", "workspaces:audit"),
]


def doors(slug: str) -> dict[str, str]:
    return {
        **{
            name: reverse(f"{page}:create", args=[slug])
            for name, page in {"image": "images", "music": "music", "video": "video"}.items()
        },
        "agent": reverse("agents:create", args=[slug, LETTERS]),
    }


def links_of(jobs: dict[str, Job], sandbox: Sandbox) -> dict[str, tuple[int, str]]:
    """MiniMax's own links to what was made, by modality: seconds they live, address."""
    minimax = MiniMaxClient(Endpoint(sandbox.url, sandbox.key))
    found = {}
    for name, job in jobs.items():
        for result in job.results:
            if result["file_id"]:
                found[name] = (result["lifetime_s"], retrieve_file(minimax, result["file_id"]).download_url)
            elif result["url"]:
                found[name] = (result["lifetime_s"], result["url"])
    body = {"model": "image-01", "prompt": "A lighthouse", "response_format": "url"}
    found["image"] = (
        catalogue.lifetimes.image_url,
        minimax.post("/v1/image_generation", body)["data"]["image_urls"][0],
    )
    return found


@pytest.mark.slow
def test_links_end_and_every_job_still_plays(client, owner, settings, start_sandbox):
    own = start_sandbox("--niceness", "0").sandbox
    settings.SANDBOX_URL, settings.SANDBOX_KEY = own.url, own.key
    Connection.objects.create(workspace=owner.workspace, kind="sandbox")
    slug = owner.workspace.slug
    client.force_login(owner.user)
    for name, door in doors(slug).items():
        answer = client.post(door, {**FORMS[name], "click": str(uuid.uuid4())})
        assert answer.status_code == 302, (name, answer.content.decode())
    end = time.monotonic() + PATIENCE_S
    while moving := list(Job.objects.filter(status__in=MOVING)):
        assert time.monotonic() < end, [(job.kind, job.status, job.notice) for job in moving]
        Job.objects.filter(status="waiting").update(next_at=timezone.now())
        for job in moving:
            run_job(str(job.pk))
        time.sleep(0.2)
    jobs = {job.kind: job for job in Job.objects.all()}
    assert {name: (job.status, job.error) for name, job in jobs.items()} == dict.fromkeys(FORMS, ("succeeded", ""))

    links = links_of(jobs, own)
    hours_of = {name: lifetime // HOUR for name, (lifetime, _url) in links.items()}
    assert hours_of.items() >= {"video": 1, "agent": 9, "image": 24}.items()
    for hours in (0.9, 1.1, 8.9, 9.1, 23.9, 24.1):
        httpx.post(f"{own.url}/sandbox/state", json={"clock_shift_s": hours * HOUR}, headers=own.headers)
        for name, (lifetime, url) in links.items():
            alive = hours * HOUR < lifetime
            assert (httpx.get(url).status_code == 200) == alive, f"{name} after {hours} h"

    for asset in Asset.objects.all():
        assert asset.status == "ready"
        kept = client.get(reverse("library:file", args=[slug, asset.pk]))
        content = b"".join(kept.streaming_content) if kept.streaming else kept.content
        assert hashlib.sha256(content).hexdigest() == asset.sha256

    pages = [reverse(name, args=[slug]) for name in PAGES]
    pages += [reverse("jobs:card", args=[slug, job.pk]) for job in jobs.values()]
    pages += [reverse("library:asset", args=[slug, asset.pk]) for asset in Asset.objects.all()]
    for page in pages:
        shown = client.get(page)
        assert shown.status_code == 200, page
        html = shown.content.decode()
        assert own.url.removeprefix("http://") not in html, page
        for address in re.findall(r"""(?:src|href|poster|srcset|data-[\w-]+)=["'](?:https?:)?//[^"']+""", html):
            assert "//testserver" in address, (page, address)
        assert "connect-src 'self'" in shown.headers["Content-Security-Policy"]


def test_what_ends_first_is_fetched_first(connected, kind_later, upstream):
    """Three wait to be saved; each ring takes the one whose link ends first, whichever it was for."""
    fetched = []

    def answer(method, path, body):
        if path.endswith(".jpg"):
            fetched.append(path)
            return picture()
        return {"task_id": "77", **OK}

    upstream.answer = answer
    jobs = [submit_job(connected, kind_later, {"prompt": str(n)}, click=f"c{n}") for n in range(3)]
    for job, hours in zip(jobs, (24, 1, 9), strict=True):
        run_job(str(job.pk))
        result = {"media": "image", "url": f"{upstream.url}/{hours}.jpg", "lifetime_s": hours * HOUR}
        Job.objects.filter(pk=job.pk).update(
            status="saving",
            next_at=timezone.now(),
            results=[result],
            results_expire_at=timezone.now() + timedelta(hours=hours),
        )
    for job in jobs:
        run_job(str(job.pk))
    assert fetched == ["/1.jpg", "/9.jpg", "/24.jpg"]
    assert set(Job.objects.values_list("status", flat=True)) == {"succeeded"}


def test_the_tray_and_the_card_say_until_when_it_must_be_safe(client, connected, kind_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)
    job = submit_job(connected, kind_at_once, {"prompt": "A kite", "n": 1}, click="k")
    ends = timezone.now().replace(hour=13, minute=37)
    Job.objects.filter(pk=job.pk).update(status="saving", results_expire_at=ends)
    (item,) = tray_items(connected)
    assert item.state == "Not yet safe: MiniMax's link ends at 13:37"
    client.force_login(connected.user)
    card = client.get(reverse("jobs:card", args=[connected.workspace.slug, job.pk])).content.decode()
    assert "Not yet safe" in card

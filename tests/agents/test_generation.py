"""From a press of the button to a film in the library, on a real sandbox."""

import time
import uuid

import av
import pytest
from django.urls import reverse

from apps.jobs.models import Job
from apps.jobs.tasks import poll_due, run_job
from tests.agents.conftest import DIVING, LETTERS

PATIENCE_S = 120


def work_off(job: Job) -> Job:
    """What a worker does, without the waiting between two questions."""
    end = time.monotonic() + PATIENCE_S
    while job.is_moving and time.monotonic() < end:
        Job.objects.filter(pk=job.pk).update(next_at=job.created_at)
        if job.status == "waiting":
            poll_due()
            time.sleep(0.2)  # the sandbox is at work
        else:
            run_job(str(job.pk))
        job.refresh_from_db()
    return job


@pytest.fixture
def make(client, creator, on_sandbox):
    client.force_login(creator.user)

    def press_and_work(template_id, **data) -> Job:
        click = str(uuid.uuid4())
        address = reverse("agents:create", args=["night-shift", template_id])
        answer = client.post(address, {"click": click, **data}, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.content.decode()
        return work_off(Job.objects.get(click=click))

    return press_and_work


def film_of(job: Job):
    assert job.status == "succeeded", job.error
    (asset,) = job.kept_assets
    with asset.file.open("rb") as file, av.open(file) as film:
        stream = film.streams.video[0]
        frames = sum(1 for _frame in film.decode(stream))
        return asset, stream.codec_context.name, stream.width, stream.height, frames


def test_a_picture_becomes_a_film_that_can_be_opened(make, kept_picture):
    rex = kept_picture()
    asset, codec, width, height, frames = film_of(make(DIVING, picture=str(rex.pk)))
    assert (codec, width > 640, height > 480, frames > 100) == ("h264", True, True, True)
    assert (asset.kind, asset.title, asset.poster.name != "") == ("agent", "Diving · Rex", True)
    assert asset.request == {"template_id": DIVING, "picture": str(rex.pk), "text": "", "subject": "Rex"}


def test_words_become_a_film_too_and_its_card_plays_it(client, make):
    job = make(LETTERS, text="Night Shift")
    asset, *_film = film_of(job)
    card = client.get(reverse("jobs:card", args=["night-shift", job.pk])).content.decode()
    assert reverse("library:file", args=["night-shift", asset.pk]) in card
    assert "data-film" in card

"""From a press of the button to pictures in the library, on a real sandbox."""

import hashlib
import io
import uuid

import httpx
import pytest
from django.urls import reverse
from PIL import Image

from apps.jobs.models import Job
from apps.jobs.tasks import run_job
from tests.images.conftest import SETTINGS


@pytest.fixture
def make(client, creator, on_sandbox):
    client.force_login(creator.user)

    def press_and_work(**changes) -> Job:
        data = SETTINGS | {"click": str(uuid.uuid4())} | changes
        answer = client.post(reverse("images:create", args=["night-shift"]), data, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.content.decode()
        job = Job.objects.get(click=data["click"])
        run_job(str(job.pk))
        job.refresh_from_db()
        return job

    return press_and_work


def opened(job: Job) -> list[Image.Image]:
    pictures = []
    for asset in job.kept_assets:
        with asset.file.open("rb") as file:
            pictures.append(Image.open(io.BytesIO(file.read())))
    return pictures


def checksums(job: Job) -> list[str]:
    return [hashlib.sha256(picture.tobytes()).hexdigest() for picture in opened(job)]


def test_pictures_are_kept_in_the_shape_that_was_asked_for(make):
    job = make()
    assert job.status == "succeeded", job.error
    assert [picture.size for picture in opened(job)] == [(1280, 720)] * 2
    assert len(set(checksums(job))) == 2


def test_an_own_size_is_kept_too(make):
    job = make(aspect_ratio="own", width=640, height=512, n=1)
    assert [picture.size for picture in opened(job)] == [(640, 512)]


def test_a_seed_repeats_its_picture(make):
    first, second, other = (make(n=1, seed=seed) for seed in (11, 11, 12))
    assert checksums(first) == checksums(second) != checksums(other)


def test_a_reference_reaches_minimax_and_changes_the_picture(make, kept_picture):
    plain, with_reference = make(n=1, seed=5), make(n=1, seed=5, reference=str(kept_picture().pk))
    assert with_reference.status == "succeeded", with_reference.error
    assert checksums(plain) != checksums(with_reference)


def test_what_minimax_made_is_kept_though_it_withheld_the_rest(make, on_sandbox):
    wanted = {"fault": "partial", "path": "/v1/image_generation", "times": 1, "seconds": 1}
    key = {"Authorization": f"Bearer {on_sandbox.key}"}
    httpx.post(f"{on_sandbox.url}/sandbox/faults", json=wanted, headers=key).raise_for_status()
    job = make(n=4)
    assert job.status == "succeeded", job.error
    assert len(job.kept_assets) == 2
    assert "2 of 4" in job.notice


def test_the_finished_card_shows_each_picture(client, make):
    job = make()
    card = client.get(reverse("jobs:card", args=["night-shift", job.pk])).content.decode()
    for asset in job.kept_assets:
        assert reverse("library:file", args=["night-shift", asset.pk]) in card
    assert 'data-setting-aspect_ratio="16:9"' in card

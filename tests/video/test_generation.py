"""From a press of the button to a film in the library: what is sent, and one whole way on a real sandbox."""

from __future__ import annotations

import base64
import threading
import time
import uuid
from decimal import Decimal

import av
import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.tasks import run_job
from apps.minimax.errors import InvalidRequestError
from apps.video.generation import body_of, price
from tests.video.conftest import SETTINGS

REQUEST = SETTINGS | {"prompt_optimizer": True, "fast_pretreatment": False}


def test_words_alone_are_sent_as_they_are(workspace):
    assert body_of(REQUEST, workspace) == {
        "model": "MiniMax-Hailuo-2.3",
        "prompt": "A kite over dunes [Tilt up]",
        "prompt_optimizer": True,
        "resolution": "768P",
        "duration": 6,
    }


def test_frames_travel_as_data_urls_with_every_byte(workspace, kept_picture):
    first, last = kept_picture(), kept_picture()
    request = REQUEST | {"mode": "fl2v", "model": "MiniMax-Hailuo-02"}
    sent = body_of(request | {"first_frame_image": str(first.pk), "last_frame_image": str(last.pk)}, workspace)
    for name, picture in (("first_frame_image", first), ("last_frame_image", last)):
        kind, content = sent[name].split(",")
        assert kind == "data:image/jpeg;base64"
        assert base64.b64decode(content) == picture.file.read()


def test_a_person_is_sent_without_size_and_length(workspace, kept_picture):
    request = {
        "mode": "s2v",
        "model": "S2V-01",
        "prompt": "",
        "prompt_optimizer": False,
        "resolution": "",
        "duration": None,
    }
    sent = body_of(request | {"subject_reference": str(kept_picture().pk)}, workspace)
    assert sent.keys() == {"model", "prompt_optimizer", "subject_reference"}
    assert [(each["type"], len(each["image"])) for each in sent["subject_reference"]] == [("character", 1)]


def test_a_picture_that_is_gone_or_anothers_costs_nothing(workspace, stranger, kept_picture):
    picture = kept_picture()
    for place, pk in ((workspace, uuid.uuid4()), (stranger.workspace, picture.pk)):
        with pytest.raises(InvalidRequestError) as caught:
            body_of(REQUEST | {"mode": "i2v", "first_frame_image": str(pk)}, place)
        assert caught.value.charged == "no"


@pytest.mark.parametrize(
    ("model", "resolution", "duration", "usd"),
    [
        ("MiniMax-Hailuo-2.3-Fast", "768P", 6, "0.19"),
        ("MiniMax-Hailuo-2.3", "768P", 10, "0.56"),
        ("MiniMax-Hailuo-02", "512P", 10, "0.15"),
        ("MiniMax-Hailuo-02", "1080P", 6, "0.49"),
        ("S2V-01", "", None, "0.65"),
        ("T2V-01", "720P", 6, None),
    ],
)
def test_the_price_is_the_one_of_the_list(model, resolution, duration, usd):
    found = price({"model": model, "resolution": resolution, "duration": duration})
    assert found == (None if usd is None else Decimal(usd))


def work_until_done(job: Job, seconds: float = 150) -> Job:
    """What the workers do, without their pauses."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < end:
        Job.objects.filter(pk=job.pk).update(next_at=timezone.now())
        run_job(str(job.pk))
        job.refresh_from_db()
        if not job.is_moving:
            return job
        pause.wait(0.3)
    raise AssertionError(f"still {job.status} after {seconds} s")


@pytest.mark.django_db(transaction=True)
def test_a_film_from_a_picture_is_kept_as_it_was_asked_for(client, creator, on_sandbox, kept_picture):
    client.force_login(creator.user)
    picture = kept_picture(size=(800, 450))
    data = SETTINGS | {
        "mode": "i2v",
        "model": "MiniMax-Hailuo-02",
        "resolution": "512P",
        "first_frame_image": str(picture.pk),
        "click": str(uuid.uuid4()),
    }
    assert client.post(reverse("video:create", args=["night-shift"]), data).status_code == 302
    job = work_until_done(Job.objects.get())
    assert job.status == "succeeded", job.error
    [asset] = job.kept_assets
    assert (asset.kind, asset.content_type, asset.measurements["codec"]) == ("video", "video/mp4", "h264")
    assert asset.duration_s == pytest.approx(6, abs=0.1)
    assert min(asset.measurements["width"], asset.measurements["height"]) == 512
    assert 23 <= asset.measurements["fps"] <= 25
    assert asset.poster
    with av.open(asset.file.path) as film:
        pictures = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert pictures[0].std() > 5
    assert np.abs(pictures[0].astype(int) - pictures[-1]).mean() > 1  # it moves
    page = client.get(reverse("video:index", args=["night-shift"])).content.decode()
    assert reverse("library:file", args=["night-shift", asset.pk]) in page
    recalled = client.get(reverse("video:index", args=["night-shift"]), {"from": asset.pk}).context
    assert recalled["mix"].resolution == "512P"
    assert recalled["pictures"]["first_frame_image"] == picture

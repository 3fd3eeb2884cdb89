from __future__ import annotations

import re

import pytest
from channels.db import database_sync_to_async
from django.urls import reverse

from apps.jobs.events import publish
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.jobs.tasks import run_job
from tests.jobs.conftest import pictures
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_card_reaches_the_workspace_and_nobody_else(job_at_once, creator, viewer, stranger):
    inside, outside = await open_socket(viewer), await open_socket(stranger)
    await database_sync_to_async(publish)(job_at_once.pk)
    card = await inside.read()
    assert f'id="job-{job_at_once.pk}"' in card
    assert 'hx-swap-oob="morph"' in card
    assert await outside.receive_nothing()


async def test_two_members_see_a_new_job_and_all_its_steps(connected, owner, stranger, kind_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)
    sockets = [await open_socket(connected), await open_socket(owner)]
    outside = await open_socket(stranger)
    submit = database_sync_to_async(submit_job)
    job = await submit(connected, kind_at_once, {"prompt": "A lighthouse", "n": 1}, click="k")
    await submit(connected, kind_at_once, {"prompt": "A lighthouse", "n": 1}, click="k")  # a double click is no news
    await database_sync_to_async(run_job)(str(job.pk))
    for socket in sockets:
        seen = []
        while not await socket.receive_nothing(timeout=0.2):
            seen.append(await socket.read())
        cards = [part for part in seen if f'id="job-{job.pk}"' in part]
        states = [re.search(r'data-status="(\w+)"', card)[1] for card in cards]
        assert states == ["queued", "submitting", "saving", "succeeded"]
        assert 'data-kind="now"' in cards[0]
        assert f'data-person="{connected.user_id}"' in cards[0]
        assert sum('id="tray-signal"' in part for part in seen) == 3  # it has come, it was sent, it is over
    assert await outside.receive_nothing()


def test_the_tray_counts_all_and_keeps_to_mine_when_it_is_told_again(client, connected, owner, kind_at_once, upstream):
    for member, click in ((connected, "a"), (owner, "b")):
        submit_job(member, kind_at_once, {"prompt": f"Of {member.user.name}", "n": 1}, click=click)
    tray = reverse("home:tray", args=[owner.workspace.slug])
    client.force_login(owner.user)
    for query in ("", "?mine=1", "", "?mine=0"):
        page = client.get(tray + query).content.decode()
        assert 'id="tray-count" hx-swap-oob="true">2<' in page
        assert "Of Olga" in page
    assert "Of Carla" in client.get(tray).content.decode()
    client.get(tray + "?mine=1")
    assert "Of Carla" not in client.get(tray).content.decode()
    Job.objects.filter(click="a").update(status="succeeded")
    assert 'id="tray-count" hx-swap-oob="true">1<' in client.get(tray).content.decode()

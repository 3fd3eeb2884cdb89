from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.tasks import run_job
from apps.notifications.models import Notification
from apps.usage.models import LedgerEntry
from apps.workspaces.models import Connection
from tests.jobs.conftest import OK, pictures, refusal

pytestmark = pytest.mark.django_db(transaction=True)

ACTS = ("cancel", "pause", "resume", "first", "last", "again")


def url(job, name="card") -> str:
    return reverse(f"jobs:{name}", args=[job.workspace.slug, job.pk])


def see(client, member, job) -> str:
    client.force_login(member.user)
    response = client.get(url(job))
    assert response.status_code == 200
    return response.content.decode()


def test_a_stranger_finds_no_job(client, stranger, job_at_once):
    client.force_login(stranger.user)
    assert client.get(url(job_at_once)).status_code == 404
    assert {client.post(url(job_at_once, act)).status_code for act in ACTS} == {404}


def test_a_viewer_sees_the_card_and_changes_nothing(client, viewer, job_at_once):
    assert "A lighthouse" in see(client, viewer, job_at_once)
    assert {client.post(url(job_at_once, act)).status_code for act in ACTS} == {403}
    assert Job.objects.count() == 1


def test_a_job_in_motion_says_how_far_it_is_and_asks_again(client, job_at_once, creator):
    html = see(client, creator, job_at_once)
    assert 'hx-trigger="every 20s"' in html
    assert 'role="status">Queued' in html
    assert "Make it first" in html


def test_a_finished_card_shows_what_was_made(client, job_at_once, creator, upstream):
    upstream.answer = lambda *_: pictures(2)
    run_job(str(job_at_once.pk))
    html = see(client, creator, job_at_once)
    assert html.count('id="asset-') >= 2
    assert "every 20s" not in html.split('id="asset-')[0]
    assert "trace-1" in html
    assert upstream.url not in html


def test_a_failed_card_says_what_happened_what_to_do_and_what_it_cost(client, job_at_once, creator, upstream):
    upstream.answer = lambda *_: None
    run_job(str(job_at_once.pk))
    job = Job.objects.get()
    html = see(client, creator, job)
    assert "May have been charged." in html
    assert "Run again" in html
    assert job.next_step.split(".")[0].replace("'", "&#x27;") in html


def test_a_card_waits_until_a_time_that_it_names(client, job_at_once, creator, upstream):
    upstream.answer = lambda *_: refusal(1002)
    run_job(str(job_at_once.pk))
    assert "Next try at" in see(client, creator, job_at_once)


def test_what_is_not_sent_is_cancelled_for_nothing(client, job_at_once, creator):
    client.force_login(creator.user)
    assert "Nothing was charged" in client.post(url(job_at_once, "cancel")).content.decode()
    assert Job.objects.get().status == "cancelled"


def test_what_minimax_has_may_still_cost_when_it_is_dropped(client, job_later, creator, upstream):
    upstream.answer = lambda *_: {"task_id": "77", **OK}
    run_job(str(job_later.pk))
    assert "may still cost" in see(client, creator, job_later)
    assert "it may still be charged" in client.post(url(job_later, "cancel")).content.decode()
    run_job(str(job_later.pk))
    assert Job.objects.get().status == "cancelled"


def test_a_paused_job_waits_for_a_person(client, job_at_once, creator, upstream):
    upstream.answer = lambda *_: pictures(1)
    client.force_login(creator.user)
    assert "Paused" in client.post(url(job_at_once, "pause")).content.decode()
    run_job(str(job_at_once.pk))
    assert upstream.creates() == 0
    client.post(url(job_at_once, "resume"))
    run_job(str(job_at_once.pk))
    assert Job.objects.get().status == "succeeded"


def test_running_again_is_a_new_job_and_a_double_click_one(client, job_at_once, creator, upstream):
    upstream.answer = lambda *_: None
    run_job(str(job_at_once.pk))
    client.force_login(creator.user)
    for _press in range(2):
        client.post(url(job_at_once, "again"), {"click": "again-1"})
    assert Job.objects.count() == 2
    assert Job.objects.get(click="again-1").request == job_at_once.request


def test_the_job_that_is_made_first_goes_first(connected, kind_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)
    jobs = [services.submit_job(connected, kind_at_once, {"prompt": str(n)}, click=f"c{n}") for n in range(12)]
    services.move_to_front(jobs[11])
    for job in (*jobs[:11], jobs[11]):
        run_job(str(job.pk))
    # Ten may go in a minute; one of the ten turns was kept for the job that is due and stands before the others.
    assert Job.objects.get(pk=jobs[11].pk).status == "succeeded"
    assert Job.objects.filter(status="succeeded").count() == 10


def test_the_tray_knows_how_far_a_job_is_from_past_ones(connected, kind_later, upstream):
    upstream.answer = lambda *_: {"task_id": "77", "status": "Processing", **OK}
    now = timezone.now()
    for n, seconds in enumerate((10, 40, 400)):
        services.submit_job(connected, kind_later, {"prompt": "Before"}, click=f"b{n}")
        Job.objects.filter(click=f"b{n}").update(
            status="succeeded", submitted_at=now, finished_at=now + timedelta(seconds=seconds)
        )
    job = services.submit_job(connected, kind_later, {"prompt": "Now"}, click="now")
    assert job.expected_s == pytest.approx(40)
    run_job(str(job.pk))
    Job.objects.filter(pk=job.pk).update(submitted_at=timezone.now() - timedelta(seconds=20))
    (item,) = services.tray_items(connected)
    assert item.percent in range(45, 60)


def test_a_person_who_left_the_page_gets_a_message(job_at_once, creator, upstream, monkeypatch):
    upstream.answer = lambda *_: pictures(1)
    monkeypatch.setattr("apps.jobs.presence.cache.get", lambda *_: None)
    run_job(str(job_at_once.pk))
    assert "Done: A lighthouse" in Notification.objects.get(user=creator.user).text


def test_a_person_who_looks_at_the_card_gets_none(client, job_at_once, creator, upstream):
    upstream.answer = lambda *_: pictures(1)
    see(client, creator, job_at_once)
    run_job(str(job_at_once.pk))
    assert not Notification.objects.exists()


def test_the_end_is_in_the_book_once(job_at_once, upstream):
    upstream.answer = lambda *_: pictures(2)
    Job.objects.update(estimate_usd=Decimal("0.007"))
    run_job(str(job_at_once.pk))
    entry = LedgerEntry.objects.get()
    assert (entry.source, entry.charged, entry.actual_usd) == (f"job:{job_at_once.pk}", "yes", Decimal("0.007"))
    assert entry.usage == {"images": 2}


def test_the_sandbox_charges_nothing(connected, job_at_once, upstream):
    Connection.objects.update(kind="sandbox")
    Job.objects.update(estimate_usd=Decimal("0.007"))
    upstream.answer = lambda *_: pictures(1)
    run_job(str(job_at_once.pk))
    job = Job.objects.get()
    assert (job.status, job.charged, job.cost_usd) == ("succeeded", "no", 0)
    assert LedgerEntry.objects.get().actual_usd == 0


def test_a_wrong_key_is_noted_on_the_connection(connected, job_at_once, upstream):
    upstream.answer = lambda *_: refusal(1004)
    run_job(str(job_at_once.pk))
    assert Connection.objects.get().status == "failing"


def test_a_workspace_without_a_connection_is_told_so(connected, job_at_once, upstream):
    Connection.objects.all().delete()
    run_job(str(job_at_once.pk))
    job = Job.objects.get()
    assert (job.status, job.charged) == ("failed", "no")
    assert "connection that this was asked for with is not there any more" in job.error

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.jobs import kinds, lifecycle
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.jobs.tasks import run_job, sweep
from apps.library.models import Asset
from tests.jobs.conftest import OK, picture, pictures, refusal

pytestmark = pytest.mark.django_db(transaction=True)


def run(job: Job) -> Job:
    run_job(str(job.pk))
    job.refresh_from_db()
    return job


def die(*args, **kwargs):
    raise KeyboardInterrupt  # nothing catches it: as good as a kill, at exactly this line


def run_until_death(job: Job, monkeypatch, line: str) -> None:
    with monkeypatch.context() as there:
        there.setattr(line, die)
        with pytest.raises(KeyboardInterrupt):
            run(job)


def let_leases_end() -> None:
    Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_a_job_keeps_its_pictures(job_at_once, upstream):
    upstream.answer = lambda *_: pictures(2)
    job = run(job_at_once)
    assert (job.status, job.charged, job.usage) == ("succeeded", "yes", {"images": 2})
    assets = list(job.assets.all())
    assert [asset.measurements["width"] for asset in assets] == [64, 64]
    assert assets[0].file.read().startswith(b"\xff\xd8")
    assert not lifecycle.spool_of(job).exists()


def test_a_second_press_of_the_same_button_finds_the_first_job(connected, kind_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)
    jobs = [submit_job(connected, kind_at_once, {"prompt": "Once"}, click="same") for _ in range(3)]
    for job in jobs:
        run(job)
    assert len({job.pk for job in jobs}) == 1
    assert upstream.creates() == 1


def test_a_message_that_comes_twice_pays_once(job_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)
    run(job_at_once)
    run(job_at_once)
    assert upstream.creates() == 1


def test_two_workers_with_the_same_message_pay_once(job_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)

    def work() -> None:
        try:
            run_job(str(job_at_once.pk))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    job_at_once.refresh_from_db()
    assert (job_at_once.status, upstream.creates()) == ("succeeded", 1)


def test_a_bug_of_ours_ends_the_job_at_once_and_honestly(job_at_once, kind_at_once, monkeypatch):
    def submit(errand):
        raise ZeroDivisionError

    monkeypatch.setitem(kinds._kinds, "now", replace(kind_at_once, submit=submit))
    with pytest.raises(ZeroDivisionError):
        run(job_at_once)
    job = Job.objects.get()
    assert (job.status, job.charged) == ("failed", "unknown")


def test_many_that_wait_are_asked_for_in_one_round(connected, kind_later, upstream, django_assert_max_num_queries):
    upstream.answer = lambda *_: {"task_id": "77", "status": "Processing", **OK}
    for n in range(20):
        submit_job(connected, kind_later, {"prompt": str(n)}, click=f"c{n}")
    due = timezone.now() - timedelta(seconds=1)
    Job.objects.update(status="waiting", minimax_task_id="77", minimax_status="Processing", next_at=due)
    with django_assert_max_num_queries(8):
        sweep()
    assert sum("query" in path for _method, path, _body in upstream.seen) == 20
    assert set(Job.objects.values_list("status", "lease")) == {("waiting", None)}


@pytest.mark.parametrize("code", [1002, 1039, 1041])
def test_not_now_goes_back_to_the_queue_and_says_so(job_at_once, upstream, code):
    upstream.answer = lambda *_: refusal(code)
    job = run(job_at_once)
    assert (job.status, job.charged) == ("queued", "no")
    assert job.notice
    assert job.next_at > timezone.now()
    upstream.answer = lambda *_: pictures(1)
    Job.objects.update(next_at=timezone.now())
    assert run(job).status == "succeeded"


@pytest.mark.parametrize(
    ("code", "charged"), [(1008, "no"), (1026, "no"), (2056, "no"), (2013, "no"), (1027, "unknown")]
)
def test_a_refusal_ends_the_job_with_its_sentence(job_at_once, upstream, code, charged):
    upstream.answer = lambda *_: refusal(code)
    job = run(job_at_once)
    assert (job.status, job.charged, job.error_code) == ("failed", charged, code)
    assert job.error
    assert job.next_step
    assert upstream.creates() == 1


def test_silence_after_sending_is_never_sent_again(job_at_once, upstream):
    upstream.answer = lambda *_: None
    job = run(job_at_once)
    assert (job.status, job.charged) == ("failed", "unknown")
    sweep()
    assert upstream.creates() == 1


def test_a_worker_that_dies_while_sending_leaves_an_honest_card(job_at_once, upstream, monkeypatch):
    upstream.answer = lambda *_: pictures(1)
    run_until_death(job_at_once, monkeypatch, "apps.jobs.lifecycle._record")
    let_leases_end()
    job = run(job_at_once)
    assert (job.status, job.charged, upstream.creates()) == ("failed", "unknown", 1)


def test_an_answer_that_reached_the_disk_is_not_lost_with_the_worker(job_at_once, upstream, monkeypatch):
    upstream.answer = lambda *_: pictures(2)
    run_until_death(job_at_once, monkeypatch, "apps.jobs.lifecycle._save_now")
    let_leases_end()
    job = run(job_at_once)
    assert (job.status, job.assets.count(), upstream.creates()) == ("succeeded", 2, 1)


def test_a_worker_that_dies_while_saving_keeps_each_file_once(job_at_once, upstream, monkeypatch):
    upstream.answer = lambda *_: pictures(2)
    run_until_death(job_at_once, monkeypatch, "apps.jobs.lifecycle._enter")
    let_leases_end()
    job = run(job_at_once)
    assert (job.status, Asset.objects.count(), upstream.creates()) == ("succeeded", 2, 1)


def test_a_task_is_asked_for_until_it_is_done(job_later, upstream):
    words = iter(["Queueing", "Processing", "Success"])

    def answer(method, path, body):
        if method == "POST":
            return {"task_id": "77", **OK}
        if "query" in path:
            return {"status": next(words), "urls": [f"{upstream.url}/result.jpg"], **OK}
        return picture()

    upstream.answer = answer
    seen = [run(job_later).minimax_status or job_later.status for _ in range(4)]
    assert seen[0] == "waiting"
    assert seen[1:3] == ["Queueing", "Processing"]
    assert (job_later.status, job_later.assets.count(), upstream.creates()) == ("succeeded", 1, 1)


def test_a_question_without_an_answer_is_asked_again(job_later, upstream):
    upstream.answer = lambda method, path, body: {"task_id": "77", **OK} if method == "POST" else None
    run(job_later)
    job = run(job_later)
    assert job.status == "waiting"
    assert job.notice


def test_content_that_is_refused_while_it_is_made_ends_the_job(job_later, upstream):
    upstream.answer = lambda method, path, body: {"task_id": "77", **OK} if method == "POST" else refusal(1027)
    run(job_later)
    job = run(job_later)
    assert (job.status, job.error_code) == ("failed", 1027)


def test_what_is_not_a_picture_is_never_called_done(job_at_once, upstream):
    broken = pictures(1)
    broken["data"]["image_base64"] = ["PGh0bWw+"]  # <html>
    upstream.answer = lambda *_: broken
    job = run(job_at_once)
    assert (job.status, job.charged) == ("failed", "yes")


def test_the_rate_limit_is_kept_before_anything_is_sent(connected, kind_at_once, upstream):
    upstream.answer = lambda *_: pictures(1)
    jobs = [submit_job(connected, kind_at_once, {"prompt": str(n)}, click=f"c{n}") for n in range(12)]
    for job in jobs:
        run(job)
    assert upstream.creates() == 10  # image: 10 a minute
    assert [job.status for job in jobs[10:]] == ["queued", "queued"]
    assert jobs[-1].next_at > timezone.now() + timedelta(seconds=30)


def test_an_odd_trace_id_costs_no_paid_job(job_later, upstream):
    odd = "trace\0" + "x" * 500

    def answer(method, path, body):
        if method == "POST":
            return {"task_id": "7" * 300, **OK}
        return {"trace_id": odd, **refusal(10**12)}

    upstream.answer = answer
    job = run(job_later)
    assert (job.status, len(job.minimax_task_id)) == ("waiting", 64)
    run(job_later)
    assert upstream.creates() == 1


def test_a_click_with_what_no_row_can_hold_is_a_click(connected, kind_at_once, upstream):
    job = submit_job(connected, kind_at_once, {"prompt": "Once"}, click="a\0b")
    assert job.click == "ab"

"""Real worker processes, killed with -9 at every step, against an upstream on a real socket that counts."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from apps.jobs.models import MOVING, Job
from apps.jobs.services import submit_job
from apps.usage.models import LedgerEntry
from studio.config import ROOT
from tests.jobs.conftest import OK, picture, pictures

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE_S = 240
KILLS = 30
PICTURE = picture()


@dataclass
class Workers:
    """Starts and kills workers."""

    nursery: subprocess.Popen[str]
    alive: list[int] = field(default_factory=list)

    def start(self) -> int:
        assert self.nursery.stdin
        assert self.nursery.stdout
        self.nursery.stdin.write("one\n")
        self.nursery.stdin.flush()
        pid = int(self.nursery.stdout.readline())
        self.alive.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.alive.remove(pid)


@pytest.fixture
def workers(transactional_db, own_folders) -> Iterator[Workers]:
    told = {
        "database": str(connection.settings_dict["NAME"]),
        "media": str(django_settings.MEDIA_ROOT),
        "spool": str(django_settings.SPOOL_ROOT),
    }
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.chaos_workers", json.dumps(told)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert nursery.stdout
    assert nursery.stdout.readline() == "ready\n"
    found = Workers(nursery)
    yield found
    for pid in found.alive:
        os.kill(pid, signal.SIGKILL)
    nursery.kill()
    nursery.wait(10)


class Told:
    """What the upstream does: counts creates by prompt, and stays silent at one point if it is told to."""

    def __init__(self, url: str, *, silent_at: str = "", slow_s: float = 0) -> None:
        self.url, self.silent_at, self.slow_s = url, silent_at, slow_s
        self.creates: Counter[str] = Counter()
        self.reached, self.released = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str, body: dict[str, Any]) -> Any:
        step = "create" if method == "POST" else "query" if "query" in path else "download"
        if step == "create":
            with self._lock:
                self.creates[body["prompt"]] += 1
        if step == self.silent_at and not self.released.is_set():
            self.reached.set()
            self.released.wait(PATIENCE_S)
        if self.slow_s:
            time.sleep(random.uniform(0, self.slow_s))
        if path == "/v1/later":
            return {"task_id": body["prompt"], **OK}
        if step == "create":
            return pictures(2)
        if step == "query":
            return {"status": "Success", "urls": [f"{self.url}/a.jpg", f"{self.url}/b.jpg"], **OK}
        return PICTURE


def wait_until_all_are_over() -> None:
    end = time.monotonic() + PATIENCE_S
    while Job.objects.filter(status__in=MOVING).exists():
        states = list(Job.objects.filter(status__in=MOVING).values_list("status", "notice", "next_at"))
        assert time.monotonic() < end, f"never over: {states}"
        time.sleep(0.05)


def check(jobs: list[Job], told: Told) -> Counter[str]:
    """The promises, looked at from outside; returns how the jobs ended."""
    ends: Counter[str] = Counter()
    for job in Job.objects.filter(pk__in=[job.pk for job in jobs]):
        creates = told.creates[job.request["prompt"]]
        ends[f"{job.status}, {job.charged}"] += 1
        assert creates <= 1, f"{job} was sent {creates} times"
        assert job.status in ("succeeded", "failed")
        entries = LedgerEntry.objects.current().filter(source=f"job:{job.pk}")
        assert [entry.charged for entry in entries] == [job.charged]
        if job.status == "succeeded":
            assert (creates, job.charged) == (1, "yes")
            assets = list(job.assets.all())
            assert len(assets) == 2
            for asset in assets:
                assert asset.status == "ready"
                assert hashlib.sha256(asset.file.read()).hexdigest() == asset.sha256
        else:
            assert job.charged == "unknown"
            assert job.error
            assert job.next_step
    return ends


@pytest.mark.parametrize("step", ["create", "query", "download"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_worker_killed_while_minimax_is_silent(connected, kind_later, upstream, workers, step, times):
    upstream.answer = told = Told(upstream.url, silent_at=step)
    job = submit_job(connected, kind_later, {"prompt": "A kite"}, click="k")
    for _kill in range(times):
        told.reached.clear()
        worker = workers.start()
        # A create is never made again, so only the first worker comes that far.
        told.reached.wait(3 if step == "create" and _kill else PATIENCE_S)
        workers.kill(worker)
    told.released.set()
    workers.start()
    wait_until_all_are_over()
    ends = check([job], told)
    assert ends == ({"failed, unknown": 1} if step == "create" else {"succeeded, yes": 1})


def test_workers_killed_at_any_moment(connected, kind_at_once, kind_later, upstream, workers):
    upstream.answer = told = Told(upstream.url, slow_s=0.03)
    jobs = []
    for number in range(KILLS):  # a new job for each worker, so that each has a way to go through when it dies
        kind = kind_later if number % 2 else kind_at_once
        jobs.append(submit_job(connected, kind, {"prompt": f"{kind.name} {number}", "n": 2}, click=f"c{number}"))
        worker = workers.start()
        time.sleep(random.uniform(0.02, 0.4))
        workers.kill(worker)
    workers.start()
    wait_until_all_are_over()
    ends = check(jobs, told)
    print(f"{KILLS} kills, {sum(told.creates.values())} creates for {len(jobs)} jobs: {dict(ends)}")  # noqa: T201
    assert ends["succeeded, yes"]


def test_an_answer_that_comes_after_the_job_was_given_up_is_not_lost(connected, kind_at_once, upstream, workers):
    upstream.answer = told = Told(upstream.url, silent_at="create")
    job = submit_job(connected, kind_at_once, {"prompt": "Late", "n": 2}, click="late")
    workers.start()
    assert told.reached.wait(PATIENCE_S)
    workers.start()  # takes the first for dead, as soon as its lease is over
    wait_until_all_are_over()
    assert Job.objects.get(pk=job.pk).charged == "unknown"
    told.released.set()
    end = time.monotonic() + PATIENCE_S
    while not Job.objects.filter(status="succeeded").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert check([job], told) == {"succeeded, yes": 1}

"""Doorbells. What is to be done stands in the rows."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from celery import shared_task
from celery.signals import worker_process_init, worker_ready
from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from apps.jobs import lifecycle
from apps.jobs.events import start_publisher
from apps.jobs.models import Job, Status
from apps.jobs.polling import poll_together

RINGS_AT_ONCE = 200
POLLS_AT_ONCE = 500
RUNG_FOR_S = 30  # by then a ring has been heard, or was lost with a worker that died
SWEEP_EXPIRES_S = 5  # the next one does the same

_polling = threading.Lock()


@worker_ready.connect
@worker_process_init.connect
def push_cards_from_a_thread(**_: Any) -> None:
    start_publisher()


def ring(job: Job) -> None:
    """Wake a worker for a job whose time has come. Does not wait for a broker that is away; the sweep rings again."""
    cache.set(_rung(job.pk, job.next_at), True, RUNG_FOR_S)
    run_job.apply_async((str(job.pk),), retry=False)


def _rung(pk: Any, at: datetime) -> str:
    return f"jobs.rung.{pk}.{at.timestamp()}"


@shared_task
def run_job(job_id: str) -> None:
    """Take a job as far as it goes now."""
    job = lifecycle.find(job_id)
    if job is None:
        return
    if job.status == Status.WAITING:
        for pk in poll_together([job.pk]):
            save_next(pk)
    elif job.status in (Status.QUEUED, Status.SUBMITTING):
        lifecycle.advance(job)
    else:  # also when another ring has already brought this one home: then its own is for one that waits
        save_next(job.pk)


def save_next(pk: Any) -> None:
    """Save the job whose link ends first: each ring is for one of those that wait to be saved, not for its own."""
    due = Job.objects.due(timezone.now()).filter(status=Status.SAVING).exclude(results_expire_at=None)
    first = due.order_by("results_expire_at").values_list("pk", flat=True).first()
    if job := lifecycle.find(first or pk):
        lifecycle.advance(job)


@shared_task(expires=SWEEP_EXPIRES_S)
def sweep() -> None:
    """Look at every job whose time has come and that nobody holds: polls, retries, and what a dead worker left."""
    due = Job.objects.due(timezone.now()).exclude(status=Status.WAITING)
    rows = due.order_by(F("results_expire_at").asc(nulls_last=True), "position", "pk").only("pk", "next_at")
    ring_unrung(rows[:RINGS_AT_ONCE])
    if _polling.acquire(blocking=False):  # a round that is still under way in this process goes on
        try:
            poll_due()
        finally:
            _polling.release()


def ring_unrung(jobs: Iterable[Job]) -> None:
    """A ring that was heard by nobody is repeated; one that still waits for a free worker is not."""
    waiting = {_rung(job.pk, job.next_at): job for job in jobs}
    for key in waiting.keys() - cache.get_many(waiting).keys():
        ring(waiting[key])


def poll_due() -> None:
    """Ask for all that are due, the longest due first; several processes at once share them out by their leases."""
    began = timezone.now()
    while True:
        due = Job.objects.due(began).filter(status=Status.WAITING).order_by("next_at")
        pks = list(due.values_list("pk", flat=True)[:POLLS_AT_ONCE])
        if not pks:
            return
        ring_unrung(Job.objects.filter(pk__in=poll_together(pks)).order_by("results_expire_at").only("pk", "next_at"))
        if len(pks) < POLLS_AT_ONCE:
            return

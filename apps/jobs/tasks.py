"""Doorbells. What is to be done stands in the rows."""

from __future__ import annotations

import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_process_init, worker_ready
from django.db.models import F
from django.utils import timezone

from apps.jobs import lifecycle
from apps.jobs.events import start_publisher
from apps.jobs.models import Job, Status
from apps.jobs.polling import poll_together

RINGS_AT_ONCE = 200
POLLS_AT_ONCE = 500
SWEEP_EXPIRES_S = 5  # the next one does the same

_polling = threading.Lock()


@worker_ready.connect
@worker_process_init.connect
def push_cards_from_a_thread(**_: Any) -> None:
    start_publisher()


@shared_task
def run_job(job_id: str) -> None:
    """Take a job as far as it goes now."""
    if Job.objects.filter(pk=job_id, status=Status.WAITING).exists():
        poll_together([job_id])
    else:
        lifecycle.advance(job_id)


@shared_task(expires=SWEEP_EXPIRES_S)
def sweep() -> None:
    """Look at every job whose time has come and that nobody holds: polls, retries, and what a dead worker left."""
    due = Job.objects.due(timezone.now())
    to_ring = due.exclude(status=Status.WAITING).order_by(F("results_expire_at").asc(nulls_last=True), "position", "pk")
    for pk in to_ring.values_list("pk", flat=True)[:RINGS_AT_ONCE]:
        run_job.apply_async((str(pk),), retry=False)
    if _polling.acquire(blocking=False):  # a round that is still under way in this process goes on
        try:
            poll_due()
        finally:
            _polling.release()


def poll_due() -> None:
    """Ask for all that are due, the longest due first; several processes at once share them out by their leases."""
    began = timezone.now()
    while True:
        due = Job.objects.due(began).filter(status=Status.WAITING).order_by("next_at")
        pks = list(due.values_list("pk", flat=True)[:POLLS_AT_ONCE])
        if not pks:
            return
        poll_together(pks)
        if len(pks) < POLLS_AT_ONCE:
            return

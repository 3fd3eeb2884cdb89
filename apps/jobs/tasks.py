"""Doorbells. What is to be done stands in the rows."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.jobs import lifecycle
from apps.jobs.models import Job, Status

AT_ONCE = 200


@shared_task
def run_job(job_id: str) -> None:
    """Take a job as far as it goes now."""
    lifecycle.advance(job_id)


@shared_task
def sweep() -> None:
    """Look at every job whose time has come and that nobody holds: polls, retries, and what a dead worker left."""
    due = Job.objects.due(timezone.now()).filter(is_paused=False)
    order = due.order_by("position", "id").values_list("pk", "status")[:AT_ONCE]
    for pk, status in order:
        if status == Status.WAITING:
            lifecycle.advance(pk)
        else:
            run_job.apply_async([str(pk)], retry=False)

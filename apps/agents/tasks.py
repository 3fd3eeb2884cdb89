"""Doorbells. Which row is next stands in the rows."""

from __future__ import annotations

from celery import shared_task

from apps.agents.feeding import feed
from apps.agents.models import Batch, BatchStatus

SWEEP_EXPIRES_S = 5  # the next one does the same


@shared_task
def feed_batch(batch_id: str) -> None:
    feed(batch_id)


@shared_task(expires=SWEEP_EXPIRES_S)
def sweep() -> None:
    """Look at every batch that runs: a film was finished, a worker died, a ring was lost."""
    for pk in Batch.objects.filter(status=BatchStatus.RUNNING).values_list("pk", flat=True):
        feed(pk)

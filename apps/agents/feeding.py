"""Letting a batch go, a few rows at a time.

The rows are the truth. `feed` may die anywhere and be called by anybody, at any time: which row is next, what has been
spent and whether somebody stopped it stand in the database, and the click of a row finds the job that it already made.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.agents.generation import AGENT, price
from apps.agents.models import Batch, BatchRow, BatchStatus, StopReason
from apps.jobs.models import MOVING, Job, Status
from apps.jobs.services import cancel, submit_job
from apps.usage.models import Charged
from apps.workspaces.models import Connection, ConnectionStatus, Membership
from apps.workspaces.refusals import ActRefusedError

AT_ONCE = 6  # jobs of one batch in motion: enough for MiniMax's five a minute, and others get their turn


def stop(batch: Batch, reason: str = StopReason.PERSON) -> bool:
    """Send nothing more. What lies in our queue is called back; what MiniMax has goes on, and may cost."""
    stopped = Batch.objects.filter(pk=batch.pk, status=BatchStatus.RUNNING).update(
        status=BatchStatus.STOPPED, stop_reason=reason
    )
    if not stopped:
        return False
    for row in BatchRow.objects.filter(batch=batch, job__status=Status.QUEUED).select_related("job"):
        if row.job and cancel(row.job):
            _call_back(row, row.job)
    return True


def _call_back(row: BatchRow, job: Job) -> None:
    """Its job was cancelled before it was sent: the row waits again, and gets another job if it is let go."""
    if Job.objects.filter(pk=job.pk, status=Status.CANCELLED, charged=Charged.NO).exists():
        BatchRow.objects.filter(pk=row.pk, job=job).update(job=None, attempt=row.attempt + 1)


def feed(pk: Any) -> None:
    """Submit the rows whose turn it is; close the batch when the last one is over."""
    while True:
        with transaction.atomic():
            # The update takes the row's lock: nobody stops it, or feeds it too, between the look and the submission.
            if not Batch.objects.filter(pk=pk, status=BatchStatus.RUNNING).update(fed_at=timezone.now()):
                return
            batch = Batch.objects.select_related("workspace", "created_by").get(pk=pk)
            reason = _submit_next(batch)
        if reason is None:
            return
        if reason:
            stop(batch, reason)
            return


def _submit_next(batch: Batch) -> str | None:
    """Submit one row. Returns why the batch has to stop, empty when a row went, None when nothing is to be done now."""
    jobs = Job.objects.filter(batch_row__batch=batch)
    moving = jobs.filter(status__in=MOVING).count()
    row = BatchRow.objects.filter(batch=batch, job=None, is_fine=True).order_by("number").first()
    if row is None:
        if not moving:
            Batch.objects.filter(pk=batch.pk).update(status=BatchStatus.DONE)
        return None
    if moving >= AT_ONCE:
        return None
    member = (
        Membership.objects.select_related("workspace", "user")
        .filter(workspace=batch.workspace, user=batch.created_by)
        .first()
    )
    if member is None or not member.may("create"):
        return StopReason.GONE
    connection = Connection.objects.filter(workspace=batch.workspace).only("kind", "status").first()
    if connection is None or _fails(connection, batch, jobs):
        return StopReason.CONNECTION
    if batch.limit_usd is not None and not connection.is_sandbox:
        each = price(row.request)
        if each is None or spent(jobs) + each > batch.limit_usd:
            return None if moving else StopReason.LIMIT  # one that moves may turn out to cost nothing
    try:
        row.job = submit_job(member, AGENT, row.request, click=row.click, needs_room=False)
    except ActRefusedError:
        return None if moving else StopReason.FULL
    row.save(update_fields=["job"])
    return ""


def _fails(connection: Connection, batch: Batch, jobs: QuerySet[Job]) -> bool:
    """Whether a film of this run was refused because of the connection itself: the next one would be too."""
    refused = jobs.filter(status=Status.FAILED, charged=Charged.NO, finished_at__gte=batch.started_at)
    return connection.status == ConnectionStatus.FAILING and refused.exists()


def spent(jobs: QuerySet[Job]) -> Decimal:
    """What these jobs cost, will cost, or may have cost. Only what certainly cost nothing is left out."""
    counted = jobs.exclude(~Q(status__in=MOVING), charged=Charged.NO)
    return sum(
        (cost or estimate or Decimal(0) for cost, estimate in counted.values_list("cost_usd", "estimate_usd")),
        Decimal(0),
    )

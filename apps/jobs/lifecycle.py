"""How a job gets from one state to the next. Every step: claim the row, commit, talk to MiniMax, record.

A step may die anywhere. What it leaves behind is a row whose lease runs out; `apps.jobs.tasks.sweep` finds it, and what
happens then depends only on the state:

- submitting: MiniMax may have got the request, so it is never sent again. If the answer had already reached the disk
  it is used; otherwise the job fails as *may have been charged*.
- waiting, saving: asking and fetching cost nothing, so they are simply done again.
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import uuid
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.jobs import saving
from apps.jobs.events import publish
from apps.jobs.kinds import Errand, Finished, Kind, StillRunning, Submitted, get_kind
from apps.jobs.limits import take_turn
from apps.jobs.models import Charged, Job, Status
from apps.minimax import catalogue
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import ContentRejectedError, MiniMaxError, TaskFailedError
from apps.workspaces.connections import NoConnectionError, endpoint_for

log = logging.getLogger(__name__)

SUBMIT_LEASE = timedelta(seconds=660)  # the slowest documented endpoint answers within 600
POLL_LEASE = timedelta(seconds=60)
SAVE_LEASE = timedelta(seconds=120)  # renewed while bytes arrive
MOST_REFUSALS = 40  # about half an hour of "not now"
LONGEST_WAIT = timedelta(hours=24)
ANSWER = "answer.json"  # written last: its presence says that the spool folder is complete


def advance(pk: Any) -> None:
    """Do the next step of a job, if it is due and nobody else is at it."""
    job = Job.objects.select_related("workspace__connection", "created_by").filter(pk=pk).first()
    if job is None or job.next_at > timezone.now():
        return
    match job.status:
        case Status.QUEUED:
            _submit(job)
        case Status.SUBMITTING:
            _recover(job)
        case Status.WAITING:
            _poll(job)
        case Status.SAVING:
            _save(job)


def spool_of(job: Job) -> Path:
    return Path(settings.SPOOL_ROOT) / "jobs" / str(job.pk)


def backoff(attempt: int) -> timedelta:
    """1, 2, 4 … 60 seconds, each spread over its second half so that refused jobs don't come back together."""
    seconds = min(60, 2 ** min(attempt, 6))
    return timedelta(seconds=seconds * random.uniform(0.5, 1))  # noqa: S311 (not a secret)


# --- queued → submitting → waiting or saving --------------------------------------------------------------------------


def _submit(job: Job) -> None:
    kind = get_kind(job.kind)
    limit = catalogue.rate_limits[kind.family]
    wait = take_turn(job.workspace.connection.pk, kind.family, calls=limit.rpm)
    if wait:
        due = timezone.now() + timedelta(seconds=wait)
        moved = Job.objects.filter(pk=job.pk, status=Status.QUEUED).update(
            next_at=due, notice=_("Waiting for its turn: MiniMax allows %(n)s a minute.") % {"n": limit.rpm}
        )
        return publish(job.pk) if moved else None
    lease = Job.objects.claim(job.pk, from_status=Status.QUEUED, to_status=Status.SUBMITTING, lease=SUBMIT_LEASE)
    if lease is None:
        return None
    Job.objects.filter(pk=job.pk).update(submitted_at=timezone.now(), charged=Charged.UNKNOWN, notice="")
    publish(job.pk)
    try:
        errand = _errand(job)
        answer = kind.submit(errand)
    except MiniMaxError as error:
        return _refused(job, lease, error)
    except NoConnectionError as error:
        return _fail(job, lease, error=str(error), charged=Charged.NO)
    _record(job, lease, kind, answer)


def _refused(job: Job, lease: uuid.UUID, error: MiniMaxError) -> None:
    """Back to the queue when MiniMax certainly did no work; otherwise the end, with what is known about money."""
    if not error.retryable or job.refusals >= MOST_REFUSALS:
        return _fail_with(job, lease, error)
    due = timezone.now() + backoff(job.refusals)
    Job.objects.move_on(
        job.pk,
        lease,
        status=Status.QUEUED,
        charged=Charged.NO,
        refusals=job.refusals + 1,
        next_at=due,
        notice=str(error),
        trace_id=error.trace_id or job.trace_id,
    )
    publish(job.pk)


def _record(job: Job, lease: uuid.UUID, kind: Kind, answer: Submitted | Finished) -> None:
    if isinstance(answer, Submitted):
        moved = Job.objects.move_on(
            job.pk,
            lease,
            status=Status.WAITING,
            charged=Charged.YES,
            minimax_task_id=answer.minimax_task_id,
            trace_id=answer.trace_id,
            next_at=timezone.now() + timedelta(seconds=kind.poll_every_s),
        )
        if not moved:
            # The sweep gave this job up while MiniMax was slow. The task is paid for, so take it back.
            Job.objects.filter(pk=job.pk, status=Status.FAILED, minimax_task_id="").update(
                status=Status.WAITING,
                charged=Charged.YES,
                minimax_task_id=answer.minimax_task_id,
                trace_id=answer.trace_id,
                error="",
                next_step="",
                finished_at=None,
                next_at=timezone.now(),
            )
        return publish(job.pk)
    _write_answer(job, answer)
    _to_saving(job, lease, answer)


def _to_saving(job: Job, lease: uuid.UUID, answer: Finished) -> None:
    now = timezone.now()
    lifetimes = [result.lifetime_s for result in answer.results if result.lifetime_s]
    moved = Job.objects.move_on(
        job.pk,
        lease,
        status=Status.SAVING,
        charged=Charged.YES,
        results=[asdict(result) for result in answer.results],
        results_expire_at=now + timedelta(seconds=min(lifetimes)) if lifetimes else None,
        usage=dict(answer.usage),
        cost_usd=job.estimate_usd if answer.cost_usd is None else answer.cost_usd,
        trace_id=answer.trace_id or job.trace_id,
        notice=answer.notice,
        next_at=now,
    )
    if moved:
        publish(job.pk)
        advance(job.pk)


def _write_answer(job: Job, answer: Finished) -> None:
    """Leave a note beside the bytes, so that a worker that dies now has not lost what was paid for."""
    folder = spool_of(job)
    folder.mkdir(parents=True, exist_ok=True)
    note = {**asdict(answer), "cost_usd": None if answer.cost_usd is None else str(answer.cost_usd)}
    draft = folder / f"{ANSWER}.draft"
    draft.write_text(json.dumps(note))
    draft.rename(folder / ANSWER)


def _recover(job: Job) -> None:
    """A worker died between sending and recording. Its lease is over; nothing is sent again."""
    lease = Job.objects.claim(job.pk, from_status=Status.SUBMITTING, to_status=Status.SUBMITTING, lease=SAVE_LEASE)
    if lease is None:
        return
    note = spool_of(job) / ANSWER
    if note.exists():
        kept = json.loads(note.read_text())
        cost = kept["cost_usd"]
        results = [saving.Result(**result) for result in kept["results"]]
        answer = Finished(**{**kept, "results": results, "cost_usd": None if cost is None else Decimal(cost)})
        return _to_saving(job, lease, answer)
    _fail(
        job,
        lease,
        error=_("The studio was interrupted while the request was on its way, and MiniMax's answer is not known."),
        next_step=_("Look at your usage at MiniMax before you run it again: it may have been charged."),
        charged=Charged.UNKNOWN,
    )


# --- waiting → saving -------------------------------------------------------------------------------------------------


def _poll(job: Job) -> None:
    kind = get_kind(job.kind)
    lease = Job.objects.claim(job.pk, from_status=Status.WAITING, to_status=Status.WAITING, lease=POLL_LEASE)
    if lease is None or kind.poll is None:
        return
    try:
        answer = kind.poll(_errand(job))
    except (MiniMaxError, NoConnectionError) as error:
        return _poll_failed(job, lease, kind, error)
    if isinstance(answer, Finished):
        return _to_saving(job, lease, answer)
    _wait_on(job, lease, kind, answer)


def _wait_on(job: Job, lease: uuid.UUID, kind: Kind, answer: StillRunning) -> None:
    Job.objects.move_on(
        job.pk,
        lease,
        minimax_status=answer.minimax_status,
        refusals=0,
        notice="",
        next_at=timezone.now() + timedelta(seconds=kind.poll_every_s),
    )
    if answer.minimax_status != job.minimax_status or job.notice:
        publish(job.pk)


def _poll_failed(job: Job, lease: uuid.UUID, kind: Kind, error: MiniMaxError | NoConnectionError) -> None:
    """Only a verdict on the task itself ends it; a question that found no answer is asked again."""
    age = timezone.now() - (job.submitted_at or job.created_at)
    if isinstance(error, ContentRejectedError | TaskFailedError) or age > LONGEST_WAIT:
        return _fail_with(job, lease, error)
    wait = max(timedelta(seconds=kind.poll_every_s), backoff(job.refusals))
    Job.objects.move_on(
        job.pk,
        lease,
        refusals=job.refusals + 1,
        next_at=timezone.now() + wait,
        notice=_("%(why)s Asking again.") % {"why": error},
    )
    publish(job.pk)


# --- saving → succeeded -----------------------------------------------------------------------------------------------


def _save(job: Job) -> None:
    lease = Job.objects.claim(job.pk, from_status=Status.SAVING, to_status=Status.SAVING, lease=SAVE_LEASE)
    if lease is None:
        return
    try:
        assets = saving.keep_results(job, _errand(job), renew=lambda: Job.objects.renew(job.pk, lease, SAVE_LEASE))
    except saving.LostResultError as error:
        return _fail(job, lease, error=str(error), next_step=error.next_step, charged=Charged.YES)
    except (saving.NotYetSavedError, MiniMaxError, NoConnectionError) as error:
        Job.objects.move_on(
            job.pk,
            lease,
            refusals=job.refusals + 1,
            next_at=timezone.now() + backoff(job.refusals),
            notice=_("Could not be fetched yet: %(why)s") % {"why": error},
        )
        return publish(job.pk)
    job.assets.add(*assets)
    if Job.objects.move_on(job.pk, lease, status=Status.SUCCEEDED, finished_at=timezone.now()):
        shutil.rmtree(spool_of(job), ignore_errors=True)
    publish(job.pk)


# --- the end ----------------------------------------------------------------------------------------------------------


def _fail_with(job: Job, lease: uuid.UUID, error: Any) -> None:
    _fail(
        job,
        lease,
        error=str(error),
        next_step=getattr(error, "next_step", ""),
        charged=getattr(error, "charged", Charged.UNKNOWN),
        error_code=getattr(error, "code", None),
        trace_id=getattr(error, "trace_id", "") or job.trace_id,
    )


def _fail(job: Job, lease: uuid.UUID, *, charged: str, **facts: Any) -> None:
    now = timezone.now()
    if Job.objects.move_on(job.pk, lease, status=Status.FAILED, charged=charged, finished_at=now, notice="", **facts):
        log.info("job %s failed: %s", job.pk, facts.get("error_code") or charged)
    publish(job.pk)


def _errand(job: Job) -> Errand:
    return Errand(job=job, client=MiniMaxClient(endpoint_for(job.workspace)), spool=spool_of(job))

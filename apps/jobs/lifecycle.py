"""How a job gets from one state to the next. Every step: claim the row, commit, talk to MiniMax, record.

A step may die anywhere. What it leaves behind is a row whose lease runs out; `apps.jobs.tasks.sweep` finds it, and what
happens then depends only on the state:

- submitting: MiniMax may have got the request, so it is never sent again. If the answer had already reached the disk
  it is used; otherwise the job fails as *may have been charged*.
- waiting, saving: asking and fetching cost nothing, so they are simply done again (waiting: apps.jobs.polling).
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.jobs import failing_over, hooks, presence, saving
from apps.jobs.events import publish
from apps.jobs.kinds import Errand, Finished, Kind, Result, Submitted, get_kind
from apps.jobs.limits import wait_for_turn
from apps.jobs.models import Job, Status, fit, next_look
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import AuthenticationError, BalanceError, InvalidRequestError, MiniMaxError, QuotaError
from apps.usage import budgets, ledger, prices
from apps.usage.models import Charged
from apps.workspaces import wallets
from apps.workspaces.connections import NoConnectionError, endpoint_for, open_endpoint, report_failure
from apps.workspaces.happenings import announce
from apps.workspaces.models import Connection

log = logging.getLogger(__name__)

SUBMIT_LEASE = timedelta(seconds=660)  # the slowest documented endpoint answers within 600
SAVE_LEASE = timedelta(seconds=120)  # renewed while bytes arrive
MOST_REFUSALS = 40  # about half an hour of "not now"
LONGEST_WAIT = timedelta(hours=24)
ANSWER = "answer.json"  # written last: its presence says that the spool folder is complete


@contextmanager
def in_language_of(job: Job) -> Iterator[None]:
    """What is written on the row is read by the person whose job it is; prices are those of the day of the click."""
    with (
        translation.override(job.created_by.language or settings.LANGUAGE_CODE),
        prices.in_force(job.workspace_id, timezone.localdate(job.created_at)),
    ):
        yield


def find(pk: Any) -> Job | None:
    """The job with all that its next step needs."""
    return Job.objects.select_related("workspace", "connection", "created_by").filter(pk=pk).first()


def advance(job: Job) -> None:
    """Do the next step of a job that is not waiting for MiniMax, if it is due and nobody else is at it."""
    if job.next_at > timezone.now():
        return
    with in_language_of(job):
        match job.status:
            case Status.QUEUED:
                _submit(job)
            case Status.SUBMITTING:
                _recover(job)
            case Status.SAVING:
                _save(job)


def spool_of(job: Job) -> Path:
    return Path(settings.SPOOL_ROOT) / "jobs" / str(job.pk)


def backoff(attempt: int) -> timedelta:
    """1, 2, 4 … 60 seconds, each spread over its second half so that refused jobs don't come back together."""
    seconds = min(60, 2 ** min(attempt, 6))
    return timedelta(seconds=seconds * random.uniform(0.5, 1))  # noqa: S311 (not a secret)


@lru_cache(maxsize=32)
def client_for(endpoint: Endpoint) -> MiniMaxClient:
    """One client for each connection and process: it keeps its sockets open."""
    return MiniMaxClient(endpoint)


def errand_for(job: Job) -> Errand:
    """For a job that was found with its connection. Raises NoConnectionError."""
    return Errand(job=job, client=client_for(endpoint_of(job)), spool=spool_of(job))


def endpoint_of(job: Job) -> Endpoint:
    """The connection that it was asked for with, to the last byte. Raises NoConnectionError, also when that is gone."""
    if job.connection is None and job.route:
        raise NoConnectionError(_("The connection that this was asked for with is not there any more."))
    if job.connection is None:  # there was none when it was asked for
        job.connection = Connection.objects.filter(workspace_id=job.workspace_id).first()
    return open_endpoint(job.connection) if job.connection else endpoint_for(job.workspace_id)


def errand_to_submit(job: Job, kind: Kind) -> Errand:
    """The same, with where MiniMax may send news of it. Raises NoConnectionError."""
    errand = errand_for(job)
    url = hooks.callback_url(job) if kind.takes_callback else ""
    return replace(errand, callback_url=url) if url else errand


def charge(job: Job, charged: str) -> str:
    """What is known about money. The sandbox charges nothing."""
    return Charged.NO if job.is_on_sandbox else charged


def sentence(error: Exception) -> str:
    return error.sentence_in(_) if isinstance(error, MiniMaxError) else str(error)


def tell_connection(job: Job, error: Exception) -> None:
    """A wrong key or an empty account concerns the whole workspace."""
    if isinstance(error, AuthenticationError | BalanceError | QuotaError):
        report_failure(job.workspace_id, error, job.connection_id)


# --- queued → submitting → waiting or saving --------------------------------------------------------------------------


def _submit(job: Job) -> None:
    kind = get_kind(job.kind)
    try:
        errand = errand_to_submit(
            job, kind
        )  # all that takes time comes before the claim: a worker that dies here has sent nothing
    except NoConnectionError as error:
        return _end_unsent(job, str(error))
    lease = _take_turn(job, kind)
    if lease is None:
        return
    publish(job.pk)
    try:
        answer = kind.submit(errand)
    except MiniMaxError as error:
        if errand.callback_url and isinstance(error, InvalidRequestError) and hooks.was_unreachable(job):
            error.retryable = True  # it did no work, and is sent without the address next time
        return _refused(job, lease, error)
    except Exception:
        # A bug of ours, before or after MiniMax got the request: the person hears of it now, not after the lease.
        fail(
            job,
            lease,
            error=_("Something went wrong inside the studio."),
            next_step=_("Ask whoever runs this studio to look at its log."),
            charged=Charged.UNKNOWN,
        )
        raise
    _record(job, lease, kind, answer)


def _end_unsent(job: Job, why: str) -> None:
    lease = Job.objects.claim(job.pk, from_status=Status.QUEUED, to_status=Status.QUEUED, lease=SAVE_LEASE)
    if lease:
        fail(job, lease, error=why, charged=Charged.NO)


def _take_turn(job: Job, kind: Kind) -> uuid.UUID | None:
    """Claim the job if its rate limit lets it go now; otherwise write down when it will. None: not now."""
    connection = job.connection
    assert connection is not None  # `errand_for` has seen to it
    job.connection_kind = connection.kind
    with transaction.atomic():
        lease = Job.objects.claim(
            job.pk,
            from_status=Status.QUEUED,
            to_status=Status.SUBMITTING,
            lease=SUBMIT_LEASE,
            submitted_at=timezone.now(),
            charged=charge(job, Charged.UNKNOWN),
            connection_kind=connection.kind,
            connection_id=connection.pk,
            notice="",
        )
        if lease is None:
            return None
        wait = wait_for_turn(job, kind, connection.pk)
        if wait:
            Job.objects.move_on(
                job.pk,
                lease,
                status=Status.QUEUED,
                submitted_at=job.submitted_at,
                charged=Charged.NO,
                next_at=timezone.now() + timedelta(seconds=wait),
                notice=_("Waiting for its turn, as MiniMax takes only so many at a time."),
            )
    if wait:
        publish(job.pk)
        return None
    return lease


def _refused(job: Job, lease: uuid.UUID, error: MiniMaxError) -> None:
    """Back to the queue when MiniMax certainly did no work; otherwise the end, with what is known about money."""
    if isinstance(error, BalanceError | QuotaError):
        wallets.note_refusal(job.connection_id, error, job.model)
        if error.charged == Charged.NO and failing_over.step_in(job, lease, error):
            return None
    tell_connection(job, error)
    if not error.retryable or job.refusals >= MOST_REFUSALS:
        return fail_with(job, lease, error, charged=error.charged)
    Job.objects.move_on(
        job.pk,
        lease,
        status=Status.QUEUED,
        charged=Charged.NO,
        refusals=job.refusals + 1,
        next_at=timezone.now() + backoff(job.refusals),
        notice=sentence(error),
        trace_id=error.trace_id or job.trace_id,
    )
    publish(job.pk)


def _record(job: Job, lease: uuid.UUID, kind: Kind, answer: Submitted | Finished) -> None:
    if isinstance(answer, Finished):
        _write_answer(job, answer)
        return _save_now(job, lease, answer)
    changes = {
        "status": Status.WAITING,
        "charged": charge(job, Charged.YES),
        "minimax_task_id": answer.minimax_task_id,
        "trace_id": answer.trace_id,
        "usage": dict(answer.usage),
        "refusals": 0,
        "next_at": next_look(timedelta(seconds=kind.poll_every_s), since=F("submitted_at")),
    }
    if Job.objects.move_on(job.pk, lease, **changes) or _take_back(job, changes):
        publish(job.pk)


def _take_back(job: Job, changes: dict[str, Any]) -> bool:
    """Record MiniMax's answer on a job that the sweep gave up because it was slow: it is paid for."""
    given_up = Job.objects.filter(pk=job.pk, status=Status.FAILED, minimax_task_id="", results=[])
    return bool(given_up.update(**fit(changes), error="", next_step="", finished_at=None))


def _save_now(job: Job, lease: uuid.UUID, answer: Finished) -> None:
    """The answer holds the results: write down what they are, and go on without letting go of the job."""
    changes = to_be_saved(job, answer)
    if Job.objects.go_on(job.pk, lease, SAVE_LEASE, **changes):
        publish(job.pk)
        for name, value in fit(changes).items():
            setattr(job, name, value)
        _save_held(job, lease)
    elif _take_back(job, changes) and (found := find(job.pk)):
        advance(found)


def to_be_saved(job: Job, answer: Finished) -> dict[str, Any]:
    """What changes on a job's row when MiniMax is done with it."""
    now = timezone.now()
    lifetimes = [result.lifetime_s for result in answer.results if result.lifetime_s]
    cost = job.estimate_usd if answer.cost_usd is None else answer.cost_usd
    return {
        "status": Status.SAVING,
        "charged": charge(job, Charged.YES),
        "results": [asdict(result) for result in answer.results],
        "results_expire_at": now + timedelta(seconds=min(lifetimes)) if lifetimes else None,
        "usage": dict(answer.usage),
        "cost_usd": Decimal(0) if job.is_free else cost,
        "trace_id": answer.trace_id or job.trace_id,
        "notice": answer.notice,
        "refusals": 0,
        "next_at": now,
    }


def _write_answer(job: Job, answer: Finished) -> None:
    """Leave a note beside the bytes, so that a worker that dies now has not lost what was paid for."""
    folder = spool_of(job)
    folder.mkdir(parents=True, exist_ok=True)
    note = {**asdict(answer), "cost_usd": None if answer.cost_usd is None else str(answer.cost_usd)}
    draft = folder / f"{ANSWER}.draft"
    draft.write_text(json.dumps(note))
    draft.rename(folder / ANSWER)


def _read_answer(job: Job) -> Finished | None:
    note = spool_of(job) / ANSWER
    if not note.exists():
        return None
    kept = json.loads(note.read_text())
    cost = kept["cost_usd"]
    results = [Result(**result) for result in kept["results"]]
    return Finished(**{**kept, "results": results, "cost_usd": None if cost is None else Decimal(cost)})


def _recover(job: Job) -> None:
    """A worker died between sending and recording. Its lease is over; nothing is sent again."""
    lease = Job.objects.claim(job.pk, from_status=Status.SUBMITTING, to_status=Status.SUBMITTING, lease=SAVE_LEASE)
    if lease is None:
        return
    if answer := _read_answer(job):
        return _save_now(job, lease, answer)
    fail(
        job,
        lease,
        error=_("The studio was interrupted while the request was on its way, and MiniMax's answer is not known."),
        next_step=_("Look at your usage at MiniMax before you run it again: it may have been charged."),
        charged=Charged.UNKNOWN,
    )


# --- saving → succeeded -----------------------------------------------------------------------------------------------


def _save(job: Job) -> None:
    lease = Job.objects.claim(job.pk, from_status=Status.SAVING, to_status=Status.SAVING, lease=SAVE_LEASE)
    if lease:
        _save_held(job, lease)


def _save_held(job: Job, lease: uuid.UUID) -> None:
    renewed_at = time.monotonic()

    def renew() -> bool:
        nonlocal renewed_at
        if time.monotonic() - renewed_at < SAVE_LEASE.total_seconds() / 6:
            return True
        renewed_at = time.monotonic()
        return Job.objects.go_on(job.pk, lease, SAVE_LEASE)

    try:
        assets = saving.keep_results(job, errand_for(job), renew=renew)
    except saving.LostResultError as error:
        return fail(job, lease, error=str(error), next_step=error.next_step, charged=Charged.YES)
    except (saving.NotYetSavedError, MiniMaxError, NoConnectionError, OSError) as error:
        return _save_later(job, lease, error)
    with transaction.atomic():
        job.assets.add(*assets)
        moved = Job.objects.move_on(job.pk, lease, status=Status.SUCCEEDED, finished_at=timezone.now())
        if moved:
            job.status = Status.SUCCEEDED
            _enter(job)
            announce(job.workspace_id, "job.succeeded", about(job) | {"assets": [str(asset.pk) for asset in assets]})
    if moved:
        shutil.rmtree(spool_of(job), ignore_errors=True)
        presence.tell_if_away(job)
    publish(job.pk)


def _save_later(job: Job, lease: uuid.UUID, error: Exception) -> None:
    why = _("The studio's disk or storage refused it.") if isinstance(error, OSError) else sentence(error)
    if isinstance(error, OSError):
        log.error("job %s could not be saved", job.pk, exc_info=error)
    if timezone.now() - job.began_at > LONGEST_WAIT and not any(result["path"] for result in job.results):
        return fail(job, lease, error=why, next_step=_("Run it again."), charged=Charged.YES)
    Job.objects.move_on(
        job.pk,
        lease,
        refusals=job.refusals + 1,
        next_at=timezone.now() + backoff(job.refusals),
        notice=_("Could not be fetched yet: %(why)s") % {"why": why},
    )
    publish(job.pk)


# --- the end ----------------------------------------------------------------------------------------------------------


def fail_with(job: Job, lease: uuid.UUID, error: Exception, *, charged: str) -> None:
    """End a job with what MiniMax, or the missing connection, said."""
    fail(
        job,
        lease,
        error=sentence(error),
        next_step=_(error.next_step) if isinstance(error, MiniMaxError) else "",
        charged=charged,
        error_code=getattr(error, "code", None),
        trace_id=getattr(error, "trace_id", "") or job.trace_id,
    )


def fail(job: Job, lease: uuid.UUID, *, charged: str, **facts: Any) -> None:
    """End a job that we hold, and put it into the book if it may have cost anything."""
    with transaction.atomic():
        moved = Job.objects.move_on(
            job.pk,
            lease,
            status=Status.FAILED,
            charged=charge(job, charged),
            finished_at=timezone.now(),
            notice="",
            **facts,
        )
        if moved:
            enter(job)
            told = {"error": job.error, "charged": job.charged}
            announce(job.workspace_id, "job.failed", about(job) | told)
    if moved:
        log.info("job %s failed: %s", job.pk, facts.get("error_code") or charged)
        presence.tell_if_away(job)
    publish(job.pk)


def about(job: Job) -> dict[str, Any]:
    """What a webhook is told of a job."""
    return {"id": str(job.pk), "kind": job.kind, "title": job.title, "trace_id": job.trace_id, "cost_usd": job.cost_usd}


def enter(job: Job) -> None:
    """Put a job that is over into the book, unless nothing was made and nothing was charged."""
    job.refresh_from_db(
        fields=["status", "charged", "cost_usd", "usage", "connection_kind", "route", "estimate_usd", "error"]
    )
    _enter(job)


def _enter(job: Job) -> None:
    if job.status != Status.SUCCEEDED and job.charged == Charged.NO:
        return budgets.release(f"job:{job.pk}")
    ledger.record(
        f"job:{job.pk}",
        workspace=job.workspace,
        person=job.created_by,
        kind=job.kind,
        model=job.model,
        connection_kind=job.connection_kind,
        route=job.route,
        estimate_usd=job.estimate_usd,
        actual_usd=job.cost_usd,
        usage=job.usage,
        charged=job.charged,
    )


def usual_seconds(kind: Kind) -> float | None:
    """The median of the last 20 jobs of a kind that succeeded, from sending to the end. None: there were none."""
    succeeded = Job.objects.filter(kind=kind.name, status=Status.SUCCEEDED).order_by("-pk")
    ends = succeeded.values_list("submitted_at", "finished_at")[:20]
    took = sorted((finished - began).total_seconds() for began, finished in ends if began and finished)
    return took[len(took) // 2] if took else None

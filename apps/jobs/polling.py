"""Asking MiniMax how far its tasks are: everything that is due, together.

A thousand jobs that wait cost two statements a round and one question each; what has not changed is written for all of
them at once. The questions go out side by side, so that one which finds no answer holds nobody up.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.jobs.events import publish
from apps.jobs.kinds import Errand, Finished, StillRunning, get_kind
from apps.jobs.lifecycle import (
    LONGEST_WAIT,
    backoff,
    client_for,
    endpoint_of,
    fail_with,
    in_language_of,
    sentence,
    spool_of,
    tell_connection,
    to_be_saved,
)
from apps.jobs.limits import take_turns
from apps.jobs.models import Job, Status, next_look
from apps.minimax import catalogue
from apps.minimax.catalogue.schema import Prices
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import ContentRejectedError, MiniMaxError, TaskFailedError
from apps.usage.models import Charged
from apps.usage.prices import prices_of
from apps.workspaces.connections import NoConnectionError

log = logging.getLogger(__name__)

POLL_LEASE = timedelta(seconds=90)  # a question is given up after 30 s
SIDE_BY_SIDE = 16
QUESTIONS_AGAIN = timedelta(seconds=1)  # when as many were asked as the rate limit allows

Answer = StillRunning | Finished | Exception


@dataclass(frozen=True)
class _Question:
    job: Job
    client: MiniMaxClient | NoConnectionError
    prices: Prices  # of the day of the click

    def ask(self) -> Answer:
        """No database here: it runs in a thread of its own."""
        poll = get_kind(self.job.kind).poll
        try:
            if isinstance(self.client, Exception):
                raise self.client
            if poll is None:
                raise TypeError(f"{self.job.kind} cannot be asked for")
            with catalogue.prices_from(lambda: self.prices):
                return poll(Errand(job=self.job, client=self.client, spool=spool_of(self.job)))
        except Exception as error:  # also a bug in a modality: it must not end the round for all the others
            return error


def poll_together(pks: Sequence[Any]) -> list[Any]:
    """Ask for these jobs, as far as they are due and nobody else asks. Returns those that are to be saved now."""
    began = timezone.now()
    lease = Job.objects.claim_together(pks, status=Status.WAITING, lease=POLL_LEASE)
    if lease is None:
        return []
    jobs = _within_limits(
        list(Job.objects.filter(lease=lease).select_related("workspace", "connection", "created_by")), lease
    )
    if not jobs:
        return []
    clicked = {job.pk: (job.workspace_id, timezone.localdate(job.created_at)) for job in jobs}
    lists = {clicks: prices_of(*clicks) for clicks in set(clicked.values())}
    questions = [_Question(job, _client(job), lists[clicked[job.pk]]) for job in jobs]
    if len(questions) == 1:
        answers = [questions[0].ask()]
    else:
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(questions)), "poll") as threads:
            answers = list(threads.map(_Question.ask, questions))
    unchanged, finished = defaultdict(list), []
    for job, answer in zip(jobs, answers, strict=True):
        if isinstance(answer, StillRunning) and answer.minimax_status == job.minimax_status and not job.notice:
            unchanged[get_kind(job.kind).poll_every_s].append(job.pk)
        elif isinstance(answer, Finished):
            if Job.objects.move_on(job.pk, lease, **to_be_saved(job, answer)):
                finished.append(job.pk)
                publish(job.pk)
        else:
            with in_language_of(job):
                _record(job, lease, answer, began)
    for every_s, same in unchanged.items():
        Job.objects.filter(pk__in=same, lease=lease).update(
            lease=None, leased_until=None, refusals=0, next_at=next_look(timedelta(seconds=every_s), since=began)
        )
    return finished


def _within_limits(jobs: list[Job], lease: uuid.UUID) -> list[Job]:
    """Those that may be asked for now, the longest due first; the others are let go until a second later."""
    limited: dict[tuple[int | None, str], list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: job.next_at):
        if family := get_kind(job.kind).query_family:
            limited[job.connection_id, family].append(job)
    late = set()
    for (connection_id, family), group in limited.items():
        if connection_id:
            late |= {job.pk for job in group[take_turns(connection_id, family, len(group)) :]}
    if late:
        after = timezone.now() + QUESTIONS_AGAIN
        Job.objects.filter(pk__in=late, lease=lease).update(lease=None, leased_until=None, next_at=after)
    return [job for job in jobs if job.pk not in late]


def _client(job: Job) -> MiniMaxClient | NoConnectionError:
    try:
        return client_for(endpoint_of(job))
    except NoConnectionError as error:
        return error


def _record(job: Job, lease: uuid.UUID, answer: StillRunning | Exception, began: datetime) -> None:
    if isinstance(answer, StillRunning):
        Job.objects.move_on(
            job.pk,
            lease,
            minimax_status=answer.minimax_status,
            refusals=0,
            notice="",
            next_at=next_look(timedelta(seconds=get_kind(job.kind).poll_every_s), since=began),
        )
        publish(job.pk)
    else:
        _failed(job, lease, answer)


def _failed(job: Job, lease: uuid.UUID, error: Exception) -> None:
    """Only a verdict on the task itself ends it; a question that found no answer is asked again."""
    if isinstance(error, ContentRejectedError | TaskFailedError):
        return fail_with(job, lease, error, charged=error.charged)
    if not isinstance(error, MiniMaxError | NoConnectionError):
        log.error("job %s could not be asked for", job.pk, exc_info=error)
        error = NoConnectionError(_("Something went wrong inside the studio."))
    tell_connection(job, error)
    if timezone.now() - job.began_at > LONGEST_WAIT:
        return fail_with(job, lease, error, charged=Charged.UNKNOWN)  # it was sent; what became of it is not known
    wait = max(timedelta(seconds=get_kind(job.kind).poll_every_s), backoff(job.refusals))
    Job.objects.move_on(
        job.pk,
        lease,
        refusals=F("refusals") + 1,
        next_at=timezone.now() + wait,
        notice=_("%(why)s Asking again.") % {"why": sentence(error)},
    )
    publish(job.pk)

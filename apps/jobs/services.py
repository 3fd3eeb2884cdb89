"""What a person can do with jobs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.jobs import presence
from apps.jobs.events import publish
from apps.jobs.kinds import Kind, get_kind, names_of_parts
from apps.jobs.lifecycle import charge, enter, usual_seconds
from apps.jobs.models import Job, JobQuerySet, Status
from apps.jobs.tasks import ring
from apps.library.services import shorten
from apps.library.storage_use import check_room
from apps.usage import budgets, prices
from apps.usage.models import Charged
from apps.workspaces import tray, wallets
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable


def submit_job(
    member: Membership, kind: Kind, request: Mapping[str, Any], *, click: str, needs_room: bool = True
) -> Job:
    """Store the request and ring a worker once the row is committed.

    `click` is one per press of the button: a second press of the same button returns the first job. Raises
    StorageFullError or BudgetReachedError, and nothing is stored; `needs_room=False` is for what follows from something
    that a person has agreed to before.
    """
    if needs_room:
        check_room(member.workspace_id, member.user_id)
    presence.looks(member.user_id, member.workspace_id)
    click = storable(click)
    route = wallets.route(member.workspace_id, wallets.modality_of(kind.name), str(request.get("model") or ""))
    connection = route.connection if route else None
    is_free = route is not None and route.is_free
    job = Job(
        workspace=member.workspace,
        created_by=member.user,
        kind=kind.name,
        title=shorten(kind.title(request)),
        request=dict(request),
        click=click,
        estimate_usd=Decimal(0) if is_free else price_now(member.workspace_id, kind, request),
        expected_s=usual_seconds(kind),
        connection_kind=connection.kind if connection else "",
        connection=connection,
        route=route.as_dict() if route else {},
    )
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            budgets.hold(f"job:{job.pk}", member, kind=kind.name, amount_usd=job.estimate_usd)
    except IntegrityError:
        return Job.objects.select_related("workspace", "created_by").get(workspace=member.workspace, click=click)
    transaction.on_commit(lambda: ring(job), robust=True)
    transaction.on_commit(lambda: publish(job.pk), robust=True)
    return job


def price_now(workspace_id: int, kind: Kind, request: Mapping[str, Any]) -> Decimal | None:
    """US dollars by the prices that the workspace reckons with today, whoever asks."""
    with prices.in_force(workspace_id):
        return kind.price(request)


def jobs_of(member: Membership, *, mine: bool = False, kind: str = "") -> JobQuerySet:
    """Newest first, everything the cards show in one query."""
    jobs = Job.objects.visible_to(member).for_cards().order_by("-id")
    if mine:
        jobs = jobs.filter(created_by=member.user)
    return jobs.filter(kind=kind) if kind else jobs


def page_of_jobs(
    member: Membership, kind: str, size: int, *, before: uuid.UUID | None = None
) -> tuple[list[Job], uuid.UUID | None]:
    """The workspace's jobs of a kind, newest first, and where the next page starts."""
    jobs = jobs_of(member, kind=kind)
    if before:
        jobs = jobs.filter(pk__lt=before)
    page = list(jobs[: size + 1])
    return page[:size], page[size - 1].pk if len(page) > size else None


def tray_items(member: Membership) -> Iterator[tray.Item]:
    """What the jobs tray shows of this workspace's jobs."""
    alone = Job.objects.visible_to(member).moving().exclude(kind__in=names_of_parts())
    for job in alone.select_related("workspace", "created_by"):
        kind, state = get_kind(job.kind), job.get_status_display()
        if job.status == Status.SAVING and job.results_expire_at:
            ends = date_format(timezone.localtime(job.results_expire_at), "H:i")
            state = _("Not yet safe: MiniMax's link ends at %(time)s") % {"time": ends}
        yield tray.Item(
            id=str(job.pk),
            title=job.title,
            icon=kind.icon,
            state=state,
            url=f"{reverse(kind.page, args=[job.workspace.slug])}#job-{job.pk}",
            person=job.created_by,
            started_at=job.created_at,
            percent=job.percent,
        )


def look_again(job_id: uuid.UUID) -> None:
    """Make a job due that MiniMax works on. One whose create call or poll is under way is looked at again after it."""
    if not Job.objects.filter(pk=job_id, status__in=(Status.SUBMITTING, Status.WAITING)).update(next_at=timezone.now()):
        return
    job = Job.objects.filter(pk=job_id, status=Status.WAITING).only("pk", "next_at").first()
    if job:
        ring(job)


def cancel(job: Job) -> bool:
    """Stop a job. One that MiniMax already has cannot be called back: it is dropped here and may still cost.

    False if it is too late: it is being sent, being saved, or over.
    """
    over = {
        "status": Status.CANCELLED,
        "finished_at": timezone.now(),
        "notice": "",
        "is_paused": False,
        "lease": None,
        "leased_until": None,
    }
    with transaction.atomic():
        is_unsent = Job.objects.filter(pk=job.pk, status=Status.QUEUED).update(**over, charged=Charged.NO)
        if is_unsent:
            budgets.release(f"job:{job.pk}")
        is_dropped = not is_unsent and Job.objects.filter(pk=job.pk, status=Status.WAITING).update(
            **over, charged=charge(job, Charged.UNKNOWN)
        )
        if is_dropped:
            enter(job)
    if is_unsent or is_dropped:
        publish(job.pk)
    return bool(is_unsent or is_dropped)


def pause(job: Job) -> None:
    """Hold a job back. Only before it is sent."""
    if _queued(job).update(is_paused=True):
        publish(job.pk)


def resume(job: Job) -> None:
    _move(job, is_paused=False)


def move_to_front(job: Job) -> None:
    """Let it go before everything else that this workspace has waiting."""
    line = Job.objects.filter(workspace=job.workspace, status=Status.QUEUED)
    _move(job, position=(line.aggregate(first=Min("position"))["first"] or 0) - 1)


def move_to_end(job: Job) -> None:
    line = Job.objects.filter(workspace=job.workspace, status=Status.QUEUED)
    _move(job, position=(line.aggregate(last=Max("position"))["last"] or 0) + 1)


def _queued(job: Job) -> JobQuerySet:
    return Job.objects.filter(pk=job.pk, status=Status.QUEUED)


def _move(job: Job, **changes: Any) -> None:
    """Give it another place in the line, and let it ask for its turn again."""
    if _queued(job).update(**changes, next_at=timezone.now()):
        publish(job.pk)
        ring(job)


def run_again(member: Membership, job: Job, *, click: str = "") -> Job:
    """Ask for the same thing once more, as a new job with a price of its own."""
    return submit_job(member, get_kind(job.kind), job.request, click=click or str(uuid.uuid4()))

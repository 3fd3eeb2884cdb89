from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.jobs.kinds import Kind, get_kind
from apps.library.models import Asset, new_id
from apps.usage.models import Charged
from apps.workspaces.models import Connection, ConnectionKind, Workspace
from apps.workspaces.querysets import WorkspaceQuerySet
from apps.workspaces.storable import storable


class Status(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SUBMITTING = "submitting", _("Being sent")
    WAITING = "waiting", _("Being made")
    SAVING = "saving", _("Being saved")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


LARGEST_INTEGER = 2**31 - 1
MOVING = (Status.QUEUED, Status.SUBMITTING, Status.WAITING, Status.SAVING)


def fit(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What MiniMax said, cut to what the row can hold: no paid job is lost over an odd trace id or code."""
    fitting = storable(dict(changes))
    for name, value in fitting.items():
        length = getattr(Job._meta.get_field(name), "max_length", None)
        if isinstance(value, str) and length and name != "status":
            fitting[name] = value[:length]
    if abs(fitting.get("error_code") or 0) > LARGEST_INTEGER:
        fitting["error_code"] = None
    return fitting


def next_look(after: timedelta, *, since: Any) -> Any:
    """For `next_at` of a job that was held since then: after some time, or now if it was called for meanwhile."""
    return Case(When(next_at__gt=since, then=F("next_at")), default=Value(timezone.now() + after))


class JobQuerySet(WorkspaceQuerySet):
    """Claims with a token. The library's leases need none: there, work that is done twice costs nothing."""

    def moving(self) -> Self:
        return self.filter(status__in=MOVING)

    def due(self, now: datetime) -> Self:
        """Jobs that somebody should look at: their time has come and nobody holds them."""
        free = Q(leased_until=None) | Q(leased_until__lt=now)
        return self.moving().filter(free, next_at__lte=now, is_paused=False)

    def claim(self, pk: Any, *, from_status: str, to_status: str, lease: timedelta, **changes: Any) -> uuid.UUID | None:
        """Move one job on and hold it. None if it is not there any more, e.g. another worker took it.

        The token must be shown to change the job again: a worker that slept through its lease changes nothing.
        """
        token = uuid.uuid4()
        return token if self.filter(pk=pk)._claim(token, from_status, lease, status=to_status, **changes) else None

    def claim_together(self, pks: Sequence[Any], *, status: str, lease: timedelta) -> uuid.UUID | None:
        """Hold those of many jobs that are due and free, all with one token. None when it is none of them."""
        token = uuid.uuid4()
        return token if self.filter(pk__in=pks)._claim(token, status, lease) else None

    def _claim(self, token: uuid.UUID, from_status: str, lease: timedelta, **changes: Any) -> int:
        now = timezone.now()
        held = {"lease": token, "leased_until": now + lease, "attempt": F("attempt") + 1}
        return self.due(now).filter(status=from_status).update(**held, **changes)

    def move_on(self, pk: Any, lease: uuid.UUID, **changes: Any) -> bool:
        """Change a job that we hold, and let it go. False if the lease was lost meanwhile."""
        return bool(self.filter(pk=pk, lease=lease).update(**fit(changes), lease=None, leased_until=None))

    def go_on(self, pk: Any, lease: uuid.UUID, by: timedelta, **changes: Any) -> bool:
        """Change a job that we hold, and hold it for longer. False if the lease was lost meanwhile."""
        changes["leased_until"] = timezone.now() + by
        return bool(self.filter(pk=pk, lease=lease).update(**fit(changes)))

    def for_cards(self) -> Self:
        """With everything a card shows."""
        assets = Asset.objects.select_related("workspace", "created_by")
        return self.select_related("workspace", "created_by").prefetch_related(models.Prefetch("assets", assets))

    def in_line(self, workspace_id: Any, kinds: Sequence[str]) -> Self:
        """What waits in one workspace to be sent, under one rate limit."""
        return self.filter(workspace_id=workspace_id, kind__in=kinds, status=Status.QUEUED, is_paused=False)

    def before(self, job: Job) -> Self:
        """Those of a line that go before `job`."""
        return self.filter(Q(position__lt=job.position) | Q(position=job.position, pk__lt=job.pk))


class Job(models.Model):
    """One thing a person asked MiniMax for.

    queued → submitting → waiting → saving → succeeded; from any of them to failed or cancelled.
    Whatever happens to brokers and workers, this row says how far it is and when somebody should look at it again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="jobs")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=20)  # a name in apps.jobs.kinds
    title = models.CharField(max_length=200)
    request = models.JSONField()  # the validated form, so that it can be recalled
    click = models.CharField(max_length=36)  # one per press of the button: a double click finds this job

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    position = models.BigIntegerField(default=0)  # smaller goes first among those that wait for their turn
    is_paused = models.BooleanField(default=False)  # only before it is sent
    attempt = models.PositiveIntegerField(default=0)  # claims so far, in any state
    refusals = models.PositiveIntegerField(default=0)  # times MiniMax said "not now"
    next_at = models.DateTimeField(default=timezone.now)  # nobody needs to look before this
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    minimax_task_id = models.CharField(max_length=64, blank=True)
    minimax_status = models.CharField(max_length=20, blank=True)  # MiniMax's own word while it works
    trace_id = models.CharField(max_length=64, blank=True)  # MiniMax's support asks for it
    results = models.JSONField(default=list)  # what is to be saved: apps.jobs.kinds.Result as dictionaries
    results_expire_at = models.DateTimeField(null=True)
    connection_kind = models.CharField(max_length=10, blank=True)  # where it was sent: the sandbox charges nothing
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="+")  # its key to the end
    route = models.JSONField(default=dict)  # why this one: apps.workspaces.wallets.Route
    submitted_at = models.DateTimeField(null=True)
    expected_s = models.FloatField(null=True)  # from sending to the end, judged by past jobs; null: there were none
    finished_at = models.DateTimeField(null=True)

    estimate_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    usage = models.JSONField(default=dict)  # what MiniMax reported
    charged = models.CharField(max_length=7, choices=Charged, default=Charged.NO)
    error_code = models.IntegerField(null=True)  # MiniMax's own
    error = models.TextField(blank=True)  # a sentence for the person, never a traceback
    next_step = models.TextField(blank=True)
    notice = models.TextField(blank=True)  # what it waits for, or what is worth knowing about the result
    assets: models.ManyToManyField = models.ManyToManyField(Asset, related_name="jobs")

    objects: ClassVar = JobQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "click"], name="one_job_per_click")]
        indexes = [
            models.Index(fields=["next_at"], name="jobs_due", condition=Q(status__in=MOVING)),
            models.Index(fields=["workspace", "-id"], name="jobs_of_workspace"),
            models.Index(fields=["workspace", "position", "id"], name="jobs_in_line", condition=Q(status="queued")),
            models.Index(fields=["kind", "-id"], name="jobs_succeeded", condition=Q(status="succeeded")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_moving(self) -> bool:
        return self.status in MOVING

    @property
    def may_be_cancelled(self) -> bool:
        return self.status in (Status.QUEUED, Status.WAITING)

    @property
    def modality(self) -> Kind:
        return get_kind(self.kind)

    @property
    def model(self) -> str:
        return str(self.request.get("model") or "")

    @property
    def is_on_sandbox(self) -> bool:
        return self.connection_kind == ConnectionKind.SANDBOX

    @property
    def is_free(self) -> bool:
        """Whether no money goes: on the sandbox, and where the window of a plan pays."""
        return self.is_on_sandbox or bool(self.route.get("covered"))

    @property
    def price_usd(self) -> Decimal | None:
        """What it cost, or while that is unknown, what it was expected to cost."""
        return self.estimate_usd if self.cost_usd is None else self.cost_usd

    @property
    def can_run_again(self) -> bool:
        return not self.is_moving and not (self.modality.is_once and self.status == Status.SUCCEEDED)

    @property
    def price_again_usd(self) -> Decimal | None:
        """What the same would cost if it were asked for now."""
        return get_kind(self.kind).price(self.request)

    @property
    def new_click(self) -> str:
        """For the button that runs it again: one for each time the card is drawn."""
        return str(uuid.uuid4())

    @property
    def began_at(self) -> datetime:
        return self.submitted_at or self.created_at

    @property
    def took_s(self) -> float | None:
        return (self.finished_at - self.began_at).total_seconds() if self.finished_at else None

    @property
    def elapsed_s(self) -> float:
        return (timezone.now() - self.began_at).total_seconds()

    @property
    def is_put_off(self) -> bool:
        return bool(self.notice) and self.next_at > timezone.now()

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """The way of a job, each step with how the card draws it."""
        now = MOVING.index(Status(self.status)) if self.is_moving else len(MOVING)
        labels = (_("Queue"), _("Sending"), _("Making"), _("Saving"), _("Safe"))
        states = ("is-past" if i < now else "is-now" if i == now else "is-ahead" for i in range(len(labels)))
        return list(zip(states, labels, strict=True))

    @property
    def result_templates(self) -> list[str]:
        """How a finished job shows what it made: the first of these that exists."""
        return [f"{self.kind}/_result.html", "jobs/_assets.html"]

    @property
    def kept_assets(self) -> list[Asset]:
        """What it made, in MiniMax's order, without what lies in the trash."""
        kept = (asset for asset in self.assets.all() if asset.trashed_at is None)
        return sorted(kept, key=lambda asset: (asset.pk.int - self.pk.int - 1) & 0xFF)  # see saving.asset_id

    @property
    def percent(self) -> int | None:
        """How far it is, judged by past jobs; never quite there before it is. None: nothing to judge by."""
        if self.status not in (Status.SUBMITTING, Status.WAITING, Status.SAVING) or not self.expected_s:
            return None
        return min(95, round(100 * (timezone.now() - self.began_at).total_seconds() / self.expected_s))


class Turn(models.Model):
    """When one connection last called one family of endpoints: what the rate limit is counted from."""

    connection = models.ForeignKey("workspaces.Connection", models.CASCADE, related_name="+")
    family = models.CharField(max_length=20)  # a key of the catalogue's rate limits
    calls = models.JSONField(default=list)  # unix times in seconds of the calls inside the window, oldest first

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "family"], name="one_turn_per_family")]

    def __str__(self) -> str:
        return self.family

"""The other wallet steps in where MiniMax refused one over money and the workspace allows it."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.jobs.events import publish
from apps.jobs.kinds import get_kind
from apps.jobs.models import Job, Status
from apps.minimax.errors import MiniMaxError
from apps.usage import budgets
from apps.usage.models import Charged
from apps.workspaces import wallets
from apps.workspaces.models import Membership


def step_in(job: Job, lease: uuid.UUID, error: MiniMaxError) -> bool:
    """Put a refused job, which cost nothing, back in line with the other key. False: it ends as it is.

    So it is as well where a budget has no room for what the other key will cost.
    """
    route = wallets.fail_over(job.workspace_id, job.connection_id, wallets.modality_of(job.kind), job.model)
    if route is None:
        return False
    price = Decimal(0) if route.is_covered else get_kind(job.kind).price(job.request)
    member = Membership(workspace_id=job.workspace_id, user_id=job.created_by_id)
    source = f"job:{job.pk}"
    try:
        with transaction.atomic():
            budgets.release(source)
            budgets.hold(source, member, kind=job.kind, amount_usd=price)
            Job.objects.move_on(
                job.pk,
                lease,
                status=Status.QUEUED,
                charged=Charged.NO,
                connection_id=route.connection.pk,
                connection_kind=route.connection.kind,
                route=route.as_dict(),
                estimate_usd=price,
                next_at=timezone.now(),
                notice=_("%(why)s It goes with the other key: %(route)s")
                % {"why": error.sentence_in(_), "route": wallets.explain(route.as_dict())},
                trace_id=error.trace_id or job.trace_id,
            )
    except budgets.BudgetReachedError:
        return False
    publish(job.pk)
    return True

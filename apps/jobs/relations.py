"""What jobs have to do with assets: what they made, and what those on their way are waiting for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.jobs.models import Job
from apps.library.dependants import MOST
from apps.library.details import Making
from apps.library.lineage import named_in
from apps.library.models import Asset
from apps.usage.models import Charged
from apps.workspaces.models import Membership
from apps.workspaces.wallets import explain

LOOKED_AT = 500  # jobs in motion


def find_making(asset: Asset) -> Making | None:
    job = asset.jobs.first()
    if job is None:
        return None
    parts = max(1, len(job.results))
    return Making(
        estimate_usd=None if job.estimate_usd is None else job.estimate_usd / parts,
        charged=_("It may have been charged.") if job.charged == Charged.UNKNOWN else "",
        is_on_sandbox=job.is_on_sandbox,
        wallet="" if job.is_on_sandbox else explain(job.route),
        took_s=job.took_s,
    )


def find_moving(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    """Jobs that have yet to read this asset, or are just doing so."""
    waiting = (job for job in _moving(member) if any(pk == asset.pk for pk, _role in named_in(job.request)))
    for _place, job in zip(range(MOST + 1), waiting, strict=False):
        page = reverse(job.modality.page, args=[member.workspace.slug])
        yield f"{job.modality.label}: {job.title}", f"{page}#job-{job.pk}"


def awaited_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    return (pk for job in _moving(member) for pk, _role in named_in(job.request))


def _moving(member: Membership) -> Iterable[Job]:
    return Job.objects.visible_to(member).moving().order_by("-id").only("kind", "title", "request")[:LOOKED_AT]

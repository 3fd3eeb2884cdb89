"""What somebody's leaving asks of jobs: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.accounts.models import User
from apps.jobs.models import Job


def jobs(user: User) -> Iterator[Mapping[str, Any]]:
    rows = Job.objects.filter(created_by=user).order_by("pk")
    told = ("id", "workspace__slug", "kind", "title", "request", "status", "created_at", "finished_at", "cost_usd")
    yield from rows.values(*told).iterator(500)

"""What a person can do with templates."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from apps.agents.forms import TemplateForm
from apps.agents.gallery import Template
from apps.agents.generation import AGENT
from apps.jobs.models import Job
from apps.jobs.services import jobs_of
from apps.library.models import Asset
from apps.workspaces.models import Connection, ConnectionKind, Membership

PAGE = 12  # films


@dataclass(frozen=True)
class Situation:
    """What decides about the page: where the workspace sends its requests, and whether that costs anything."""

    kind: str  # of the connection; empty: none

    @property
    def is_free(self) -> bool:
        return self.kind == ConnectionKind.SANDBOX

    @property
    def is_mainland(self) -> bool:
        return self.kind == ConnectionKind.MAINLAND


def situation_of(member: Membership) -> Situation:
    kind = Connection.objects.filter(workspace=member.workspace).values_list("kind", flat=True).first()
    return Situation(kind or "")


def list_jobs(member: Membership, *, before: uuid.UUID | None = None) -> tuple[list[Job], uuid.UUID | None]:
    """The workspace's films of templates, newest first, and where the next page starts."""
    jobs = jobs_of(member, kind=AGENT.name)
    if before:
        jobs = jobs.filter(pk__lt=before)
    page = list(jobs[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def recall(member: Membership, asset_id: str) -> dict[str, Any]:
    """Return initial values for the form: what made a film of this workspace. Empty when it made none."""
    try:
        asset = Asset.objects.visible_to(member).filter(pk=uuid.UUID(asset_id), kind=AGENT.name).first()
    except ValueError:
        asset = None
    if asset is None:
        return {}
    return {name: value for name, value in asset.request.items() if name in TemplateForm.base_fields and value}


def is_fitting(template: Template, situation: Situation) -> bool:
    """Whether the template can be had where the workspace sends its requests."""
    return ("mainland" if situation.is_mainland else "global") in template.row.regions

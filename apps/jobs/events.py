"""Job cards, pushed to the workspace whenever a job has moved."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from apps.jobs.models import Job, Status
from apps.workspaces import tray
from apps.workspaces.events import publish as push

OVER = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


def publish(pk: Any) -> None:
    """Push the job's card as the row stands now. A lost message costs seconds: a card in motion also polls."""
    job = Job.objects.select_related("workspace", "created_by").get(pk=pk)
    if job.status in (Status.QUEUED, *OVER):  # what is in motion has become more or less
        tray.ring(job.workspace)
    push(job.workspace_id, render_to_string("jobs/_card.html", {"job": job, "oob": True}))

"""Who is looking: a person whose page shows the job needs no message about it."""

from __future__ import annotations

from django.core.cache import cache
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.jobs.kinds import get_kind
from apps.jobs.models import Job, Status
from apps.notifications.services import notify
from apps.workspaces import news

LOOKS_FOR_S = 60  # a card in motion asks every 20 s; a browser lets a hidden page ask once a minute


def _key(user_id: int, workspace_id: int) -> str:
    return f"jobs.looks.{user_id}.{workspace_id}"


def looks(user_id: int, workspace_id: int) -> None:
    """Note that the person has a page with cards of the workspace open."""
    cache.set(_key(user_id, workspace_id), True, LOOKS_FOR_S)


def tell_if_away(job: Job) -> None:
    """Leave a message for the person whose job is over, unless they see it anyway."""
    if cache.get(_key(job.created_by_id, job.workspace_id)):
        return
    kind = get_kind(job.kind)
    if kind.is_part:
        if told := kind.whole and kind.whole(job):
            notify(job.created_by, job.workspace, *told, kind=kind_of(job))
        return
    words = _("Done: {title}") if job.status == Status.SUCCEEDED else _("Failed: {title}")
    page = reverse(kind.page, args=[job.workspace.slug])
    text = format_lazy(words, title=job.title)
    notify(job.created_by, job.workspace, text, f"{page}#job-{job.pk}", kind=kind_of(job))


def kind_of(job: Job) -> news.Kind:
    return news.Kind.DONE if job.status == Status.SUCCEEDED else news.Kind.FAILED

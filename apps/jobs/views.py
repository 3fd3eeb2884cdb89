from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from apps.jobs import presence, services
from apps.jobs.models import Job
from apps.workspaces.access import MemberRequest, member_required


def _card(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "jobs/_card.html", {"job": get_object_or_404(services.jobs_of(request.member), pk=pk)})


def _job(request: MemberRequest, pk: uuid.UUID) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.member).select_related("workspace"), pk=pk)


@require_GET
@member_required()
def card(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    presence.looks(request.member.user_id, request.member.workspace_id)
    return _card(request, job)


@require_POST
@member_required(can="create")
def cancel(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    services.cancel(_job(request, job))
    return _card(request, job)


@require_POST
@member_required(can="create")
def pause(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    services.pause(_job(request, job), True)
    return _card(request, job)


@require_POST
@member_required(can="create")
def resume(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    services.pause(_job(request, job), False)
    return _card(request, job)


@require_POST
@member_required(can="create")
def first(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    services.move_to_front(_job(request, job))
    return _card(request, job)


@require_POST
@member_required(can="create")
def last(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    services.move_to_end(_job(request, job))
    return _card(request, job)


@require_POST
@member_required(can="create")
def again(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    """Ask for the same once more: a new job and a new price, so only ever by a person's click."""
    old = get_object_or_404(services.jobs_of(request.member), pk=job)
    new = services.run_again(request.member, old, click=request.POST.get("click", "")[:36])
    return render(request, "jobs/_again.html", {"job": new, "old": old})

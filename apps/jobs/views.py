from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from apps.jobs import hooks, presence, services
from apps.jobs.models import Job
from apps.workspaces.access import MemberRequest, member_required


def _card(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "jobs/_card.html", {"job": get_object_or_404(services.jobs_of(request.member), pk=pk)})


@require_GET
@member_required()
def card(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    presence.looks(request.member.user_id, request.member.workspace_id)
    return _card(request, job)


def _button(act: Callable[[Job], object]) -> Callable[..., HttpResponse]:
    """The view of a button on the card: do it, and answer with the card as it is now."""

    @require_POST
    @member_required(can="create")
    def press(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
        act(get_object_or_404(Job.objects.visible_to(request.member).select_related("workspace"), pk=job))
        return _card(request, job)

    return press


cancel = _button(services.cancel)
pause = _button(services.pause)
resume = _button(services.resume)
first = _button(services.move_to_front)
last = _button(services.move_to_end)


@require_POST
@member_required(can="create")
def again(request: MemberRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    """Ask for the same once more: a new job and a new price, so only ever by a person's click."""
    old = get_object_or_404(services.jobs_of(request.member), pk=job)
    if not old.can_run_again:
        return _card(request, job)
    new = services.run_again(request.member, old, click=request.POST.get("click", "")[:36])
    return render(request, "jobs/_again.html", {"job": new, "old": old})


@csrf_exempt  # no browser sends this, and it has no cookie: the path is the permission
@require_POST
def hook(request: HttpRequest, secret: str) -> HttpResponse:
    """MiniMax's news: answer the challenge, or look at the job again."""
    job_id = hooks.read_secret(secret)
    if job_id is None:
        raise Http404
    if hooks.is_too_much(job_id):
        return HttpResponse(status=429)
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    if isinstance(told, dict) and isinstance(told.get("challenge"), str):
        hooks.challenged(job_id)
        return JsonResponse({"challenge": told["challenge"]})
    services.look_again(job_id)
    return JsonResponse({})

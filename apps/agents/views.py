from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from apps.agents import services
from apps.agents.forms import PICTURE, TEXT_CHARACTERS, TemplateForm
from apps.agents.gallery import Template, find_template, templates_for
from apps.agents.generation import AGENT
from apps.jobs.services import page_of_jobs, submit_job
from apps.library.uploads import find_picture
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.connections import Situation, situation_of


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The wall. `?media=<asset>` gives every template that picture, `?from=<asset>` leads to the form as that film was
    made, `?before=<job>` gives older films.
    """
    member = request.member
    if made := services.recall(member, request.GET.get("from", "")):
        form_page = reverse("agents:template", args=[workspace, made["template_id"]])
        return redirect(
            f"{form_page}?{urlencode({name: request.GET[name] for name in ('from', 'only') if name in request.GET})}"
        )
    jobs, older = page_of_jobs(member, AGENT.name, services.PAGE, before=_uuid(request.GET.get("before", "")))
    if request.htmx and "before" in request.GET and not request.htmx.history_restore_request:
        return render(request, "agents/_jobs.html", {"jobs": jobs, "next": older})
    situation = situation_of(member)
    templates = templates_for(situation.kind)
    context = {
        "overview": [each for each in templates if each.row.current],
        "further": [each for each in templates if not each.row.current],
        "is_mainland": situation.is_mainland,
        "is_free": situation.is_free,
        "picture": find_picture(member, request.GET.get("media")),
        "can_create": member.may("create"),
        "jobs": jobs,
        "next": older,
    }
    response = render(request, "agents/index.html", context)
    response["Vary"] = "HX-Request"
    return response


@require_GET
@member_required()
def template(request: MemberRequest, workspace: str, template_id: str) -> HttpResponse:
    """The form of one template. `?from=<asset>` fills it as that film was made, `?media=<asset>` with a picture."""
    member, situation = request.member, situation_of(request.member)
    chosen = _template_or_404(template_id)
    initial = services.recall(member, request.GET.get("from", ""), request.GET.get("only", ""))
    if find_picture(member, request.GET.get("media")):
        initial["picture"] = request.GET["media"]
    form = TemplateForm(initial=initial, member=member, connection_kind=situation.kind)
    jobs, older = page_of_jobs(member, AGENT.name, services.PAGE)
    context = _composer(request, form, chosen, situation) | {"jobs": jobs, "next": older}
    return render(request, "agents/template.html", context)


@require_POST
@member_required(can="create")
def create(request: MemberRequest, workspace: str, template_id: str) -> HttpResponse:
    """One press of the button: the new job's card, or 422 and the form with a sentence at each field that is wrong."""
    situation = situation_of(request.member)
    chosen = _template_or_404(template_id)
    data = request.POST.copy()
    data["template_id"] = chosen.id
    form = TemplateForm(data, member=request.member, connection_kind=situation.kind)
    click = request.POST.get("click", "")[:36]
    if not form.is_valid() or not click:
        context = _composer(request, form, chosen, situation)
        if not request.htmx:
            jobs, older = page_of_jobs(request.member, AGENT.name, services.PAGE)
            return render(request, "agents/template.html", context | {"jobs": jobs, "next": older}, status=422)
        response = render(request, "agents/_form.html", context, status=422)
        return reswap(retarget(response, "#agents"), "outerHTML")
    job = submit_job(request.member, AGENT, form.cleaned_data, click=click)
    if not request.htmx:
        return redirect(f"{reverse('agents:template', args=[workspace, chosen.id])}#job-{job.pk}")
    return render(request, "agents/_started.html", {"job": job, "click": uuid.uuid4()})


def _composer(request: MemberRequest, form: TemplateForm, chosen: Template, situation: Situation) -> dict[str, Any]:
    """What agents/_form.html shows."""
    return {
        "form": form,
        "template": chosen,
        "purpose": PICTURE,
        "text_characters": TEXT_CHARACTERS,
        "picture": find_picture(request.member, form["picture"].value()),
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
        "is_fitting": services.is_fitting(chosen, situation),
        "can_create": request.member.may("create"),
        "click": str(request.POST.get("click") or uuid.uuid4())[:36],
    }


def _template_or_404(template_id: str) -> Template:
    chosen = find_template(template_id)
    if chosen is None:
        raise Http404
    return chosen


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None

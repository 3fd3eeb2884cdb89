from __future__ import annotations

import json
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.chat import prompts
from apps.chat.models import Prompt
from apps.chat.prompts import FillForm, PromptForm
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.storable import storable

LISTED = 200
OFFERED = 12  # after a slash


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The library; `?q=` holds these words."""
    q = _words(request)
    found = prompts.find(request.member, q)[:LISTED]
    rows = [(prompt, prompts.may_change(request.member, prompt)) for prompt in found]
    context = {"rows": rows, "q": q, "slug": workspace, "can_create": request.member.may("create")}
    return render(request, "chat/prompts/_rows.html" if request.htmx else "chat/prompts/index.html", context)


@require_GET
@member_required()
def offer(request: MemberRequest, workspace: str) -> HttpResponse:
    """What the composer lists after a slash."""
    context = {"offered": prompts.find(request.member, _words(request))[:OFFERED], "slug": workspace}
    return render(request, "chat/prompts/_offer.html", context)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def add(request: MemberRequest, workspace: str) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def edit(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return _edit(request, _find_to_change(request, pk))


def _edit(request: MemberRequest, prompt: Prompt | None) -> HttpResponse:
    form = PromptForm(storable(request.POST.dict()) if request.method == "POST" else None, instance=prompt)
    if request.method == "POST" and form.is_valid():
        saved = prompts.save(request.member, form)
        return redirect("chat:prompt", request.member.workspace.slug, saved.pk)
    context: dict[str, Any] = {"form": form, "prompt": prompt, "slug": request.member.workspace.slug}
    if prompt:
        context["versions"] = list(prompt.versions.select_related("created_by"))
    return render(request, "chat/prompts/edit.html", context, status=422 if form.errors else 200)


@require_GET
@member_required()
def version(request: MemberRequest, workspace: str, pk: uuid.UUID, number: int) -> HttpResponse:
    """An earlier text, as it was."""
    prompt = get_object_or_404(Prompt.objects.visible_to(request.member), pk=pk)
    shown = get_object_or_404(prompt.versions.select_related("created_by"), number=number)
    context = {"prompt": prompt, "version": shown, "slug": workspace}
    return render(request, "chat/prompts/_version.html", context)


@require_POST
@member_required(can="create")
def restore(request: MemberRequest, workspace: str, pk: uuid.UUID, number: int) -> HttpResponse:
    """Make an earlier text the newest one."""
    prompt = _find_to_change(request, pk)
    body = get_object_or_404(prompt.versions, number=number).body
    form = PromptForm({"name": prompt.name, "body": body, "is_shared": prompt.is_shared}, instance=prompt)
    if form.is_valid():
        prompts.save(request.member, form)
    return redirect("chat:prompt", workspace, pk)


@require_POST
@member_required(can="create")
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    _find_to_change(request, pk).delete()
    if not request.htmx:
        return redirect("chat:prompts", workspace)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("chat:prompts", args=[workspace])
    return response


@require_http_methods(["GET", "POST"])
@member_required()
def use(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The form that asks for the variables; its answer, and a prompt without any, is the text itself."""
    prompt = get_object_or_404(Prompt.objects.visible_to(request.member), pk=pk)
    variables = prompts.find_variables(prompt.body)
    form = FillForm(variables, request.POST if request.method == "POST" else None)
    if variables and not form.is_valid():
        context = {"prompt": prompt, "form": form, "slug": workspace}
        return render(request, "chat/prompts/_fill.html", context, status=422 if form.is_bound else 200)
    text = prompts.fill(prompt.body, form.values if variables else {})
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"prompt:filled": {"text": text}})
    return response


def _words(request: MemberRequest) -> str:
    return storable(request.GET.get("q", "")).strip()[:200]


def _find_to_change(request: MemberRequest, pk: uuid.UUID) -> Prompt:
    """Raises PermissionDenied for a prompt that somebody else made."""
    prompt = get_object_or_404(Prompt.objects.visible_to(request.member), pk=pk)
    if not prompts.may_change(request.member, prompt):
        raise PermissionDenied(_("Somebody else made this prompt."))
    return prompt

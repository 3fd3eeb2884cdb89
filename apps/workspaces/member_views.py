"""One member's page: their limits, suspending and letting in again, handing the workspace over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.workspaces import rights, services
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.forms import PersonRightsForm, RoleRightsForm
from apps.workspaces.models import Membership, Role


def _target(request: MemberRequest, pk: int) -> Membership:
    people = Membership.everyone.visible_to(request.member).select_related("user", "workspace")
    return get_object_or_404(people, pk=pk)


@member_required(can="manage")
@require_GET
def member(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    target = _target(request, pk)
    return render(request, "workspaces/member.html", _page(request, target))


def _page(request: MemberRequest, target: Membership) -> dict[str, Any]:
    is_owner = request.member.may("own")
    form = PersonRightsForm(rights=target.rights) if is_owner and target.role in rights.LIMITED_ROLES else None
    may_hand_over = is_owner and target.pk != request.member.pk and not target.suspended_at
    return {"target": target, "form": form, "may_hand_over": may_hand_over}


@member_required(can="own")
@require_POST
def limit_person(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    target = _target(request, pk)
    form = PersonRightsForm(request.POST)
    if not form.is_valid():
        return render(request, "workspaces/member.html", _page(request, target) | {"form": form}, status=422)
    rights.limit_person(request.member, target, form.as_rights(), request)
    messages.success(request, _("Saved."))
    return redirect("workspaces:member", workspace, pk)


@member_required(can="own")
@require_POST
def limit_role(request: MemberRequest, workspace: str, role: str) -> HttpResponse:
    if role not in rights.LIMITED_ROLES:
        raise Http404
    form = RoleRightsForm(request.POST, prefix=role)
    if form.is_valid():
        rights.limit_role(request.member, Role(role), form.as_rights(), request)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("An amount is a number of US dollars, such as 2.50."))
    return redirect("workspaces:members", workspace)


def _act(request: MemberRequest, pk: int, act: Callable[[Membership, Membership, HttpRequest], None], done: str) -> Any:
    target = _target(request, pk)
    try:
        act(request.member, target, request)
    except services.NotPossibleError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, done)
    return redirect("workspaces:members", request.member.workspace.slug)


@member_required(can="manage")
@require_POST
def suspend(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    return _act(request, pk, services.suspend, _("This person cannot come in any more."))


@member_required(can="manage")
@require_POST
def restore(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    return _act(request, pk, services.restore, _("This person may come in again."))


@member_required(can="own")
@require_POST
def hand_over(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    get_object_or_404(Membership.objects.visible_to(request.member), pk=pk)  # nobody who is suspended
    return _act(request, pk, services.hand_over, _("The workspace was handed over."))

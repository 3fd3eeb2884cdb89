from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.workspaces import second_factor, services
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.forms import InvitationForm, RoleForm, RoleRightsForm
from apps.workspaces.models import Invitation, Membership
from apps.workspaces.rights import LIMITED_ROLES


def _go(request: MemberRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


# --- members ----------------------------------------------------------------------------------------------------------


def _members_context(request: MemberRequest) -> dict[str, Any]:
    me = request.member
    people = Membership.everyone.visible_to(me).select_related("user").order_by("created_at", "pk")
    context: dict[str, Any] = {"people": [_row(me, member) for member in people], "may_manage": me.may("manage")}
    if me.may("manage"):
        context["invitations"] = Invitation.objects.visible_to(me).open().select_related("created_by").order_by("-pk")
        context["invitation_form"] = InvitationForm(member=me)
        context["has_mail"] = not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
        context["protected"] = second_factor.who_has_one(member.user_id for member in people)
    if me.may("own"):
        kept = me.workspace.rights
        context["rights"] = [
            {
                "label": role.label,
                "form": RoleRightsForm(prefix=role, rights={"clone": True, "publish": True} | kept.get(role, {})),
                "url": reverse("workspaces:limit_role", args=[me.workspace.slug, role]),
            }
            for role in LIMITED_ROLES
        ]
    return context


def _row(me: Membership, member: Membership) -> dict[str, Any]:
    """One member and what `me` may do about them."""
    given = services.roles_given_by(me)
    return {
        "member": member,
        "is_me": member.pk == me.pk,
        "email": member.user.email if me.may("manage") and member.user.is_active else "",
        "roles": given if member.role in given else [],
        "is_managed": bool(given) and member.role in given and member.pk != me.pk,
        "is_removable": member.role in given and member.pk != me.pk,
        "dialog_id": f"remove-{member.pk}",
    }


@member_required()
@require_GET
def members(request: MemberRequest, workspace: str) -> HttpResponse:
    return render(request, "workspaces/members.html", _members_context(request))


@member_required(can="manage")
@require_POST
def change_role(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    target = get_object_or_404(Membership.objects.visible_to(request.member), pk=pk)
    form = RoleForm(request.POST, member=request.member)
    if form.is_valid():
        try:
            services.change_role(request.member, target, form.cleaned_data["role"], request)
        except services.NotPossibleError as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, _("The role was changed."))
    else:
        messages.error(request, _("You cannot give this role."))
    return _go(request, reverse("workspaces:members", args=[workspace]))


@member_required(can="manage")
@require_POST
def remove_member(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    target = get_object_or_404(Membership.everyone.visible_to(request.member), pk=pk)
    try:
        services.remove_member(request.member, target, request)
    except services.NotPossibleError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("%(person)s is no longer a member.") % {"person": target.user})
        if target.pk == request.member.pk:
            return _go(request, "/")
    return _go(request, reverse("workspaces:members", args=[workspace]))


@member_required(can="own")
@require_POST
def demand_second_factor(request: MemberRequest, workspace: str) -> HttpResponse:
    demanded = "demanded" in request.POST
    try:
        services.demand_second_factor(request.member, demanded, request)
    except services.NotPossibleError as exc:
        messages.error(request, str(exc))
    else:
        said = _("Everybody now needs a second factor.") if demanded else _("A password is enough now.")
        messages.success(request, said)
    return _go(request, reverse("workspaces:members", args=[workspace]))


@member_required()
@require_POST
def leave(request: MemberRequest, workspace: str) -> HttpResponse:
    try:
        services.remove_member(request.member, request.member, request)
    except services.NotPossibleError as exc:
        messages.error(request, str(exc))
        return _go(request, reverse("workspaces:members", args=[workspace]))
    messages.success(request, _("You left %(workspace)s.") % {"workspace": request.member.workspace})
    return _go(request, "/")


# --- invitations ------------------------------------------------------------------------------------------------------


@never_cache
@member_required(can="manage")
@require_POST
def invite(request: MemberRequest, workspace: str) -> HttpResponse:
    """Make invitations and mail those with an address. Their links stand in this answer and nowhere else."""
    form = InvitationForm(request.POST, member=request.member)
    links: list[dict[str, str]] = []
    if form.is_valid():
        data = form.cleaned_data
        for address in data.pop("addresses") or [""]:
            _invitation, token = services.invite(request.member, email=address, request=request, **data)
            links.append({"link": settings.PUBLIC_URL + reverse("join", args=[token]), "email": address})
    context = _members_context(request) | {"new_links": links}
    if not form.is_valid():
        context["invitation_form"] = form
    template = "workspaces/_invitations.html" if request.htmx else "workspaces/members.html"
    return render(request, template, context, status=200 if form.is_valid() else 422)


@member_required(can="manage")
@require_POST
def revoke_invitation(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    services.revoke(request.member, get_object_or_404(Invitation.objects.visible_to(request.member), pk=pk), request)
    messages.success(request, _("The invitation was revoked; its link no longer works."))
    return _go(request, reverse("workspaces:members", args=[workspace]))

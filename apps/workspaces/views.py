from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.minimax.errors import MiniMaxError
from apps.workspaces import chat_connections, connections, second_factor, services
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.audit import ACTIONS, entries_for
from apps.workspaces.forms import AuditFilterForm, ChatConnectionForm, ConnectionForm, InvitationForm, RoleForm
from apps.workspaces.models import ChatConnection, Connection, ConnectionKind, Invitation, Membership
from apps.workspaces.outbound import AddressRefusedError

ENTRIES_PER_PAGE = 50


def _go(request: MemberRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


# --- members ----------------------------------------------------------------------------------------------------------


def _members_context(request: MemberRequest) -> dict[str, Any]:
    me = request.member
    people = Membership.objects.visible_to(me).select_related("user").order_by("created_at", "pk")
    context: dict[str, Any] = {"people": [_row(me, member) for member in people], "may_manage": me.may("manage")}
    if me.may("manage"):
        context["invitations"] = Invitation.objects.visible_to(me).open().select_related("created_by").order_by("-pk")
        context["invitation_form"] = InvitationForm(member=me)
        context["protected"] = second_factor.who_has_one(member.user_id for member in people)
    return context


def _row(me: Membership, member: Membership) -> dict[str, Any]:
    """One member and what `me` may do about them."""
    given = services.roles_given_by(me)
    return {
        "member": member,
        "is_me": member.pk == me.pk,
        "email": member.user.email if me.may("manage") else "",
        "roles": given if member.role in given else [],
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
    target = get_object_or_404(Membership.objects.visible_to(request.member), pk=pk)
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
    """Make an invitation. Its link stands in this answer and nowhere else."""
    form = InvitationForm(request.POST, member=request.member)
    link = ""
    if form.is_valid():
        _invitation, token = services.invite(request.member, request=request, **form.cleaned_data)
        link = settings.PUBLIC_URL + reverse("join", args=[token])
    context = _members_context(request) | {"new_link": link}
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


# --- connection -------------------------------------------------------------------------------------------------------


@never_cache
@member_required(can="manage")
@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: MemberRequest, workspace: str) -> HttpResponse:
    current = Connection.objects.visible_to(request.member).first()
    form = ConnectionForm(request.POST if request.method == "POST" else None, initial=_as_initial(current))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            choice = connections.choose(data["connection"], data["api_key"], data["base_url"])
        except MiniMaxError as exc:
            form.add_error("api_key", connections.explain(exc))
        except AddressRefusedError as exc:
            form.add_error("base_url", str(exc))
        else:
            connections.connect(request.member, choice, request)
            messages.success(request, _("The connection was changed."))
            return redirect("workspaces:connection", workspace)
    return _connection_page(request, form, status=422 if form.is_bound else 200)


def _connection_page(
    request: MemberRequest, form: ConnectionForm, *, chat_form: ChatConnectionForm | None = None, status: int = 200
) -> HttpResponse:
    current = Connection.objects.visible_to(request.member).first()
    chat = ChatConnection.objects.visible_to(request.member).first()
    context = {
        "connection": current,
        "form": form,
        "chat": chat,
        "chat_form": chat_form or ChatConnectionForm(initial=_chat_as_initial(chat)),
        "may_be_private": settings.ALLOW_PRIVATE_ENDPOINTS,
    }
    return render(request, "workspaces/connection.html", context, status=status)


def _chat_as_initial(chat: ChatConnection | None) -> dict[str, Any]:
    if chat is None:
        return {}
    return {name: getattr(chat, name) for name in ("base_url", "surface", "input_usd", "output_usd")}


@never_cache
@member_required(can="manage")
@sensitive_post_parameters("chat_key")
@require_POST
def chat_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    """Send chat to a server of the team's own."""
    form = ChatConnectionForm(request.POST)
    if form.is_valid():
        try:
            chat_connections.connect(request.member, **form.cleaned_data, request=request)
        except MiniMaxError as exc:
            form.add_error("base_url", chat_connections.explain(exc, form.cleaned_data["base_url"]))
        except chat_connections.NoModelsError as exc:
            form.add_error("base_url", str(exc))
        except AddressRefusedError as exc:
            form.add_error("base_url", str(exc))
        else:
            messages.success(request, _("Chat goes to your own server now."))
            return redirect("workspaces:connection", workspace)
    current = Connection.objects.visible_to(request.member).first()
    return _connection_page(request, ConnectionForm(initial=_as_initial(current)), chat_form=form, status=422)


@member_required(can="manage")
@require_POST
def remove_chat_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    if chat_connections.disconnect(request.member, request):
        messages.success(request, _("Chat goes over the workspace's connection again."))
    return redirect("workspaces:connection", workspace)


@member_required(can="manage")
@require_POST
def test_chat_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    tested = chat_connections.check(request.member)
    if not request.htmx:
        return redirect("workspaces:connection", workspace)
    return render(request, "workspaces/_chat_connection.html", {"chat": tested})


def _as_initial(current: Connection | None) -> dict[str, str]:
    if current is None:
        return {}
    known = {ConnectionKind.SANDBOX: ConnectionForm.SANDBOX, ConnectionKind.CUSTOM: ConnectionForm.CUSTOM}
    return {"connection": known.get(ConnectionKind(current.kind), ConnectionForm.KEY), "base_url": current.base_url}


@member_required(can="manage")
@require_POST
def test_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    tested = connections.check(request.member, request)
    if not request.htmx:
        return redirect("workspaces:connection", workspace)
    return render(request, "workspaces/_connection_status.html", {"connection": tested})


# --- audit log --------------------------------------------------------------------------------------------------------


@member_required(can="manage")
@require_GET
def audit_log(request: MemberRequest, workspace: str) -> HttpResponse:
    members = Membership.objects.visible_to(request.member).select_related("user").order_by("user__name")
    people = [member.user for member in members]
    form = AuditFilterForm(request.GET, people=people, actions=sorted(ACTIONS.items(), key=lambda item: str(item[1])))
    entries = entries_for(request.member)
    chosen = form.cleaned_data if form.is_valid() else {}
    if chosen.get("person"):
        entries = entries.filter(actor_id=chosen["person"])
    if chosen.get("action"):
        entries = entries.filter(action=chosen["action"])
    if chosen.get("before"):
        entries = entries.filter(pk__lt=chosen["before"])
    page = list(entries[: ENTRIES_PER_PAGE + 1])
    rows = [{"entry": entry, "action": ACTIONS.get(entry.action, entry.action)} for entry in page[:ENTRIES_PER_PAGE]]
    older = ""
    if len(page) > ENTRIES_PER_PAGE:
        query = request.GET.copy()
        query["before"] = str(page[ENTRIES_PER_PAGE - 1].pk)
        older = f"?{query.urlencode()}"
    context = {"form": form, "rows": rows, "older": older, "is_filtered": any(chosen.values())}
    return render(request, "workspaces/audit.html", context)

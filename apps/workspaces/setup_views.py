from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.services import EmailTakenError, sign_in
from apps.accounts.views import PersonRequest
from apps.minimax.errors import MiniMaxError
from apps.workspaces import services
from apps.workspaces import setup as first_visit
from apps.workspaces.connections import choose, connect, explain, try_sandbox
from apps.workspaces.forms import NewPersonForm, SetupForm, WorkspaceForm


@never_cache
@sensitive_post_parameters("password", "api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    if first_visit.is_done():
        raise Http404
    if not first_visit.is_allowed(request.GET.get("token", "")):
        return render(request, "workspaces/setup_closed.html", status=403)
    form = SetupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            choice = choose(data["connection"], data["api_key"])
            member = first_visit.set_up(
                name=data["name"],
                email=data["email"],
                password=data["password"],
                workspace=data["workspace"],
                choice=choice,
                time_zone=data["time_zone"],
                request=request,
            )
        except MiniMaxError as exc:
            form.add_error("api_key", explain(exc))
        except first_visit.AlreadySetUpError:
            return redirect(settings.LOGIN_URL)
        else:
            return sign_in(request, member.user, to=reverse("home:index", args=[member.workspace.slug]))
    context = {"form": form, "has_sandbox": bool(settings.SANDBOX_URL)}
    return render(request, "workspaces/setup.html", context, status=422 if form.is_bound else 200)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation: a member of the studio joins with a press of a button, a new person makes an account here."""
    invitation = services.find_invitation(token)
    if invitation is None or not invitation.is_open():
        return _invitation_over(request)
    context: dict[str, Any] = {"invitation": invitation, "workspace": invitation.workspace}
    home = reverse("home:index", args=[invitation.workspace.slug])
    try:
        if request.user.is_authenticated:
            if request.method == "POST":
                member = services.accept(invitation, request.user, request)
                messages.success(request, _("Welcome to %(workspace)s.") % {"workspace": member.workspace})
                return redirect(home)
            return render(request, "workspaces/join.html", context)
        form = context["form"] = NewPersonForm(
            request.POST if request.method == "POST" else None, initial={"email": invitation.email}
        )
        if request.method == "POST" and form.is_valid():
            try:
                user = services.accept_as_new_person(invitation, request=request, **form.cleaned_data)
            except EmailTakenError:
                form.add_error("email", _("Somebody already signs in with this address. If it is you, sign in first."))
            else:
                return sign_in(request, user, to=home)
    except services.InvitationOverError:
        return _invitation_over(request)
    return render(request, "workspaces/join.html", context, status=422 if form.is_bound else 200)


def _invitation_over(request: HttpRequest) -> HttpResponse:
    return render(request, "workspaces/invitation_over.html", status=410)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_workspace(request: PersonRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            member = services.create_workspace(request.user, form.cleaned_data["name"], request)
        except services.NotPossibleError as exc:
            form.add_error("name", str(exc))
        else:
            if settings.SANDBOX_URL:
                connect(member, try_sandbox(), request)
                return redirect("home:index", member.workspace.slug)
            return redirect("workspaces:connection", member.workspace.slug)
    return render(request, "workspaces/new.html", {"form": form}, status=422 if form.is_bound else 200)

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import leaving, services
from apps.accounts.devices import describe
from apps.accounts.forms import ProfileForm, ThemeForm
from apps.accounts.models import User


class PersonRequest(HttpRequest):
    """A request that `login_required` let in."""

    user: User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)  # a form that is refused must not change the name in the shell
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def theme(request: PersonRequest) -> HttpResponse:
    form = ThemeForm(request.POST, instance=request.user)
    if not form.is_valid():
        return HttpResponse(status=422)
    form.save()
    return HttpResponse(status=204)


@never_cache
@login_required
@require_GET
def sessions(request: PersonRequest) -> HttpResponse:
    rows = [{"session": s, "device": describe(s.user_agent)} for s in services.open_sessions(request.user)]
    return render(request, "accounts/sessions.html", {"rows": rows})


@login_required
@require_POST
def end_session(request: PersonRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.session_key == request.session.session_key:
        return redirect("account_logout")
    services.end_sessions(request.user, pk=pk)
    messages.success(request, _("That session was ended."))
    return redirect("accounts:sessions")


@login_required
@require_POST
def end_other_sessions(request: PersonRequest) -> HttpResponse:
    count = services.end_sessions(request.user, but=request.session.session_key)
    messages.success(request, ngettext("%d session was ended.", "%d sessions were ended.", count) % count)
    return redirect("accounts:sessions")


@never_cache
@login_required
@require_GET
def data(request: PersonRequest) -> HttpResponse:
    """What the studio holds of the person: take it along, or leave."""
    return render(request, "accounts/data.html", {"reasons": leaving.reasons_to_stay(request.user)})


@never_cache
@login_required
@reauthentication_required
@require_GET
def export(request: PersonRequest) -> FileResponse:
    return FileResponse(leaving.write_export(request.user), as_attachment=True, filename="studio-my-data.zip")


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: PersonRequest) -> HttpResponse:
    """Ask once more, then erase the account and sign out."""
    reasons, is_sure = leaving.reasons_to_stay(request.user), request.POST.get("sure") == "yes"
    if request.method != "POST" or not is_sure or reasons:
        context = {"reasons": reasons, "is_asked": request.method == "POST"}
        return render(request, "accounts/leave.html", context, status=422 if request.method == "POST" else 200)
    person = User.objects.get(pk=request.user.pk)
    try:
        leaving.leave(person)
    except leaving.StaysError as exc:
        return render(request, "accounts/leave.html", {"reasons": exc.reasons}, status=422)
    logout(request)
    messages.success(request, _("Your account is deleted."))
    return redirect("account_login")

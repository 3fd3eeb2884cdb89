"""What belongs to the person, whatever the workspace: choices, browsers that take push messages, leaving a mail."""

from __future__ import annotations

import json
from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.views import PersonRequest
from apps.notifications import mailing, pushing, web_push
from apps.notifications.choosing import choice_of, timing_of
from apps.notifications.forms import ChoiceForm, TimingForm
from apps.notifications.models import Device
from apps.workspaces.bodies import takes_at_most
from apps.workspaces.news import Kind

WORKER = Path(__file__).resolve().parents[2] / "static/notifications/worker.js"


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: PersonRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    forms = [ChoiceForm(sent, instance=choice_of(request.user, kind), prefix=kind.value) for kind in Kind]
    timing = TimingForm(sent, instance=timing_of(request.user))
    valid = [form.is_valid() for form in (*forms, timing)]  # each, so that each shows its errors
    if all(valid):
        for form in (*forms, timing):
            form.save()
        messages.success(request, _("Saved."))
        return redirect("notifications_of_person")
    context = {
        "forms": forms,
        "timing": timing,
        "devices": Device.objects.filter(user=request.user).order_by("pk"),
        "push_key": web_push.public_key(),
    }
    return render(request, "notifications/choices.html", context, status=200 if sent is None else 422)


@takes_at_most(16 * 1024)
@login_required
@require_POST
def add_device(request: PersonRequest) -> HttpResponse:
    """Takes what `PushSubscription.toJSON()` gives."""
    try:
        told = json.loads(request.body)
        named = (str(told["endpoint"]), str(told["keys"]["p256dh"]), str(told["keys"]["auth"]))
        pushing.add_device(request.user, *named, request.headers.get("User-Agent", ""))
    except (ValueError, KeyError, TypeError, pushing.DeviceRefusedError):
        return HttpResponse(status=422)
    return HttpResponse(status=204)


@login_required
@require_POST
def remove_device(request: PersonRequest, pk: int) -> HttpResponse:
    if not Device.objects.filter(user=request.user, pk=pk).delete()[0]:
        raise Http404
    messages.success(request, _("That browser gets no more push messages."))
    return redirect("notifications_of_person")


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: at the root, or it would not be told of anything."""
    return HttpResponse(WORKER.read_text(), content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@csrf_exempt  # mail programs send it (RFC 8058); the signed address is what they were given
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    found = mailing.read_token(token)
    if found is None:
        raise Http404
    person, kinds = found
    if request.method == "POST":
        mailing.unsubscribe(person, kinds)
    context = {"kinds": mailing.described(kinds), "is_done": request.method == "POST"}
    return render(request, "notifications/unsubscribe.html", context)

from __future__ import annotations

import json
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.webhooks import services
from apps.webhooks.events import describe
from apps.webhooks.forms import WebhookChangeForm, WebhookForm
from apps.webhooks.models import Delivery, DeliveryStatus, Webhook
from apps.workspaces.access import MemberRequest, member_required

SHOWN = 30
SOON = timedelta(minutes=2)  # what is tried, or will be, within it: the page looks again
LAST = 5  # attempts of a delivery that the log shows


@never_cache
@member_required(can="manage")
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        webhook, secret = services.add(request.member, **form.cleaned_data, request=request)
        return _show(request, webhook, new_secret=secret)
    webhooks = Webhook.objects.visible_to(request.member).order_by("pk")
    context = {"form": form, "webhooks": webhooks, "most": services.MOST}
    return render(request, "webhooks/index.html", context, status=422 if form.is_bound else 200)


@never_cache
@member_required(can="manage")
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    found = get_object_or_404(Webhook.objects.visible_to(request.member), pk=pk)
    if request.method != "POST":
        return _show(request, found)
    form = WebhookChangeForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form=form)
    services.change(request.member, found, **form.cleaned_data, request=request)
    messages.success(request, _("Saved."))
    return redirect("webhooks:webhook", workspace, pk)


def _show(
    request: MemberRequest, found: Webhook, *, form: WebhookChangeForm | None = None, new_secret: str = ""
) -> HttpResponse:
    initial = {name: getattr(found, name) for name in ("url", "description", "events", "is_active")}
    context = {
        "webhook": found,
        "form": form or WebhookChangeForm(initial=initial),
        "new_secret": new_secret,
        **_log(request, found),
    }
    return render(request, "webhooks/webhook.html", context, status=422 if form else 200)


def _log(request: MemberRequest, found: Webhook) -> dict[str, object]:
    rows = Delivery.objects.visible_to(request.member).filter(webhook=found).order_by("-id")
    before = request.GET.get("before", "")
    if len(before) == 32 and all(letter in "0123456789abcdef" for letter in before):
        rows = rows.filter(pk__lt=before)
    page = list(rows.prefetch_related("attempts")[: SHOWN + 1])
    shown = [
        {
            "delivery": row,
            "event": describe(row.event),
            "attempts": list(row.attempts.all())[:LAST],
            "body": json.dumps(json.loads(row.body), ensure_ascii=False, indent=2),
        }
        for row in page[:SHOWN]
    ]
    soon = timezone.now() + SOON
    waiting = [row for row in page if row.status == DeliveryStatus.WAITING]
    return {
        "rows": shown,
        "older": page[SHOWN - 1].pk.hex if len(page) > SHOWN else "",
        "is_moving": not before and any(row.next_at and row.next_at < soon for row in waiting),
    }


@never_cache
@member_required(can="manage")
@require_GET
def log(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """The log alone, while something is on its way."""
    found = get_object_or_404(Webhook.objects.visible_to(request.member), pk=pk)
    return render(request, "webhooks/_log.html", {"webhook": found, **_log(request, found)})


@member_required(can="manage")
@require_POST
def test(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    found = get_object_or_404(Webhook.objects.visible_to(request.member), pk=pk)
    services.send_test(request.member, found)
    return redirect("webhooks:webhook", workspace, pk)


@never_cache
@member_required(can="manage")
@require_POST
def renew_secret(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    found = get_object_or_404(Webhook.objects.visible_to(request.member), pk=pk)
    return _show(request, found, new_secret=services.renew_secret(request.member, found, request))


@member_required(can="manage")
@require_POST
def remove(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    found = get_object_or_404(Webhook.objects.visible_to(request.member), pk=pk)
    services.remove(request.member, found, request)
    messages.success(request, _("The webhook was removed."))
    return redirect("webhooks:index", workspace)


@member_required(can="manage")
@require_POST
def send_again(request: MemberRequest, workspace: str, pk: int, delivery: str) -> HttpResponse:
    rows = Delivery.objects.visible_to(request.member).select_related("webhook")
    found = get_object_or_404(rows, pk=delivery, webhook_id=pk)
    services.send_again(found)
    return redirect("webhooks:webhook", workspace, pk)

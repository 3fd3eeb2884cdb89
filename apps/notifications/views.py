from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.notifications import services
from apps.notifications.models import Notification
from apps.workspaces.access import MemberRequest, member_required

SHOWN = 30


@never_cache
@member_required()
@require_GET
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The list behind the bell: a fragment for the bell, a page for whoever opens the address."""
    return _show(request)


def _show(request: MemberRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    rows = Notification.objects.for_member(request.member)
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before[:18]))
    page = list(rows[: SHOWN + 1])
    context = {
        "notifications": page[:SHOWN],
        "older": page[SHOWN - 1].pk if len(page) > SHOWN else None,
        "unread_count": services.count_unread(request.member),
    }
    return render(request, "notifications/_list.html" if request.htmx else "notifications/index.html", context)


@member_required()
@require_POST
def read_all(request: MemberRequest, workspace: str) -> HttpResponse:
    services.mark_read(request.member)
    if request.htmx:
        return _show(request)
    return redirect("notifications:list", workspace)


@member_required()
@require_POST
def open_one(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Mark one as read and lead to what it is about."""
    notification = get_object_or_404(Notification.objects.for_member(request.member), pk=pk)
    services.mark_read(request.member, pk)
    return redirect(notification.url or reverse("notifications:list", args=[workspace]))

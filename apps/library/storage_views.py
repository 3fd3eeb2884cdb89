from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.library import storage_use
from apps.workspaces import audit
from apps.workspaces.access import MemberRequest, member_required


@require_GET
@member_required()
def storage(request: MemberRequest, workspace: str) -> HttpResponse:
    """Who keeps how much. Whoever manages the workspace sees all and sets the limits, others see themselves."""
    member = request.member
    people = storage_use.uses_by_person(member.workspace_id)
    can_manage = member.may("manage")
    context = {
        "whole": storage_use.use_of_workspace(member.workspace_id),
        "people": people if can_manage else [use for use in people if use.person == member.user],
        "can_manage": can_manage,
    }
    return render(request, "library/storage.html", context)


@require_POST
@member_required(can="manage")
def set_quota(request: MemberRequest, workspace: str) -> HttpResponse:
    """`gb`, empty for no limit; with `person` for one of those who are or were here."""
    size = _parse_gb(request.POST.get("gb", ""))
    if size is None:
        messages.error(request, _("A limit is a number of gigabytes, or nothing at all."))
        return redirect("library:storage", workspace)
    wanted = size if size >= 0 else None
    subject = request.POST.get("gb", "").strip() + " GB" if wanted is not None else _("no limit")
    if who := request.POST.get("person", ""):
        known = [use.person.pk for use in storage_use.uses_by_person(request.member.workspace_id) if use.person]
        person = get_object_or_404(User, pk__in=known, pk=who if who.isdigit() else 0)
        storage_use.set_quota_of(request.member, person, wanted)
        subject = f"{person.name}: {subject}"
    else:
        storage_use.set_quota(request.member, wanted)
    audit.record(request.member, "storage.quota", subject=subject, request=request)
    messages.success(request, _("The limit is saved. What is kept already stays."))
    return redirect("library:storage", workspace)


def _parse_gb(text: str) -> int | None:
    """Bytes; −1 for nothing written, None for what is no number that makes sense."""
    if not text.strip():
        return -1
    try:
        gb = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return int(gb * storage_use.GB) if gb.is_finite() and 0 <= gb <= 1_000_000 else None

"""Tags, a star, a rating and a note: given and taken back at once, with a way back in the answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from apps.library import events, tagging
from apps.library.lookups import find_asset
from apps.library.models import Asset, Tag
from apps.workspaces.access import MemberRequest, member_required


@require_POST
@member_required(can="create")
def tag(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_asset(request.member, pk)
    tagging.tag(request.member, [one], request.POST.get("name", ""))
    return _marks(request, one)


@require_POST
@member_required(can="create")
def untag(request: MemberRequest, workspace: str, pk: uuid.UUID, tag: int) -> HttpResponse:
    one, found = find_asset(request.member, pk), get_object_or_404(Tag, pk=tag, workspace=request.member.workspace)
    tagging.untag([one], found)
    text = _("“%(tag)s” is taken off.") % {"tag": found.name}
    return _marks(request, one, text, "library:tag", {"name": found.name})


@require_POST
@member_required()
def favourite(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The person's own star: `on` is 1 or 0."""
    one = find_asset(request.member, pk)
    is_favourite = request.POST.get("on") == "1"
    tagging.set_favourite(request.member, [one], is_favourite=is_favourite)
    response = _marks(request, one)
    return trigger_client_event(response, "asset:favourite", {"id": str(one.pk), "on": is_favourite})


@require_POST
@member_required(can="create")
def rate(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """`rating` is 0 to 5; 0 takes it back."""
    one, given = find_asset(request.member, pk), request.POST.get("rating", "")
    if given not in tuple("012345"):
        return HttpResponse(status=400)
    before = one.rating
    tagging.rate([one], int(given))
    one.rating = int(given)
    events.publish_card(one)
    if before == one.rating:
        return _marks(request, one)
    stars = ngettext("Rated with %d star.", "Rated with %d stars.", one.rating) % one.rating
    return _marks(request, one, stars if one.rating else _("Not rated any more."), "library:rate", {"rating": before})


@require_POST
@member_required(can="create")
def note(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_asset(request.member, pk)
    before = one.note
    tagging.write_note(one, request.POST.get("note", ""))
    if before == one.note:
        return _marks(request, one)
    return _marks(request, one, _("The note is saved."), "library:note", {"note": before})


def _marks(
    request: MemberRequest, one: Asset, text: str = "", undo: str = "", values: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The marks as they are now; `undo` names the view that takes `values` to bring back what was before."""
    if not request.htmx:
        return redirect("library:asset", request.member.workspace.slug, one.pk)
    response = render(request, "library/_marking.html", {"asset": one})
    if text:
        back = {
            "url": reverse(undo, args=[request.member.workspace.slug, one.pk]),
            "values": values or {},
            "target": f"#marking-{one.pk}",
        }
        trigger_client_event(response, "toast", {"text": text, "tone": "ok", "undo": back})
    return response

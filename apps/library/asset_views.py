from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from apps.library import lineage, recalling, services
from apps.library.audio import FORMATS
from apps.library.dependants import dependants_of
from apps.library.destinations import offers_for
from apps.library.details import describe_request, making_of
from apps.library.files import own_format
from apps.library.forms import RenameForm
from apps.library.kinds import get_kind
from apps.library.lookups import find_asset, is_fragment
from apps.library.models import Asset
from apps.library.parts import draw_parts
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership


@require_GET
@member_required()
def asset(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Everything known about one asset: in the drawer, or on a page of its own."""
    one = find_asset(request.member, pk)
    name = "library/_details.html" if is_fragment(request) else "library/asset.html"
    context = describe(request.member, one) | {
        "settings": describe_request(one),
        "making": making_of(one),
        "family": lineage.family(request.member, one),
        "dependants": dependants_of(request.member, one),
        "parts": draw_parts(request, one),
    }
    response = render(request, name, context)
    response["Vary"] = "HX-Request"
    return response


def describe(member: Membership, one: Asset) -> dict[str, Any]:
    """What can be done with an asset."""
    kind = get_kind(one.kind)
    return {
        "asset": one,
        "kind": kind,
        "recall_url": recalling.way_back(one),
        "recalls": [(part, *recalling.PARTS[part]) for part in recalling.parts_for(one)],
        "formats": list(FORMATS.items()) if one.medium == "audio" else [],
        "own_format": own_format(one),
        "offers": offers_for(one),
        "can_create": member.may("create"),
        "can_publish": member.may("publish"),
    }


@require_GET
@member_required()
def menu(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What this member can do with the asset, for the menu of its card: the card itself is the same for all."""
    return render(request, "library/_menu.html", describe(request.member, find_asset(request.member, pk)))


@require_GET
@member_required()
def card(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return render(request, "library/_card.html", {"asset": find_asset(request.member, pk)})


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def rename(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_asset(request.member, pk)
    form = RenameForm(request.POST or None, initial={"title": one.title})
    if request.method == "POST" and form.is_valid():
        services.rename(one, form.cleaned_data["title"])
        if request.htmx:
            return render(request, "library/_title.html", {"asset": one, "can_create": True})
        return redirect("library:asset", workspace, pk)
    name = "library/_rename.html" if request.htmx else "library/rename.html"
    return render(request, name, {"asset": one, "form": form}, status=422 if form.is_bound else 200)


@require_POST
@member_required(can="create")
def trash(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Ask once more, with what depends on it, unless the answer is already there: `sure`."""
    one = find_asset(request.member, pk)
    if "sure" not in request.POST and (dependants := dependants_of(request.member, one)):
        name = "library/_trash.html" if request.htmx else "library/trash.html"
        response = render(request, name, {"asset": one, "dependants": dependants})
        return reswap(retarget(response, "#drawer"), "innerHTML") if request.htmx else response
    services.move_to_trash(request.member, one, request=request)
    if not request.htmx:
        return redirect("library:index", workspace)
    response = render(request, "library/_trashed.html", {"asset": one, "oob": True})
    text = _("“%(title)s” is in the trash.") % {"title": one.title}
    return trigger_client_event(response, "toast", {"text": text, "tone": "ok"})


@require_POST
@member_required(can="create")
def restore(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Asset.objects.in_trash_of(request.member).select_related("workspace", "created_by"), pk=pk)
    services.restore(request.member, one, request=request)
    if not request.htmx:
        return redirect("library:asset", workspace, pk)
    return render(request, "library/_card.html", {"asset": one})

from __future__ import annotations

import uuid

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.library import recalling, uploads
from apps.library.bringing import take_medium
from apps.library.lookups import find_asset, parse_uuid
from apps.library.models import Asset
from apps.library.storage_use import StorageFullError
from apps.workspaces.access import MemberRequest, member_required

PICKS = 36


@require_POST
@member_required(can="create")
def upload(request: MemberRequest, workspace: str) -> JsonResponse:
    """Keep one picture that a person brings for `purpose`: {id, title, src}, or 422 and {sentence}."""
    purpose, file = find_purpose(request.POST), request.FILES.get("file")
    if file is None:
        return JsonResponse({"sentence": _("No file arrived. Try again.")}, status=422)
    try:
        one = uploads.take_picture(request.member, file, purpose=purpose)
    except uploads.UploadRefusedError as refusal:
        return JsonResponse({"sentence": str(refusal)}, status=422)
    return JsonResponse(_as_choice(one), status=201)


@require_POST
@member_required(can="create")
def bring(request: MemberRequest, workspace: str) -> JsonResponse:
    """Keep one medium of a person's own: {id, title, url, recall}, or 422 and {sentence, url, label}.

    `recall` leads to the form that made it, if the file says so; `url` and `label` to where it can be brought instead.
    """
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"sentence": _("No file arrived. Try again.")}, status=422)
    if is_capsule(file):
        address = reverse("provenance:capsules", args=[workspace])
        told = {"sentence": _("This is a capsule: a collection of another studio."), "url": address}
        return JsonResponse({**told, "label": _("Take it in there")}, status=422)
    try:
        one = take_medium(request.member, file)
    except (uploads.UploadRefusedError, StorageFullError) as refusal:
        return JsonResponse({"sentence": str(refusal)}, status=422)
    address = reverse("library:asset", args=[workspace, one.pk])
    return JsonResponse(
        {"id": str(one.pk), "title": one.title, "url": address, "recall": recalling.way_back(one)}, status=201
    )


def is_capsule(file: UploadedFile) -> bool:
    head = file.read(4)
    file.seek(0)
    return bool(head == b"PK\x03\x04")


@require_GET
@member_required(can="create")
def pick(request: MemberRequest, workspace: str) -> HttpResponse:
    """The pictures that fit `?purpose=`, newest first; `?q=` words, `?before=` an id."""
    purpose, q = find_purpose(request.GET), request.GET.get("q", "").replace("\0", "").strip()
    before = parse_uuid(request.GET.get("before", ""))
    found = list(uploads.find_usable(request.member, purpose, q=q, before=before)[: PICKS + 1])
    context = {
        "pictures": [one for one in found[:PICKS] if not uploads.refusal(purpose, one)],
        "next": found[PICKS - 1].pk if len(found) > PICKS else None,
        "purpose": purpose,
        "q": q,
        "is_first": before is None,
    }
    return render(request, "library/_picks.html", context)


@require_GET
@member_required(can="create")
def choose(request: MemberRequest, workspace: str, pk: uuid.UUID) -> JsonResponse:
    """An asset that was dragged onto a field: {id, title, src}, or 422 and {sentence} where it does not fit."""
    purpose, one = find_purpose(request.GET), find_asset(request.member, pk)
    if sentence := uploads.refusal(purpose, one):
        return JsonResponse({"sentence": sentence}, status=422)
    return JsonResponse(_as_choice(one))


def find_purpose(values: QueryDict) -> uploads.Purpose:
    purpose = uploads.get_purpose(values.get("purpose", ""))
    if purpose is None:
        raise Http404
    return purpose


def _as_choice(one: Asset) -> dict[str, str]:
    name = "library:poster" if one.poster else "library:file"
    return {"id": str(one.pk), "title": one.title, "src": reverse(name, args=[one.workspace.slug, one.pk])}

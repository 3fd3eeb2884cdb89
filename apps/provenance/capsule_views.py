from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.collections.models import Collection
from apps.library.files import safe_filename
from apps.library.lookups import is_fragment
from apps.library.storage_use import StorageFullError
from apps.provenance import capsules as packing
from apps.provenance.models import CapsuleImport
from apps.provenance.opening import CapsuleRefusedError
from apps.provenance.receiving import bring as receive
from apps.workspaces.access import MemberRequest, member_required

SHOWN = 20


@require_GET
@member_required(can="create")
def capsules(request: MemberRequest, workspace: str) -> HttpResponse:
    """Where a capsule is brought, and what became of earlier ones."""
    rows = CapsuleImport.objects.filter(workspace=request.member.workspace).select_related("created_by", "collection")
    return render(request, "provenance/capsules.html", {"capsules": rows.order_by("-id")[:SHOWN]})


@require_POST
@member_required(can="create")
def bring(request: MemberRequest, workspace: str) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a capsule first."))
        return redirect("provenance:capsules", workspace)
    try:
        row = receive(request.member, file)
    except (CapsuleRefusedError, StorageFullError) as refusal:
        messages.error(request, str(refusal))
        return redirect("provenance:capsules", workspace)
    return redirect("provenance:capsule", workspace, row.pk)


@require_GET
@member_required(can="create")
def capsule(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """How far it is, then what came of it."""
    rows = CapsuleImport.objects.filter(workspace=request.member.workspace).select_related("created_by", "collection")
    row = get_object_or_404(rows, pk=pk)
    name = "provenance/_capsule.html" if is_fragment(request) else "provenance/capsule.html"
    return render(request, name, {"capsule": row, "is_waiting": row.status == "waiting"})


@require_GET
@member_required()
def pack(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    """A collection as a capsule, written while it is sent."""
    one = get_object_or_404(Collection.objects.visible_to(request.member), pk=pk)
    try:
        manifest, files = packing.describe(request.member, one)
    except packing.TooLargeError:
        text = _("A capsule holds up to %(most)d files. Split the collection first.")
        messages.error(request, text % {"most": packing.MOST_ASSETS})
        return redirect("collections:collection", workspace, pk)
    blocks = packing.stream(manifest, files) if isinstance(request, ASGIRequest) else packing.write(manifest, files)
    response = StreamingHttpResponse(blocks, content_type="application/zip")
    name = f"{safe_filename(one.name, '')} {timezone.localdate().isoformat()}.capsule.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response

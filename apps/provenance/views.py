from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.library.bringing import MOST_BYTES, on_disk
from apps.library.kinds import get_kind
from apps.library.lookups import parse_uuid
from apps.library.models import Asset, Rendition
from apps.provenance import carriers, manifests
from apps.provenance.brought import keep_draft, rows_of
from apps.provenance.embedded import parse
from apps.provenance.findings import explain
from apps.provenance.identity import roots
from apps.provenance.marking import choice_of
from apps.provenance.models import MarkedCopy, Marking, SigningIdentity
from apps.workspaces import audit
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership

CHOICES = {
    "embeds_settings": gettext_lazy("settings"),
    "signs": gettext_lazy("origin"),
    "signs_prompt": gettext_lazy("prompt"),
}


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """Where any file is checked, and what the downloads of this workspace carry."""
    return render(request, "provenance/index.html", _page(request.member))


def _page(member: Membership) -> dict[str, Any]:
    return {
        "marking": choice_of(member.workspace),
        "can_manage": member.may("manage"),
        "identity": SigningIdentity.objects.filter(is_active=True).first(),
        "most_bytes": MOST_BYTES,
    }


@require_POST
@member_required()
def check(request: MemberRequest, workspace: str) -> HttpResponse:
    """Say what a file says of itself, and whether that is so. The file is not kept."""
    file = request.FILES.get("file")
    if file is None:
        context: dict[str, Any] = {"fault": _("Choose a file first.")}
    elif (file.size or 0) > MOST_BYTES:
        context = {"fault": _("This file is too large to be checked here.")}
    else:
        context = _examine(request.member, file)
    if request.htmx:
        return render(request, "provenance/_checked.html", context)
    return render(request, "provenance/index.html", context | _page(request.member) | {"is_checked": True})


def _examine(member: Membership, file: UploadedFile) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="studio-check-") as folder, on_disk(file, Path(folder)) as path:
        if not manifests.can_check(path):
            return {"fault": _("This file is too large to be checked here: only MP4 files may be so long.")}
        verdict = manifests.check(path)
        with path.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            opened.seek(0)
            found = parse(carriers.read(opened))
    twin = _find_twin(member, sha256)
    named = parse_uuid(verdict.asset_id) if verdict.state in ("own", "changed") else None
    source = Asset.objects.visible_to(member).filter(pk=named).first() if named else None
    return {
        "name": file.name,
        "verdict": verdict,
        "when": _moment(verdict.when),
        "explained": explain(verdict),
        "sha256": sha256,
        "twin": twin,
        "source": source if source != twin else None,
        "found": found,
        "found_kind": get_kind(found.kind) if found else None,
        "settings": rows_of(found.settings) if found else [],
        "recall_url": keep_draft(member, found) if found and member.may("create") else "",
    }


def _find_twin(member: Membership, sha256: str) -> Asset | None:
    """The asset whose file this is, byte for byte: as it was kept, or as it was taken away."""
    mine = Asset.objects.visible_to(member)
    for rows in (MarkedCopy.objects.all(), Rendition.objects.all()):
        known = rows.filter(sha256=sha256, asset__workspace=member.workspace_id).values_list("asset_id", flat=True)
        if found := mine.filter(pk__in=known[:1]).first():
            return found
    return mine.filter(sha256=sha256).first()


def _moment(text: str) -> Any:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


@require_POST
@member_required(can="manage")
def set_marks(request: MemberRequest, workspace: str) -> HttpResponse:
    """`embeds_settings`, `signs`, `signs_prompt`: what is named is wanted."""
    wanted = {name: name in request.POST for name in CHOICES}
    Marking.objects.update_or_create(workspace=request.member.workspace, defaults=wanted)
    named = [str(label) for name, label in CHOICES.items() if wanted[name]]
    audit.record(request.member, "marks.changed", subject=", ".join(named) or _("nothing"), request=request)
    messages.success(request, _("Saved. Every download from now on is made so."))
    return redirect(f"{reverse('provenance:index', args=[workspace])}#marks")


@require_GET
@member_required()
def certificate(request: MemberRequest, workspace: str) -> HttpResponse:
    """The roots of this studio, for other programs that check files."""
    found = roots()
    if not found:
        raise Http404
    response = HttpResponse(found, content_type="application/x-pem-file")
    response["Content-Disposition"] = 'attachment; filename="studio-root.pem"'
    return response

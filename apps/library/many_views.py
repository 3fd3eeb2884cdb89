from __future__ import annotations

from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from apps.library import services
from apps.library.archive import stream_archive, write_archive
from apps.library.lookups import parse_uuid
from apps.library.models import Asset, AssetQuerySet
from apps.workspaces.access import MemberRequest, member_required

MANY = 500  # assets at once


@require_POST
@member_required()
def download_many(request: MemberRequest, workspace: str) -> HttpResponseBase:
    """The assets named by `asset` as one ZIP file, each with its settings in a JSON file beside it."""
    found = _named(request, Asset.objects.visible_to(request.member))
    if not found:
        raise Http404
    blocks = stream_archive(found) if isinstance(request, ASGIRequest) else write_archive(found)
    response = StreamingHttpResponse(blocks, content_type="application/zip")
    name = f"{request.member.workspace.slug}-{timezone.localdate().isoformat()}.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@member_required(can="create")
def trash_many(request: MemberRequest, workspace: str) -> HttpResponse:
    found = _named(request, Asset.objects.visible_to(request.member))
    for one in found:
        services.move_to_trash(request.member, one, request=request)
    return render(request, "library/_many.html", {"assets": found})


@require_POST
@member_required(can="create")
def restore_many(request: MemberRequest, workspace: str) -> HttpResponse:
    found = _named(request, Asset.objects.in_trash_of(request.member))
    for one in found:
        services.restore(request.member, one, request=request)
    return render(request, "library/_many.html", {"assets": found})


def _named(request: MemberRequest, among: AssetQuerySet) -> list[Asset]:
    """The assets that a form names, as far as they are the member's to see."""
    ids = [pk for value in request.POST.getlist("asset")[:MANY] if (pk := parse_uuid(value))]
    return list(among.filter(pk__in=ids).select_related("workspace", "created_by").order_by("-id"))

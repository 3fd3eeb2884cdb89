from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.library import services
from apps.library.audio import FORMATS
from apps.library.details import describe_request
from apps.library.forms import RenameForm
from apps.library.kinds import all_kinds, get_kind
from apps.library.models import Asset, RenditionStatus
from apps.library.serving import Served, serve
from apps.library.subtitles import CONTENT_TYPES, WRITERS
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership

PAGE = 24
LAYOUT_COOKIE = "studio_library"  # grid or list


@require_safe
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """What was made, newest first. `?q=` words, `?kind=`, `?before=<asset id>` the next page, `?layout=list`."""
    q, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    layout = request.GET.get("layout") or request.COOKIES.get(LAYOUT_COOKIE, "")
    layout = layout if layout == "list" else "grid"
    before = _uuid(request.GET.get("before", ""))
    found = list(services.find_assets(request.member, q=q, kind=kind, before=before)[: PAGE + 1])
    context: dict[str, Any] = {
        "assets": found[:PAGE],
        "next": found[PAGE - 1].pk if len(found) > PAGE else None,
        "q": q,
        "kind": kind,
        "kinds": all_kinds(),
        "layout": layout,
        "is_empty": not found and not (q or kind or before),
        "starting_points": [(each, reverse(each.recall, args=[workspace])) for each in all_kinds() if each.recall],
    }
    is_fragment = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    name = "library/index.html"
    if is_fragment:
        name = "library/_page.html" if before else "library/_results.html"
    response = render(request, name, context)
    if request.GET.get("layout"):
        response.set_cookie(LAYOUT_COOKIE, layout, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@require_GET
@member_required()
def asset(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Everything known about one asset: in the drawer, or on a page of its own."""
    one = find_asset(request.member, pk)
    is_fragment = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    name = "library/_details.html" if is_fragment else "library/asset.html"
    return render(request, name, _details(request.member, one))


def _details(member: Membership, one: Asset) -> dict[str, Any]:
    kind = get_kind(one.kind)
    return {
        "asset": one,
        "kind": kind,
        "recall_url": f"{reverse(kind.recall, args=[member.workspace.slug])}?from={one.pk}" if kind.recall else "",
        "settings": describe_request(one),
        "formats": list(FORMATS),
        "own_format": own_format(one),
        "can_create": member.may("create"),
        "can_publish": member.may("publish"),
    }


@require_GET
@member_required()
def card(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return render(request, "library/_card.html", {"asset": find_asset(request.member, pk)})


@require_safe
@member_required()
def file(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve(request, original(find_asset(request.member, pk)))


@require_safe
@member_required()
def download(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    """The file under its title; `?format=` one of FORMATS. What has to be made first answers 202, a page that waits."""
    one = find_asset(request.member, pk)
    format = request.GET.get("format", "")
    if format and format not in FORMATS:
        raise Http404
    if not format or format == own_format(one):
        return _hand_over(request, original(one, download=True), one, format)
    rendition = services.find_or_order_rendition(one, format, again=bool(request.GET.get("again")))
    if rendition.status == RenditionStatus.READY:
        made = FORMATS[format]
        name = safe_filename(one.title, made.suffix)
        ready = Served(rendition.file.name, rendition.size, rendition.sha256, made.content_type, name, download=True)
        return _hand_over(request, ready, one, format)
    name = "library/_preparing.html" if request.htmx else "library/preparing.html"
    status = 202 if rendition.status == RenditionStatus.WAITING else 200
    response = render(request, name, {"asset": one, "format": format, "rendition": rendition}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _hand_over(request: MemberRequest, ready: Served, one: Asset, format: str) -> HttpResponseBase:
    """A script cannot save a file: it gets a link that the page follows."""
    if request.htmx:
        return render(request, "library/_preparing.html", {"asset": one, "format": format, "rendition": None})
    return serve(request, ready)


@require_safe
@member_required()
def subtitles(request: MemberRequest, workspace: str, pk: uuid.UUID, format: str) -> HttpResponse:
    one = find_asset(request.member, pk)
    return subtitle_file(one, format, as_attachment=format == "srt" or "download" in request.GET)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def rename(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_asset(request.member, pk)
    form = RenameForm(request.POST or None, initial={"title": one.title})
    if request.method == "POST" and form.is_valid():
        services.rename(one, form.cleaned_data["title"])
        if not request.htmx:
            return redirect("library:asset", workspace, pk)
        response = render(request, "library/_title.html", {"asset": one, "can_create": True, "is_renamed": True})
        return response
    status = 422 if form.is_bound else 200
    name = "library/_rename.html" if request.htmx else "library/rename.html"
    return render(request, name, {"asset": one, "form": form}, status=status)


@require_POST
@member_required(can="create")
def trash(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_asset(request.member, pk)
    services.move_to_trash(one)
    if not request.htmx:
        return redirect("library:index", workspace)
    return render(request, "library/_trashed.html", {"asset": one})


@require_POST
@member_required(can="create")
def restore(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Asset.objects.in_trash_of(request.member).select_related("workspace", "created_by"), pk=pk)
    services.restore(one)
    if not request.htmx:
        return redirect("library:asset", workspace, pk)
    return render(request, "library/_card.html", {"asset": one})


def find_asset(member: Membership, pk: uuid.UUID) -> Asset:
    return get_object_or_404(Asset.objects.visible_to(member).select_related("workspace", "created_by"), pk=pk)


def original(one: Asset, *, download: bool = False) -> Served:
    name = safe_filename(one.title, PurePath(one.file.name).suffix.removeprefix("."))
    return Served(one.file.name, one.size, one.sha256, one.content_type, name, download=download)


def own_format(one: Asset) -> str:
    """The key of FORMATS that the file itself already is, or an empty string, e.g. for mu-law in a WAV file."""
    codec = one.measurements.get("codec", "")
    for name, known in FORMATS.items():
        if known.content_type == one.content_type and (name != "wav" or codec == known.codec):
            return name
    return ""


def safe_filename(title: str, suffix: str) -> str:
    """A name for the person's own disk: the title without what file systems refuse."""
    stem = get_valid_filename(title.replace("/", " ").replace("\\", " ").strip(" .") or "audio")[:80].strip("._")
    return f"{stem or 'audio'}.{suffix}" if suffix else stem


def subtitle_file(one: Asset, format: str, *, as_attachment: bool) -> HttpResponse:
    """SRT or VTT, written from what the asset knows. Http404 if it has no subtitles."""
    if not one.subtitles:
        raise Http404
    response = HttpResponse(WRITERS[format](one.subtitles), content_type=f"{CONTENT_TYPES[format]}; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment, safe_filename(one.title, format))
    response["Cache-Control"] = "private, max-age=300"
    return response


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None

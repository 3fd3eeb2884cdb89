from __future__ import annotations

import uuid
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from apps.library import services, uploads
from apps.library.archive import stream_archive, write_archive
from apps.library.audio import FORMATS, Format
from apps.library.destinations import offers_for
from apps.library.details import describe_request
from apps.library.files import original, own_format, rendered, serve_medium, serve_poster, subtitle_file
from apps.library.forms import RenameForm
from apps.library.kinds import all_kinds, get_kind
from apps.library.models import Asset, AssetQuerySet, RenditionStatus
from apps.library.serving import serve
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership
from apps.workspaces.navigation import Page, pages_for

PAGE = 24
PICKS = 36
MANY = 500  # assets at once
FOREVER = "private, max-age=31536000, immutable"  # a file never changes under its address
ASK_AGAIN = "private, no-cache"  # what carries the title, which can change; unchanged costs a 304
LAYOUT_COOKIE = "studio_library"  # grid or list


@require_safe
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """What was made, newest first. `?q=` words, `?kind=`, `?before=` an id: the next page, `?layout=`, `?trash=1`."""
    q = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL refuses NUL
    kind, is_trash = request.GET.get("kind", "").replace("\0", ""), "trash" in request.GET
    before = _uuid(request.GET.get("before", ""))
    found = list(services.find_assets(request.member, q=q, kind=kind, before=before, in_trash=is_trash)[: PAGE + 1])
    chosen = request.GET.get("layout", "")
    layout = "list" if (chosen or request.COOKIES.get(LAYOUT_COOKIE)) == "list" else "grid"
    context: dict[str, Any] = {
        "assets": found[:PAGE],
        "next": found[PAGE - 1].pk if len(found) > PAGE else None,
        "q": q,
        "kind": kind,
        "kinds": all_kinds(),
        "layout": layout,
        "is_trash": is_trash,
        "can_create": request.member.may("create"),
        "is_empty": not (found or q or kind or before or is_trash),
        "starting_point": _starting_point(request.member),
    }
    name = "library/index.html"
    if is_fragment(request):
        name = "library/_page.html" if before else "library/_results.html"
    response = render(request, name, context)
    response["Vary"] = "HX-Request"
    if chosen:
        response.set_cookie(LAYOUT_COOKIE, layout, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def _starting_point(member: Membership) -> Page | None:
    """The first page of the rail that fills the library and has an example to run."""
    filling = {kind.recall for kind in all_kinds()}
    makers = (page for page in pages_for(member, "rail") if page.url_name in filling)
    return next((page for page in makers if page.ask and page.ask.examples), None)


def is_fragment(request: MemberRequest) -> bool:
    """Whether htmx asks for a part of a page; going back in history it wants all of it."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


@require_GET
@member_required()
def asset(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Everything known about one asset: in the drawer, or on a page of its own."""
    one = find_asset(request.member, pk)
    name = "library/_details.html" if is_fragment(request) else "library/asset.html"
    response = render(request, name, _details(request.member, one))
    response["Vary"] = "HX-Request"
    return response


def _details(member: Membership, one: Asset) -> dict[str, Any]:
    kind = get_kind(one.kind)
    return {
        "asset": one,
        "kind": kind,
        "recall_url": f"{reverse(kind.recall, args=[member.workspace.slug])}?from={one.pk}" if kind.recall else "",
        "settings": describe_request(one),
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
    return render(request, "library/_menu.html", _details(request.member, find_asset(request.member, pk)))


@require_GET
@member_required()
def card(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return render(request, "library/_card.html", {"asset": find_asset(request.member, pk)})


@require_safe
@member_required()
def file(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve_medium(request, find_asset(request.member, pk), FOREVER)


@require_safe
@member_required()
def poster(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    return serve_poster(request, find_asset(request.member, pk), FOREVER)


@require_safe
@member_required()
def download(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponseBase:
    """The file under its title; `?format=` one of FORMATS. What has to be made first answers 202, a page that waits."""
    one = find_asset(request.member, pk)
    key = request.GET.get("format", "")
    if key and (key not in FORMATS or one.medium != "audio"):
        raise Http404
    wants_status = request.accepts("application/json") and not request.accepts("text/html")
    if not key or key == own_format(one):
        return _say_status("ready") if wants_status else serve(request, original(one, ASK_AGAIN, download=True))
    rendition = services.find_or_order_rendition(one, key, again="again" in request.GET)
    format = FORMATS[key]
    if wants_status:
        return _say_status(rendition.status, format)
    if rendition.status == RenditionStatus.READY:
        return serve(request, rendered(rendition, ASK_AGAIN, download=True))
    status = 202 if rendition.status == RenditionStatus.WAITING else 200
    response = render(
        request, "library/preparing.html", {"asset": one, "format": format, "rendition": rendition}, status=status
    )
    response["Cache-Control"] = "no-store"
    return response


def _say_status(status: str, format: Format | None = None) -> JsonResponse:
    """For a page that waits: {status: waiting, ready or failed; text: a sentence while there is something to say}."""
    name = {"name": format.label if format else ""}
    text = {
        RenditionStatus.WAITING: _("The %(name)s file is being written. The download starts by itself.") % name,
        RenditionStatus.FAILED: _("This sound could not be written as %(name)s. The file itself is safe.") % name,
    }.get(RenditionStatus(status), "")
    response = JsonResponse({"status": status, "text": text})
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@member_required()
def subtitles(request: MemberRequest, workspace: str, pk: uuid.UUID, format: str) -> HttpResponse:
    one = find_asset(request.member, pk)
    return subtitle_file(one, format, ASK_AGAIN, download=format == "srt" or "download" in request.GET)


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
    one = find_asset(request.member, pk)
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


# --- pictures for the fields of forms: apps.library.uploads -----------------------------------------------------------


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


@require_GET
@member_required(can="create")
def pick(request: MemberRequest, workspace: str) -> HttpResponse:
    """The pictures that fit `?purpose=`, newest first; `?q=` words, `?before=` an id."""
    purpose, q = find_purpose(request.GET), request.GET.get("q", "").replace("\0", "").strip()
    before = _uuid(request.GET.get("before", ""))
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


# --- many at once -----------------------------------------------------------------------------------------------------


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
    ids = [pk for value in request.POST.getlist("asset")[:MANY] if (pk := _uuid(value))]
    return list(among.filter(pk__in=ids).select_related("workspace", "created_by").order_by("-id"))


def find_asset(member: Membership, pk: uuid.UUID) -> Asset:
    return get_object_or_404(Asset.objects.visible_to(member).select_related("workspace", "created_by"), pk=pk)


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None

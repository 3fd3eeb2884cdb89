"""A book, or a chapter, as a file."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.books import services
from apps.books.formats import FORMATS, LOUDNESS_LUFS
from apps.books.forms import EditionForm
from apps.books.models import Book, Edition, EditionStatus
from apps.books.showing import (
    find_book,
    find_chapter,
    frame,
    lines_of,
    read_click,
    read_uuid,
)
from apps.library.files import safe_filename
from apps.workspaces.access import MemberRequest, member_required

SHOWN = 100  # files of a book on its page
UNKNOWN = gettext_noop("This file cannot be made. Choose a format and try again.")


@require_GET
@member_required()
def editions(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What the book was written as, and a form for more. `?chapter=` chooses one."""
    return _editions(request, find_book(request.member, pk))


def _editions(request: MemberRequest, one: Book, *, refusal: str = "", status: int = 200) -> HttpResponse:
    everything = services.chapters_of(one)
    made = one.editions.select_related("workspace", "book", "chapter", "asset", "created_by").defer(
        "timings", "asset__subtitles"
    )
    files = list(made.order_by("-pk"))
    context = frame(request, one, everything) | {
        "lines": lines_of(request.member, one, everything),
        "editions": files[:SHOWN],
        "together": services.chapter_files(one, files),
        "formats": [(name, each.label) for name, each in FORMATS.items()],
        "loudnesses": [(value, _loudness(value)) for value in LOUDNESS_LUFS],
        "wanted": read_uuid(request.GET.get("chapter", "")),
        "click": uuid.uuid4(),
        "refusal": refusal,
    }
    return render(request, "books/editions.html", context, status=status)


def _loudness(lufs: float) -> str:
    words = {-23.0: _("broadcast"), -18.0: _("audiobook"), -16.0: _("podcast"), -14.0: _("streaming")}
    return f"{lufs:g} LUFS · {words[lufs]}" if lufs in words else f"{lufs:g} LUFS"


@require_POST
@member_required(can="create")
def render_edition(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Write the book, or a chapter, as one file."""
    one = find_book(request.member, pk)
    form = EditionForm(request.POST)
    if not form.is_valid():
        return _editions(request, one, refusal=_(UNKNOWN), status=422)
    chapter = find_chapter(one, form.cleaned_data["chapter"]) if form.cleaned_data["chapter"] else None
    try:
        services.render(
            request.member,
            one,
            click=read_click(request),
            format=form.cleaned_data["format"],
            scope=chapter,
            loudness_lufs=form.cleaned_data["loudness"],
        )
    except services.NotReadyError as refusal:
        return _editions(request, one, refusal=str(refusal), status=409)
    return redirect("books:editions", workspace, one.pk)


@require_POST
@member_required(can="create")
def render_chapters(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Write each chapter that is made as a file of its own."""
    one = find_book(request.member, pk)
    form = EditionForm(request.POST)
    if not form.is_valid():
        return _editions(request, one, refusal=_(UNKNOWN), status=422)
    try:
        services.render_chapters(
            request.member, one, format=form.cleaned_data["format"], loudness_lufs=form.cleaned_data["loudness"]
        )
    except services.NotReadyError as refusal:
        return _editions(request, one, refusal=str(refusal), status=409)
    return redirect("books:editions", workspace, one.pk)


def find_edition(book: Book, pk: uuid.UUID) -> Edition:
    """Without the times of its sentences, which are fetched when asked for."""
    found = Edition.objects.select_related("workspace", "book", "chapter", "asset")
    return get_object_or_404(found.defer("timings", "asset__subtitles"), book=book, pk=pk)


@require_GET
@member_required()
def edition(request: MemberRequest, workspace: str, pk: uuid.UUID, edition_pk: uuid.UUID) -> HttpResponse:
    found = find_edition(find_book(request.member, pk), edition_pk)
    return render(request, "books/_edition.html", {"edition": found})


@require_POST
@member_required(can="create")
def stop_edition(request: MemberRequest, workspace: str, pk: uuid.UUID, edition_pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    services.cancel_edition(find_edition(one, edition_pk))
    return render(request, "books/_edition.html", {"edition": find_edition(one, edition_pk)})


SUBTITLE_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt", "json": "application/json"}


@require_safe
@member_required()
def subtitles(
    request: MemberRequest, workspace: str, pk: uuid.UUID, edition_pk: uuid.UUID, suffix: str
) -> HttpResponseBase:
    """When each sentence is heard in a file, as SRT, VTT or JSON."""
    found = find_edition(find_book(request.member, pk), edition_pk)
    if found.status != EditionStatus.READY:
        raise Http404
    response = HttpResponse(
        services.subtitles_of(found, suffix), content_type=f"{SUBTITLE_TYPES[suffix]}; charset=utf-8"
    )
    name = safe_filename(found.title, suffix)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "private, no-cache"
    return response

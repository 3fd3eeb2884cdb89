"""The chapters as they were recognised, to be edited."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from apps.books import services
from apps.books.models import Book, LeftOut
from apps.books.sentence_views import find_segment
from apps.books.showing import (
    find_book,
    find_chapter,
    frame,
)
from apps.workspaces.access import MemberRequest, member_required


@require_GET
@member_required(can="create")
def chapters(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The chapters as they were recognised, to be renamed, split, joined, moved and left out."""
    one = find_book(request.member, pk)
    return render(request, "books/chapters.html", frame(request, one) | _outline(one))


def _outline(one: Book, refusal: str = "") -> dict[str, Any]:
    left_out = one.left_out.defer("text", "segments", "parts", "editions")
    return {"book": one, "chapters": one.chapters.defer("text"), "left_out": left_out, "refusal": refusal}


def _show_outline(request: MemberRequest, one: Book, act: Callable[[], object]) -> HttpResponse:
    refusal = ""
    try:
        act()
    except services.RefusedError as error:
        refusal = str(error)
    return render(request, "books/_outline.html", _outline(one, refusal))


@require_POST
@member_required(can="create")
def rename_chapter(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    chapter = find_chapter(find_book(request.member, pk), chapter_pk)
    services.rename_chapter(chapter, request.POST.get("title", "")[:200])
    return HttpResponse(status=204)


@require_POST
@member_required(can="create")
def move_chapter(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """`by`: -1 is one place to the front."""
    one = find_book(request.member, pk)
    chapter, by = find_chapter(one, chapter_pk), -1 if request.POST.get("by") == "-1" else 1
    return _show_outline(request, one, lambda: services.move_chapter(chapter, by))


@require_POST
@member_required(can="create")
def join_chapter(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """Let a chapter go on the one before it."""
    one = find_book(request.member, pk)
    chapter = find_chapter(one, chapter_pk)
    return _show_outline(request, one, lambda: services.join_chapters(chapter))


@require_POST
@member_required(can="create")
def leave_out(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    chapter = find_chapter(one, chapter_pk)
    return _show_outline(request, one, lambda: services.remove_chapter(chapter))


@require_POST
@member_required(can="create")
def put_back(request: MemberRequest, workspace: str, pk: uuid.UUID, left_pk: uuid.UUID) -> HttpResponse:
    """Bring a chapter back that was left out."""
    one = find_book(request.member, pk)
    left = get_object_or_404(LeftOut, book=one, pk=left_pk)
    return _show_outline(request, one, lambda: services.put_back(left))


@require_GET
@member_required(can="create")
def splitter(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """The sentences of a chapter, to choose one that a new chapter begins with."""
    one = find_book(request.member, pk)
    chapter = find_chapter(one, chapter_pk)
    return render(
        request,
        "books/_splitter.html",
        {"book": one, "chapter": chapter, "segments": chapter.segments.only("pk", "text", "position")},
    )


@require_POST
@member_required(can="create")
def split_chapter(request: MemberRequest, workspace: str, pk: uuid.UUID, segment_pk: uuid.UUID) -> HttpResponse:
    """Let a new chapter begin with this sentence."""
    one = find_book(request.member, pk)
    segment = find_segment(one, segment_pk)
    return _show_outline(request, one, lambda: services.split_chapter(segment))

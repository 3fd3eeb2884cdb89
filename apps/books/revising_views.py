"""A new version of the script, compared before anything changes."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.books import rewriting, services
from apps.books.making_views import show_book
from apps.books.models import Book, Chapter, Revision, RevisionStatus
from apps.books.showing import (
    find_book,
    find_chapter,
    frame,
    read_click,
    read_uuid,
)
from apps.workspaces.access import MemberRequest, member_required

DIFFERENCES = 100  # on one page of a revision


@require_GET
@member_required(can="create")
def revise(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The text to be changed: of `?chapter=`, or with an empty one of the whole book. Without it, the first chapter."""
    one = find_book(request.member, pk)
    return _revise(request, one, read_uuid(request.GET.get("chapter", "")), is_whole="chapter" in request.GET)


def _revise(
    request: MemberRequest,
    one: Book,
    chapter_pk: uuid.UUID | None,
    *,
    is_whole: bool,
    text: str | None = None,
    refusal: str = "",
) -> HttpResponse:
    chapter: Chapter | None = one.chapters.filter(pk=chapter_pk).first() if chapter_pk else None
    if chapter is None and not is_whole:
        chapter = one.chapters.first()
    if text is None:
        text = chapter.text if chapter else "\n\n".join(_with_title(each) for each in one.chapters.all())
    context = frame(request, one) | {"chapters": one.chapters.defer("text"), "chapter": chapter}
    context |= {"text": text, "refusal": refusal}
    return render(request, "books/revise.html", context, status=422 if refusal else 200)


def _with_title(chapter: Chapter) -> str:
    """A chapter as its text is recognised again: its title on a line of its own."""
    return chapter.text if chapter.text.lstrip().startswith(chapter.title) else f"{chapter.title}\n\n{chapter.text}"


@require_POST
@member_required(can="create")
def compare(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Compare what was written with what is there. Nothing changes yet."""
    one = find_book(request.member, pk)
    text, given = request.POST.get("text", ""), request.POST.get("chapter", "")
    chapter_pk = read_uuid(given)
    chapter = find_chapter(one, chapter_pk) if chapter_pk else None
    try:
        found = services.revise(request.member, one, text, chapter=chapter)
    except services.RefusedError as refusal:
        return _revise(request, one, chapter_pk, is_whole=chapter is None, text=text, refusal=str(refusal))
    return redirect("books:revision", workspace, one.pk, found.pk)


def find_revision(book: Book, pk: uuid.UUID) -> Revision:
    return get_object_or_404(Revision.objects.select_related("book__workspace", "chapter"), book=book, pk=pk)


@require_GET
@member_required(can="create")
def revision(request: MemberRequest, workspace: str, pk: uuid.UUID, revision_pk: uuid.UUID) -> HttpResponse:
    """What is different, sentence by sentence, and what making that would cost."""
    one = find_book(request.member, pk)
    return _show_revision(request, one, find_revision(one, revision_pk))


def _show_revision(request: MemberRequest, one: Book, found: Revision, refusal: str = "") -> HttpResponse:
    if found.status != RevisionStatus.PROPOSED:
        return redirect("books:book", one.workspace.slug, one.pk)
    context = frame(request, one) | {
        "revision": found,
        "changed": len(found.diff),
        "page_obj": Paginator(found.diff, DIFFERENCES).get_page(request.GET.get("page")),
        "usd": rewriting.price_of_revision(found),
        "click": uuid.uuid4(),
        "refusal": refusal,
    }
    return render(request, "books/revision.html", context, status=409 if refusal else 200)


@require_POST
@member_required(can="create")
def accept(request: MemberRequest, workspace: str, pk: uuid.UUID, revision_pk: uuid.UUID) -> HttpResponse:
    """Make the version the script. Nothing is sent."""
    one = find_book(request.member, pk)
    found = find_revision(one, revision_pk)
    try:
        services.accept(found)
    except services.RefusedError as refusal:
        return _show_revision(request, one, found, str(refusal))
    return redirect("books:book", workspace, one.pk)


@require_POST
@member_required(can="create")
def accept_and_make(request: MemberRequest, workspace: str, pk: uuid.UUID, revision_pk: uuid.UUID) -> HttpResponse:
    """Make the version the script, and have what is different in it spoken: that and nothing else."""
    one = find_book(request.member, pk)
    found = find_revision(one, revision_pk)
    try:
        rewriting.accept_and_make(request.member, found, click=read_click(request))
    except services.RefusedError as refusal:
        fresh = find_revision(one, revision_pk)
        if fresh.status == RevisionStatus.ACCEPTED:
            return show_book(request, find_book(request.member, pk), refusal=str(refusal), status=409)
        return _show_revision(request, one, fresh, str(refusal))
    return redirect("books:book", workspace, one.pk)


@require_POST
@member_required(can="create")
def dismiss(request: MemberRequest, workspace: str, pk: uuid.UUID, revision_pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    services.dismiss(find_revision(one, revision_pk))
    return redirect("books:revise", workspace, one.pk)

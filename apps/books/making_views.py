"""A book on its own page: what making it costs, and making it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap

from apps.books import services
from apps.books.models import Book, Chapter
from apps.books.showing import (
    find_book,
    find_chapter,
    frame,
    lines_of,
    read_click,
)
from apps.books.text.preflight import ILLEGAL_MANY, ILLEGAL_SOME
from apps.jobs.services import jobs_of
from apps.minimax import catalogue
from apps.workspaces.access import MemberRequest, member_required

CHAPTERS = 100  # on one page of a book
SHOWN_PROBLEMS = 60


@require_GET
@member_required()
def book(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Chapters with their states, and what making the rest costs. `?page=` of the chapters."""
    return show_book(request, find_book(request.member, pk))


def show_book(request: MemberRequest, one: Book, *, refusal: str = "", status: int = 200) -> HttpResponse:
    context = _state(request, one)
    if refusal:
        context |= _estimate(request, one) | {"refusal": refusal}
    return render(request, "books/book.html", context, status=status)


def _state(request: MemberRequest, one: Book) -> dict[str, Any]:
    everything = services.chapters_of(one)
    page: Page = Paginator(everything, CHAPTERS).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    lines = lines_of(request.member, one, shown, first=page.start_index() or 1)
    return frame(request, one, everything) | {"chapters": lines, "page_obj": page}


@require_GET
@member_required()
def state(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The chapters and the progress of a book that moves; once it rests, what is left to make, and no more asking."""
    context = _state(request, find_book(request.member, pk))
    response = render(request, "books/_state.html", context)
    return response if context["figures"].is_moving else reswap(response, "outerHTML")


@require_GET
@member_required()
def estimate(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Everything that can be known before anything is paid."""
    one = find_book(request.member, pk)
    return render(request, "books/_estimate.html", frame(request, one) | _estimate(request, one))


def _estimate(request: MemberRequest, one: Book) -> dict[str, Any]:
    check = services.preflight_of(one)
    return {
        "check": check,
        "problems": _problems(check),
        "illegal_blocks": check.illegal_ratio > catalogue.speech.max_invisible_ratio,
        "illegal_percent": f"{100 * check.illegal_ratio:.2g}",
        "click": uuid.uuid4(),
    }


def _problems(check: services.BookCheck) -> list[tuple[Chapter, Any]]:
    """Without the ones that say how many characters are invisible: those are shown one by one."""
    return [each for each in check.problems if each[1].message not in (ILLEGAL_SOME, ILLEGAL_MANY)]


@dataclass(frozen=True)
class Place:
    """Something in the text that should be looked at."""

    chapter: Chapter
    position: int
    sentence: str
    before: str
    marked: str
    after: str
    segment: uuid.UUID | None


@require_GET
@member_required()
def problems(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What cannot be read and what will not sound as it was meant, place by place, each with a way there."""
    one = find_book(request.member, pk)
    check = services.preflight_of(one)
    found = [
        (chapter, problem.position, _(problem.message) % problem.params, "") for chapter, problem in _problems(check)
    ]
    for each in check.chapters:
        for illegal in each.found.illegal:
            sentence = _("“%(name)s” cannot be read.") % {"name": illegal.name}
            found.append((each.chapter, illegal.position, sentence, illegal.character))
    places = [_place(*each) for each in found[:SHOWN_PROBLEMS]]
    more = max(0, len(found) - SHOWN_PROBLEMS)
    return render(request, "books/_problems.html", {"book": one, "places": places, "more": more})


def _place(chapter: Chapter, position: int, sentence: str, marked: str) -> Place:
    segment = chapter.segments.filter(end__gt=position).order_by("position").values_list("pk", flat=True).first()
    text, after = chapter.text, position + len(marked)
    return Place(
        chapter, position, sentence, text[max(0, position - 30) : position], marked, text[after : after + 30], segment
    )


@require_POST
@member_required(can="create")
def make(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The one press that costs: all that has no sound, or none that fits any more."""
    one = find_book(request.member, pk)
    try:
        services.make(request.member, one, click=read_click(request))
    except services.RefusedError as refusal:
        return show_book(request, one, refusal=str(refusal), status=409)
    return redirect("books:book", workspace, one.pk)


@require_POST
@member_required(can="create")
def repeat(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """What failed in one chapter, alone."""
    one = find_book(request.member, pk)
    try:
        services.repeat(request.member, find_chapter(one, chapter_pk), click=read_click(request))
    except services.RefusedError as refusal:
        return show_book(request, one, refusal=str(refusal), status=409)
    return redirect("books:book", workspace, one.pk)


def _button(act: Callable[[Book], object]) -> Callable[..., HttpResponse]:
    @require_POST
    @member_required(can="create")
    def press(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
        act(find_book(request.member, pk))
        return redirect("books:book", workspace, pk)

    return press


pause = _button(services.pause)
resume = _button(services.resume)
cancel = _button(services.cancel)


@require_GET
@member_required()
def jobs(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """The cards of a chapter's latest jobs, for the drawer."""
    one = find_book(request.member, pk)
    chapter = find_chapter(one, chapter_pk)
    latest = jobs_of(request.member).filter(book_part__chapter=chapter)[:20]
    return render(request, "books/_jobs.html", {"book": one, "chapter": chapter, "jobs": latest})

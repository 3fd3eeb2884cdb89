"""A chapter to be heard and read along."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import conditional_escape, format_html_join
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from apps.books import services
from apps.books.composing import compose
from apps.books.formats import LISTEN
from apps.books.models import Book, Chapter, Edition, EditionStatus, Segment
from apps.books.showing import (
    Line,
    find_book,
    find_chapter,
    frame,
    lines_of,
)
from apps.workspaces.access import MemberRequest, member_required

PAUSE = re.compile(r"<#(\d+(?:\.\d+)?)#>")


@require_GET
@member_required()
def read(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The first chapter."""
    first = find_book(request.member, pk).chapters.defer("text").first()
    if first is None:
        return redirect("books:book", workspace, pk)
    return redirect("books:read_chapter", workspace, pk, first.pk)


@require_GET
@member_required()
def read_chapter(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """A chapter to be heard and read along."""
    one = find_book(request.member, pk)
    chapter = find_chapter(one, chapter_pk)
    everything = services.chapters_of(one)
    lines = lines_of(request.member, one, everything)
    place = next(index for index, line in enumerate(lines) if line.chapter.pk == chapter.pk)
    wanted = ("pk", "text", "start", "end", "speaker", "take_id", "is_silent", "ends_paragraph")
    segments = list(chapter.segments.only(*wanted))
    listening = _listening(one, chapter, lines[place])
    context = frame(request, one, everything) | listening
    context |= {
        "chapter": chapter,
        "speaks_title": _speaks_title(chapter),
        "contents": lines,
        "before": everything[place - 1] if place else None,
        "after": everything[place + 1] if place + 1 < len(everything) else None,
        "paragraphs": _paragraphs(chapter.text, segments),
        "timings": _timings(listening["edition"], segments),
    }
    return render(request, "books/read.html", context)


def _speaks_title(chapter: Chapter) -> bool:
    """Whether the first paragraph is the title, which then need not stand above it."""
    title, text = chapter.title, chapter.text.lstrip()
    return bool(title) and text.startswith(title) and text[len(title) :].lstrip(" \t")[:1] in ("", "\n")


def _paragraphs(text: str, segments: Sequence[Segment]) -> list[list[tuple[Segment, str, str, str]]]:
    """(sentence, its words, its speaker where another begins to speak, what stands after it) of each paragraph."""
    paragraphs: list[list[tuple[Segment, str, str, str]]] = [[]]
    speaker = ""
    for index, segment in enumerate(segments):
        following = segments[index + 1].start if index + 1 < len(segments) else segment.end
        said = segment.speaker if segment.speaker != speaker else ""
        speaker = segment.speaker
        gap = " " if text[segment.end : following].strip("\n") else ""
        paragraphs[-1].append((segment, _with_marks(segment.text), said, gap))
        if segment.ends_paragraph:
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


def _with_marks(text: str) -> str:
    """The pauses of a sentence as marks, not as MiniMax writes them."""
    pieces = PAUSE.split(text)  # words and seconds in turn
    if len(pieces) == 1:
        return text
    marks = zip(pieces[:-1:2], pieces[1::2], strict=True)
    return format_html_join("", '{}<span class="pause-mark">{} s</span>', marks) + conditional_escape(pieces[-1])


def _timings(edition: Edition | None, segments: Sequence[Segment]) -> list[list[float] | None]:
    """[start, end] in seconds of each sentence; None: the sound does not hold it."""
    if edition is None or edition.asset is None or not edition.sample_rate:
        return [None] * len(segments)
    rate = edition.sample_rate
    found = {row[0]: [round(row[3] / rate, 3), round(row[4] / rate, 3)] for row in edition.timings}
    return [found.get(str(segment.pk)) for segment in segments]


def _listening(one: Book, chapter: Chapter, line: Line) -> dict[str, Any]:
    """What books/_listen.html shows."""
    own = one.editions.filter(scope="chapter", chapter=chapter, format="mp3", loudness_lufs=None)
    edition = (
        own.exclude(status=EditionStatus.CANCELLED)
        .select_related("asset", "workspace")
        .defer("asset__subtitles")
        .order_by("-pk")
        .first()
    )
    if edition and edition.asset and edition.asset.trashed_at:
        edition = None
    is_stale = bool(edition and edition.asset and line.is_made and not services.is_current(edition))
    return {"edition": edition, "line": line, "is_stale": is_stale}


@require_POST
@member_required()
def listen(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    """Have a chapter put together to be heard: free, the studio's own work. The same sound is made once."""
    one = find_book(request.member, pk)
    chapter = find_chapter(one, chapter_pk)
    click = f"{LISTEN}{compose(chapter).fingerprint}"[:36]
    if one.editions.filter(click=click, status__in=(EditionStatus.FAILED, EditionStatus.CANCELLED)).exists():
        click = f"{LISTEN}{uuid.uuid4().hex}"[:36]
    try:
        services.render(request.member, one, click=click, format="mp3", scope=chapter)
    except services.NotReadyError:
        return HttpResponseClientRefresh()
    return _show_listening(request, one, chapter)


@require_GET
@member_required()
def listening(request: MemberRequest, workspace: str, pk: uuid.UUID, chapter_pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    return _show_listening(request, one, find_chapter(one, chapter_pk))


def _show_listening(request: MemberRequest, one: Book, chapter: Chapter) -> HttpResponse:
    found = next((each for each in services.chapters_of(one) if each.pk == chapter.pk), None)
    if found is None:
        raise Http404
    context = _listening(one, chapter, lines_of(request.member, one, [found])[0])
    if context["edition"] and context["edition"].asset:
        return HttpResponseClientRefresh()  # the sentences need their times, too
    context |= {"book": one, "chapter": chapter, "can_create": request.member.may("create")}
    return render(request, "books/_listen.html", context)

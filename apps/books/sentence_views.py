"""One sentence: its words, who says it, its takes."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.books import rewriting, services
from apps.books.forms import SentenceForm
from apps.books.models import Book, Segment, SegmentTake
from apps.books.pauses import bare
from apps.books.showing import (
    find_book,
    frame,
    read_click,
)
from apps.books.sound import apart
from apps.books.sound.pieces import Piece, SoundError
from apps.jobs.models import MOVING
from apps.library.tasks import local_copy
from apps.workspaces.access import MemberRequest, member_required


def find_segment(book: Book, pk: uuid.UUID) -> Segment:
    found = Segment.objects.in_script().select_related("chapter", "take", "making__job")
    segment = get_object_or_404(found, book=book, pk=pk)
    segment.book = book
    return segment


@require_GET
@member_required()
def sentence(request: MemberRequest, workspace: str, pk: uuid.UUID, segment_pk: uuid.UUID) -> HttpResponse:
    """One sentence, for the drawer: its words, who says it, its takes."""
    one = find_book(request.member, pk)
    return _sentence(request, one, find_segment(one, segment_pk))


def _sentence(request: MemberRequest, one: Book, segment: Segment, refusal: str = "") -> HttpResponse:
    may_create = request.member.may("create")
    job = segment.making.job if segment.making else None
    context = frame(request, one, []) | {
        "segment": segment,
        "words": bare(segment.text)[0],
        "before": _neighbour(segment, -1),
        "after": _neighbour(segment, 1),
        "takes": segment.takes.select_related("part").order_by("-pk"),
        "is_making": bool(job and job.status in MOVING),
        "speakers": [role.speaker for role in services.roles_of(one) if role.speaker],
        "price": services.price_of(one, [segment]) if may_create else None,
        "click": uuid.uuid4(),
        "refusal": refusal,
    }
    return render(request, "books/_sentence.html", context)


def _neighbour(segment: Segment, by: int) -> uuid.UUID | None:
    """The sentence that is spoken before (-1) or after (1) it in its chapter."""
    spoken = Segment.objects.filter(chapter=segment.chapter_id, is_silent=False)
    if by < 0:
        spoken = spoken.filter(position__lt=segment.position).order_by("-position")
    else:
        spoken = spoken.filter(position__gt=segment.position).order_by("position")
    return spoken.values_list("pk", flat=True).first()


def _change(
    request: MemberRequest, pk: uuid.UUID, segment_pk: uuid.UUID, act: Callable[[Segment], object]
) -> HttpResponse:
    """Do something with a sentence, and show what stands there then."""
    one = find_book(request.member, pk)
    refusal = ""
    try:
        there = act(find_segment(one, segment_pk))
        segment_pk = there.pk if isinstance(there, Segment) else segment_pk
    except services.RefusedError as error:
        refusal = str(error)
    response = _sentence(request, one, find_segment(one, segment_pk), refusal)
    if not refusal:
        response["HX-Trigger"] = "sentence:changed"
    return response


@require_POST
@member_required(can="create")
def write_sentence(request: MemberRequest, workspace: str, pk: uuid.UUID, segment_pk: uuid.UUID) -> HttpResponse:
    """Other words. They are made only when somebody says so."""
    text = request.POST.get("text", "")

    return _change(request, pk, segment_pk, lambda segment: rewriting.write_sentence(request.member, segment, text))


@require_POST
@member_required(can="create")
def give_sentence(request: MemberRequest, workspace: str, pk: uuid.UUID, segment_pk: uuid.UUID) -> HttpResponse:
    """Say who speaks a sentence, and how long it is quiet after it."""
    form = SentenceForm(request.POST)

    def give(segment: Segment) -> None:
        if not form.is_valid():
            raise services.RefusedError(_("A pause has up to ten seconds, a name up to a hundred letters."))
        if form.cleaned_data["speaker"] != segment.speaker:
            services.assign(segment.book, [segment], form.cleaned_data["speaker"])
        services.set_pause_after(segment, form.cleaned_data["pause_ms"])

    return _change(request, pk, segment_pk, give)


@require_POST
@member_required(can="create")
def make_sentence(request: MemberRequest, workspace: str, pk: uuid.UUID, segment_pk: uuid.UUID) -> HttpResponse:
    """One more take of this sentence alone."""
    click = read_click(request)
    return _change(
        request, pk, segment_pk, lambda each: services.make(request.member, each.book, click=click, scope=[each])
    )


@require_POST
@member_required(can="create")
def choose_take(
    request: MemberRequest, workspace: str, pk: uuid.UUID, segment_pk: uuid.UUID, take_pk: uuid.UUID
) -> HttpResponse:
    one = find_book(request.member, pk)
    take = get_object_or_404(SegmentTake, pk=take_pk, segment=segment_pk, part__book=one)
    return _change(request, pk, segment_pk, lambda segment: services.choose_take(segment, take))


@require_safe
@member_required()
def take_sound(request: MemberRequest, workspace: str, pk: uuid.UUID, take_pk: uuid.UUID) -> HttpResponse:
    """One take as WAV: a few seconds, cut by a child from the part that it was spoken in."""
    one = find_book(request.member, pk)
    take = get_object_or_404(SegmentTake.objects.select_related("part"), pk=take_pk, part__book=one)
    if not take.part.file:
        raise Http404
    try:
        with local_copy(take.part.file) as path, tempfile.NamedTemporaryFile(suffix=".wav") as target:
            apart.join([Piece(path, take.start_sample, take.end_sample)], Path(target.name), format="wav", timeout_s=60)
            sound = Path(target.name).read_bytes()
    except (SoundError, FileNotFoundError) as error:
        raise Http404 from error
    response = HttpResponse(sound, content_type="audio/wav")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response

"""What changes the script of a book: clean-up, chapters, voices, new versions, single sentences and their takes."""

from __future__ import annotations

import io
import uuid
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.books import rewriting, services
from apps.books.forms import PausesForm, SentenceForm
from apps.books.models import Book, Chapter, Revision, RevisionStatus, Segment, SegmentTake
from apps.books.pauses import bare
from apps.books.views import find_book, find_chapter, frame, read_click, read_uuid, show_book
from apps.jobs.models import MOVING
from apps.speech.voices import Voice, find_voice
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.storable import storable

CHANGES = 80  # shown of a clean-up; the switches count all
DIFFERENCES = 100  # on one page of a revision


# --- clean-up ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cleaning:
    """A kind of change, with its switch."""

    name: str
    label: str
    count: int
    is_on: bool


@require_GET
@member_required(can="create")
def cleanup(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What was taken out of the document, kind by kind, each with a switch."""
    one = find_book(request.member, pk)
    return render(request, "books/cleanup.html", frame(request, one) | _cleanup(one))


@require_POST
@member_required(can="create")
def set_cleanup(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    known = {change.kind for change in services.cleanup_of(one)}
    refusal = ""
    try:
        services.set_cleanup(one, [kind for kind in request.POST.getlist("kinds") if kind in known])
    except services.RefusedError as error:
        refusal = str(error)
    one = find_book(request.member, pk)
    context = frame(request, one) | _cleanup(one) | {"refusal": refusal}
    return render(request, "books/_cleanup.html" if request.htmx else "books/cleanup.html", context)


def _cleanup(one: Book) -> dict[str, Any]:
    found = services.cleanup_of(one)
    on = set(one.cleanup)
    kinds: dict[str, Cleaning] = {}
    for change in found:
        count = change.count + (kinds[change.kind].count if change.kind in kinds else 0)
        kinds[change.kind] = Cleaning(change.kind, change.label, count, change.kind in on)
    shown = [
        {"label": each.label, "before": each.before, "after": each.after, "count": each.count, "is_on": each.kind in on}
        for each in found[:CHANGES]
    ]
    return {"kinds": list(kinds.values()), "changes": shown, "more": max(0, len(found) - CHANGES)}


# --- chapters ---------------------------------------------------------------------------------------------------------


@require_GET
@member_required(can="create")
def chapters(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The chapters as they were recognised, to be renamed, split, joined, moved and left out."""
    one = find_book(request.member, pk)
    return render(request, "books/chapters.html", frame(request, one) | _outline(one))


def _outline(one: Book, refusal: str = "") -> dict[str, Any]:
    return {"book": one, "chapters": one.chapters.defer("text"), "refusal": refusal}


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


# --- voices -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Somebody who speaks, with what is known of the voice."""

    role: services.Role
    voice: Voice | None


@require_GET
@member_required(can="create")
def cast(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Who speaks with which voice, and how long it is quiet between them."""
    one = find_book(request.member, pk)
    return render(request, "books/cast.html", frame(request, one) | _cast(one))


def _cast(one: Book, *, refusal: str = "", form: PausesForm | None = None) -> dict[str, Any]:
    now = {name: getattr(one, name) for name in ("pause_ms", "chapter_pause_ms", "marks_speakers")}
    return {
        "book": one,
        "parts": [Part(role, find_voice(one.workspace, role.voice_id)) for role in services.roles_of(one)],
        "form": form or PausesForm(initial=now),
        "refusal": refusal,
    }


@require_POST
@member_required(can="create")
def set_voice(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Give `speaker` a voice; without `voice_id` they speak with the narrator's."""
    one = find_book(request.member, pk)
    speaker, voice_id = storable(request.POST.get("speaker", "")), storable(request.POST.get("voice_id", ""))[:256]
    refusal = ""
    if speaker or voice_id:
        try:
            services.cast(one, speaker, voice_id)
        except services.RefusedError as error:
            refusal = str(error)
    return render(request, "books/_cast.html", _cast(find_book(request.member, pk), refusal=refusal))


@require_POST
@member_required(can="create")
def set_pauses(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    form = PausesForm(request.POST)
    if not form.is_valid():
        return render(request, "books/_cast.html", _cast(one, form=form), status=422)
    given = form.cleaned_data
    services.set_pauses(one, pause_ms=given["pause_ms"], chapter_pause_ms=given["chapter_pause_ms"])
    if given["marks_speakers"] != one.marks_speakers:
        services.read_speakers(one, is_on=given["marks_speakers"])
    return render(request, "books/_cast.html", _cast(find_book(request.member, pk)))


# --- a new version ----------------------------------------------------------------------------------------------------


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


# --- a sentence -------------------------------------------------------------------------------------------------------


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
        "takes": segment.takes.select_related("part").order_by("-pk"),
        "is_making": bool(job and job.status in MOVING),
        "speakers": [role.speaker for role in services.roles_of(one) if role.speaker],
        "price": services.price_of(one, [segment]) if may_create else None,
        "click": uuid.uuid4(),
        "refusal": refusal,
    }
    return render(request, "books/_sentence.html", context)


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
    """One take as WAV: a few seconds, cut from the part that it was spoken in."""
    # They bring the decoders, which a worker that knows our URLs leaves out.
    from apps.books.sound.pieces import Piece, SoundError
    from apps.books.sound.reading import Reader

    one = find_book(request.member, pk)
    take = get_object_or_404(SegmentTake.objects.select_related("part"), pk=take_pk, part__book=one)
    if not take.part.file:
        raise Http404
    target = io.BytesIO()
    piece = Piece(Path(default_storage.path(str(take.part.file.name))), take.start_sample, take.end_sample)
    try:
        with Reader() as reader, wave.open(target, "wb") as written:
            written.setnchannels(take.part.channels)
            written.setsampwidth(2)
            written.setframerate(take.part.sample_rate)
            for block in reader.read(piece):
                written.writeframes(block.astype("<i2").tobytes())
    except SoundError as error:
        raise Http404 from error
    response = HttpResponse(target.getvalue(), content_type="audio/wav")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response

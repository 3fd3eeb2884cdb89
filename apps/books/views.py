"""The shelf, a new book, making it, listening to it and its files. What changes the script is in `script_views`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, DecimalField, F, Q, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html_join
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, reswap

from apps.books import services
from apps.books.casting import being_made
from apps.books.composing import compose
from apps.books.formats import FORMATS, LOUDNESS_LUFS
from apps.books.forms import COVER, MOST_BYTES, MOST_CHARACTERS, BookForm, EditionForm, SettingsForm, WordsForm
from apps.books.models import Book, Chapter, Edition, EditionStatus, Part, Segment
from apps.books.rewriting import set_cover
from apps.books.text.preflight import ILLEGAL_MANY, ILLEGAL_SOME
from apps.books.wishes import complete
from apps.jobs.models import MOVING, Status
from apps.jobs.services import jobs_of
from apps.library.files import safe_filename
from apps.library.uploads import find_picture
from apps.minimax import catalogue
from apps.speech.voices import find_voice
from apps.usage.models import Charged
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.connections import situation_of
from apps.workspaces.models import Membership

CHAPTERS = 100  # on one page of a book
SHOWN_PROBLEMS = 60
PAUSE = re.compile(r"<#(\d+(?:\.\d+)?)#>")
COVER_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}

EXAMPLE = gettext_lazy("""Chapter 1. The lamp

The lighthouse had been dark for nine days when Anna came back. <#0.6#> Nobody had told her. She saw it from \
the ferry, a grey finger against a grey sky, and she knew.

[Anna] Turn the boat around, please. I have to be there before night.

The ferryman looked at her for a long time. Then he put the wheel over without a word.

Chapter 2. The stairs

There were one hundred and ninety-nine steps. She had counted them as a child, and they had not grown fewer. At the \
top the door was open, and the wind went in and out like somebody who lived there.

[Anna] Hello? Is anybody here?

Only the sea answered. She struck a match, and for the first time in nine days the lamp saw a flame.
""")


# --- what the pages say -----------------------------------------------------------------------------------------------

STATES: dict[str, tuple[str | Promise, str]] = {
    "empty": (gettext_lazy("Nothing to speak"), ""),
    "new": (gettext_lazy("Not made"), ""),
    "moving": (gettext_lazy("Being made"), "badge--accent"),
    "paused": (gettext_lazy("Paused"), ""),
    "failed": (gettext_lazy("Failed"), "badge--bad"),
    "partly": (gettext_lazy("In part"), "badge--warn"),
    "ready": (gettext_lazy("Made"), "badge--ok"),
}


@dataclass(frozen=True)
class Line:
    """A chapter with how far it is."""

    number: int
    chapter: Chapter
    state: str
    sentences: int
    made: int
    seconds: float
    has_jobs: bool
    error: str = ""
    next_step: str = ""
    charged: str = ""
    price: Decimal | None = None
    click: str = ""

    @property
    def is_made(self) -> bool:
        return bool(self.sentences) and self.made >= self.sentences

    @property
    def is_moving(self) -> bool:
        return self.state in ("moving", "paused")

    @property
    def percent(self) -> int:
        return 100 * self.made // self.sentences if self.sentences else 0

    @property
    def label(self) -> str | Promise:
        return STATES[self.state][0]

    @property
    def badge(self) -> str:
        return STATES[self.state][1]


@dataclass(frozen=True)
class Figures:
    """How far a book is."""

    chapters: int
    sentences: int
    made: int
    seconds: float
    moving: int  # parts
    paused: int  # parts
    waiting: int  # parts that were not sent yet and are not paused
    failed: int  # chapters
    spent: Decimal
    has_manuscript: bool
    is_open: bool  # something is to be made that is not being made

    @property
    def is_made(self) -> bool:
        return bool(self.sentences) and self.made >= self.sentences

    @property
    def is_moving(self) -> bool:
        return self.moving > 0

    @property
    def is_quiet(self) -> bool:
        return not (self.made or self.is_moving or self.failed)

    @property
    def percent(self) -> int:
        return 100 * self.made // self.sentences if self.sentences else 0

    @property
    def _state(self) -> str:
        if self.is_moving:
            return "paused" if self.paused == self.moving else "moving"
        if self.failed:
            return "failed"
        if self.is_made:
            return "ready"
        return "partly" if self.made else "new"

    @property
    def state(self) -> str | Promise:
        return STATES[self._state][0]

    @property
    def badge(self) -> str:
        return STATES[self._state][1]


@dataclass(frozen=True)
class Entry:
    """A book on the shelf."""

    book: Book
    chapters: int
    sentences: int
    made: int
    is_moving: bool
    has_failed: bool

    @property
    def is_made(self) -> bool:
        return bool(self.sentences) and self.made >= self.sentences

    @property
    def percent(self) -> int:
        return 100 * self.made // self.sentences if self.sentences else 0

    @property
    def _state(self) -> str:
        if self.is_moving:
            return "moving"
        if self.is_made:
            return "ready"
        if self.has_failed:
            return "failed"
        return "partly" if self.made else "new"

    @property
    def state(self) -> str | Promise:
        return STATES[self._state][0]

    @property
    def badge(self) -> str:
        return STATES[self._state][1]


def find_book(member: Membership, pk: uuid.UUID) -> Book:
    return get_object_or_404(Book.objects.visible_to(member).select_related("workspace", "created_by"), pk=pk)


def find_chapter(book: Book, pk: uuid.UUID) -> Chapter:
    chapter = get_object_or_404(Chapter, book=book, pk=pk)
    chapter.book = book
    return chapter


def lines_of(member: Membership, book: Book, chapters: Sequence[Any], *, first: int = 1) -> list[Line]:
    """chapters: as `services.chapters_of` annotates them."""
    pks = [chapter.pk for chapter in chapters]
    lengths = _lengths(Segment.objects.filter(chapter__in=pks))
    with_jobs = set(Part.objects.filter(chapter__in=pks).exclude(job=None).values_list("chapter", flat=True))
    lines = []
    for number, chapter in enumerate(chapters, first):
        line = {
            "number": number,
            "chapter": chapter,
            "state": chapter.state,
            "sentences": chapter.count,
            "made": chapter.ready,
            "seconds": lengths.get(chapter.pk, 0.0),
            "has_jobs": chapter.pk in with_jobs,
        }
        failed = services.failures_of(chapter) if chapter.failed else []
        if failed:
            line |= {
                "error": failed[0].error,
                "next_step": failed[0].next_step,
                "charged": failed[0].get_charged_display(),
                "price": services.price_of(book, chapter).usd if member.may("create") else None,
                "click": str(uuid.uuid4()),
            }
        lines.append(Line(**line))
    return lines


def _lengths(segments: Any) -> dict[Any, float]:
    """Seconds of sound of each chapter, without the pauses between sentences."""
    heard = segments.exclude(take=None).order_by().values_list("chapter", "take__part__sample_rate")
    found: dict[Any, float] = {}
    for chapter, rate, samples in heard.annotate(samples=Sum(F("take__end_sample") - F("take__start_sample"))):
        found[chapter] = found.get(chapter, 0.0) + (samples / rate if rate else 0.0)
    return found


def figures_of(book: Book, chapters: Sequence[Any] | None = None) -> Figures:
    chapters = services.chapters_of(book) if chapters is None else chapters
    paid = Q(job__charged__in=(Charged.YES, Charged.UNKNOWN)) & ~Q(job__connection_kind="sandbox")
    parts = Part.objects.filter(book=book).aggregate(
        moving=Count("pk", filter=Q(job__status__in=MOVING)),
        paused=Count("pk", filter=Q(job__status=Status.QUEUED, job__is_paused=True)),
        waiting=Count("pk", filter=Q(job__status=Status.QUEUED, job__is_paused=False)),
        spent=Sum(Coalesce("job__cost_usd", "job__estimate_usd"), filter=paid, output_field=DecimalField()),
    )
    return Figures(
        chapters=len(chapters),
        sentences=sum(chapter.count for chapter in chapters),
        made=sum(chapter.ready for chapter in chapters),
        seconds=sum(_lengths(book.segments.in_script()).values()),
        moving=parts["moving"],
        paused=parts["paused"],
        waiting=parts["waiting"],
        failed=sum(chapter.state == "failed" for chapter in chapters),
        spent=parts["spent"] or Decimal(0),
        has_manuscript=bool(book.filename),
        is_open=any(chapter.due > chapter.moving for chapter in chapters),
    )


def entries_of(books: Iterable[Book]) -> list[Entry]:
    books = list(books)
    chapters = dict(Chapter.objects.filter(book__in=books).order_by().values_list("book").annotate(count=Count("pk")))
    spoken = Segment.objects.in_script().filter(book__in=books, is_silent=False).order_by().values("book")
    silent = Q(take=None)
    rows = spoken.annotate(
        count=Count("pk"),
        made=Count("pk", filter=~silent),
        moving=Count("pk", filter=being_made()),
        failed=Count("pk", filter=silent & Q(making__job__status=Status.FAILED)),
    )
    found = {row["book"]: row for row in rows}
    nothing = {"count": 0, "made": 0, "moving": 0, "failed": 0}
    entries = []
    for one in books:
        row = found.get(one.pk, nothing)
        is_moving, has_failed = bool(row["moving"]), bool(row["failed"])
        entries.append(Entry(one, chapters.get(one.pk, 0), row["count"], row["made"], is_moving, has_failed))
    return entries


def frame(request: MemberRequest, book: Book, chapters: Sequence[Any] | None = None) -> dict[str, Any]:
    """What every page of a book shows: books/_head.html."""
    situation = situation_of(request.member)
    return {
        "book": book,
        "figures": figures_of(book, chapters),
        "can_create": request.member.may("create"),
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
    }


# --- the shelf --------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The workspace's books, newest first; `?before=<book>` gives older ones."""
    books, cursor = services.books_of(request.member, before=read_uuid(request.GET.get("before", "")))
    context = {"books": entries_of(books), "next": cursor, "can_create": request.member.may("create")}
    return render(request, "books/index.html", context)


@require_GET
@member_required()
def row(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return render(request, "books/_row.html", {"entry": entries_of([find_book(request.member, pk)])[0]})


@require_GET
@member_required(can="create")
def new(request: MemberRequest, workspace: str) -> HttpResponse:
    """The form of a book. `?text=` fills in a text, `?example=1` a short story."""
    text = str(EXAMPLE) if "example" in request.GET else request.GET.get("text", "")[:MOST_CHARACTERS]
    title = _("The lighthouse") if "example" in request.GET else ""
    return _new(request, BookForm(initial={"text": text, "title": title}))


@require_POST
@member_required(can="create")
def create(request: MemberRequest, workspace: str) -> HttpResponse:
    """Read what was brought and lead to it. 422 and the form where that cannot be; nothing is sent to MiniMax."""
    form = BookForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            one = services.create_book(
                request.member,
                title=form.cleaned_data["title"],
                text=form.cleaned_data["text"],
                document=form.cleaned_data["document"],
                settings=form.settings(),
                click=request.POST.get("click", ""),
            )
        except services.RefusedError as refusal:
            form.add_error("document" if form.cleaned_data["document"] else "text", str(refusal))
        else:
            is_cleaned = bool(one.filename and one.cleanup)
            return redirect("books:cleanup" if is_cleaned else "books:book", workspace, one.pk)
    return _new(request, form, status=422)


def _new(request: MemberRequest, form: BookForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "voice": find_voice(request.member.workspace, storable_id(form["voice_id"].value())),
        "click": str(read_uuid(request.POST.get("click", "")) or uuid.uuid4()),
        "most_characters": MOST_CHARACTERS,
        "most_bytes": MOST_BYTES,
    }
    return render(request, "books/new.html", context, status=status)


# --- a book and its making --------------------------------------------------------------------------------------------


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


@require_POST
@member_required(can="create")
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    try:
        services.delete_book(one)
    except services.RefusedError as refusal:
        return _details(request, one, refusal=str(refusal), status=409)
    return redirect("books:index", workspace)


# --- title, cover, settings -------------------------------------------------------------------------------------------


@require_safe
@member_required()
def cover(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The picture on the front. What a document brought is sent only if it is a picture."""
    one = find_book(request.member, pk)
    if not one.cover:
        raise Http404
    with one.cover.open("rb") as stored:
        content = stored.read()
    content_type = next((name for mark, name in COVER_TYPES.items() if content.startswith(mark)), None)
    if content_type is None:
        raise Http404
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@member_required(can="create")
def details(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return _details(request, find_book(request.member, pk))


def _details(
    request: MemberRequest,
    one: Book,
    *,
    form: SettingsForm | None = None,
    words: WordsForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    form = form or SettingsForm(initial=complete(one.settings))
    words = words or WordsForm(initial={"title": one.title, "author": one.author}, member=request.member)
    context = frame(request, one) | {
        "form": form,
        "words": words,
        "voice": find_voice(one.workspace, storable_id(form["voice_id"].value())),
        "purpose": COVER.name,
        "picture": find_picture(request.member, words["cover"].value()),
        "refusal": refusal,
    }
    return render(request, "books/details.html", context, status=status)


@require_POST
@member_required(can="create")
def set_details(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Keep title, author, cover and settings. What was made otherwise is heard until it is made again."""
    one = find_book(request.member, pk)
    form, words = SettingsForm(request.POST), WordsForm(request.POST, member=request.member)
    if not (form.is_valid() and words.is_valid()):
        return _details(request, one, form=form, words=words, status=422)
    try:
        services.set_settings(one, form.settings())
    except services.RefusedError as refusal:
        return _details(request, one, form=form, words=words, refusal=str(refusal), status=409)
    services.rename(one, title=words.cleaned_data["title"], author=words.cleaned_data["author"])
    if words.cleaned_data["cover"]:
        asset = find_picture(request.member, words.cleaned_data["cover"])
        if asset:
            set_cover(one, asset)
    return redirect("books:book", workspace, one.pk)


# --- listening --------------------------------------------------------------------------------------------------------


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
        "speaks_title": bool(segments and segments[0].text == chapter.title),
        "contents": lines,
        "before": everything[place - 1] if place else None,
        "after": everything[place + 1] if place + 1 < len(everything) else None,
        "paragraphs": _paragraphs(chapter.text, segments),
        "timings": _timings(listening["edition"], segments),
    }
    return render(request, "books/read.html", context)


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
    edition = own.exclude(status=EditionStatus.CANCELLED).select_related("asset", "workspace").order_by("-pk").first()
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
    click = f"listen-{compose(chapter).fingerprint[:29]}"
    if one.editions.filter(click=click, status__in=(EditionStatus.FAILED, EditionStatus.CANCELLED)).exists():
        click = str(uuid.uuid4())
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


# --- files ------------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def editions(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What the book was written as, and a form for more. `?chapter=` chooses one."""
    return _editions(request, find_book(request.member, pk))


def _editions(request: MemberRequest, one: Book, *, refusal: str = "", status: int = 200) -> HttpResponse:
    everything = services.chapters_of(one)
    made = one.editions.select_related("workspace", "book", "chapter", "asset", "created_by").defer("timings")
    context = frame(request, one, everything) | {
        "lines": lines_of(request.member, one, everything),
        "editions": made.order_by("-pk")[:100],
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
        return _editions(
            request, one, refusal=_("This file cannot be made. Choose a format and try again."), status=422
        )
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


def find_edition(book: Book, pk: uuid.UUID) -> Edition:
    return get_object_or_404(Edition.objects.select_related("workspace", "book", "chapter", "asset"), book=book, pk=pk)


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


# --- reading what was sent --------------------------------------------------------------------------------------------


def read_uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def read_click(request: MemberRequest) -> str:
    return str(read_uuid(request.POST.get("click", "")) or uuid.uuid4())


def storable_id(value: Any) -> str:
    return str(value or "").replace("\0", "")[:256]

"""What a person can do with long texts. Making, versions and editions have modules of their own, offered here too."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from apps.books import script
from apps.books.casting import Wishes, being_made, choose_fitting
from apps.books.composing import timings_of
from apps.books.documents import UnreadableError, read_document
from apps.books.editions import NotReadyError, cancel_edition, is_current, render, subtitles_of
from apps.books.formats import FORMATS, LOUDNESS_LUFS
from apps.books.making import (
    Price,
    RefusedError,
    cancel,
    check_voice,
    make,
    pause,
    price_of,
    repeat,
    resume,
)
from apps.books.models import Book, Cast, Chapter, Manuscript, Part, Segment, SegmentTake
from apps.books.pauses import bare
from apps.books.revising import accept, dismiss, revise
from apps.books.text import chapters as dividing
from apps.books.text import cleaning, preflight
from apps.books.text.chapters import ChapterText
from apps.books.text.readers import Block, Document
from apps.books.wishes import DEFAULTS, FIXED, complete
from apps.jobs.models import MOVING, Status
from apps.library.services import shorten
from apps.minimax import catalogue
from apps.speech.models import PronunciationEntry
from apps.speech.scripts import normalise
from apps.voices.resolving import VoiceGoneError
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable

__all__ = [
    "FORMATS",
    "LOUDNESS_LUFS",
    "NotReadyError",
    "Price",
    "RefusedError",
    "accept",
    "cancel",
    "cancel_edition",
    "dismiss",
    "is_current",
    "make",
    "pause",
    "price_of",
    "render",
    "repeat",
    "resume",
    "revise",
    "subtitles_of",
    "timings_of",
]

MOST_CHARACTERS = 1_000_000
MOST_DOCUMENT_BYTES = 64 << 20
PAGE = 20
CHARACTERS_PER_SECOND = 16.4  # of a usual voice: a million are about 17 hours


# --- bringing ---------------------------------------------------------------------------------------------------------


def create_book(
    member: Membership,
    *,
    title: str = "",
    text: str = "",
    document: UploadedFile | None = None,
    settings: Mapping[str, Any] | None = None,
    click: str = "",
) -> Book:
    """Take in a pasted text or a document, cleaned as suggested and divided into chapters. Nothing is paid.

    A second press of the same button finds the first one's book. Raises RefusedError. Call it outside a transaction:
    reading a document may take a minute.
    """
    click = storable(click)[:36] or str(uuid.uuid4())
    known = Book.objects.visible_to(member).filter(click=click).first()
    if known:
        return known
    if document is not None:
        found, cover = _read(document)
    else:
        found, cover = None, None
        if not text.strip():
            raise RefusedError(_("There is nothing to speak. Paste a text, or bring a document."))
        _check_length(len(text))
    book = Book(
        workspace=member.workspace,
        created_by=member.user,
        click=click,
        title=shorten(storable(title) or (found.title if found else "") or _first_line(text)),
        author=shorten(storable(found.author)) if found else "",
        language=storable(found.language)[:40] if found else "",
        filename=storable(PurePath(document.name or "").name)[:255] if document else "",
        settings=complete(settings or {}),
    )
    if found:
        book.title = book.title or PurePath(book.filename).stem
        book.cleanup = sorted({change.kind for change in cleaning.find_changes(found)})
    new = _divide(book, found, text)
    _check_length(sum(len(each.text) for each in new))
    if not any(script.is_speakable(each.text) for each in new):
        raise RefusedError(_("There is no text in this document that could be spoken."))
    compared = script.compare(book, new)
    if cover:
        book.cover.save("cover", ContentFile(cover), save=False)
    with transaction.atomic():
        book, is_new = Book.objects.get_or_create(
            workspace=book.workspace, click=click, defaults={field: getattr(book, field) for field in _WRITTEN}
        )
        if is_new:
            if found:
                Manuscript.objects.create(book=book, document=as_dictionary(found))
            script.lay_out(book, compared)
    return book


_WRITTEN = ("id", "created_by", "title", "author", "language", "filename", "settings", "cleanup", "cover")


def _read(file: UploadedFile) -> tuple[Document, bytes | None]:
    if (file.size or 0) > MOST_DOCUMENT_BYTES:
        raise RefusedError(
            _("This document is too large: at most %(count)d MB, please.") % {"count": MOST_DOCUMENT_BYTES >> 20}
        )
    with tempfile.TemporaryDirectory(prefix="studio-book-") as folder:
        path = Path(folder) / "document"
        with path.open("wb") as target:
            for block in file.chunks():
                target.write(block)
        try:
            found, cover = read_document(path, file.name or "")
        except UnreadableError as error:
            raise RefusedError(_(error.sentence) if error.sentence else _("This document cannot be read.")) from error
    return as_document(storable(found)), cover


def as_document(found: Mapping[str, Any]) -> Document:
    return Document(**{**found, "blocks": [Block(**block) for block in found["blocks"]], "cover": None})


def as_dictionary(document: Document) -> dict[str, Any]:
    return {name: value for name, value in asdict(document).items() if name != "cover"}


def _first_line(text: str) -> str:
    return shorten(next((line for line in text.splitlines() if line.strip()), ""), 60)


def _check_length(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise RefusedError(
            _("A book may have %(most)s characters at most; this one has %(count)s.")
            % {"most": f"{MOST_CHARACTERS:,}", "count": f"{characters:,}"}
        )


def _divide(book: Book, document: Document | None, text: str = "") -> list[ChapterText]:
    if document is None:
        return list(dividing.divide_text(normalise(storable(text))))
    return list(dividing.divide(cleaning.apply(document, set(book.cleanup))))


# --- clean-up ---------------------------------------------------------------------------------------------------------


def cleanup_of(book: Book) -> list[Any]:
    """What would be, or was, cleaned: apps.books.text.cleaning.Change. Empty for a text that was pasted."""
    manuscript = Manuscript.objects.filter(book=book).first()
    return list(cleaning.find_changes(as_document(manuscript.document))) if manuscript else []


def set_cleanup(book: Book, kinds: Sequence[str]) -> None:
    """Clean with these kinds, from what was brought. What is the same afterwards keeps its sound.

    Raises RefusedError where chapters were changed by hand since: that would be lost.
    """
    manuscript = Manuscript.objects.filter(book=book).first()
    if manuscript is None:
        return
    book.cleanup = sorted(set(kinds))
    new = _divide(book, as_document(manuscript.document))
    _check_length(sum(len(each.text) for each in new))
    compared = script.compare(book, new)
    with _held(book):
        if book.is_edited:
            raise RefusedError(_("The script was changed by hand since. Change it there."))
        _lay_out(book, compared)
        book.cleanup = sorted(set(kinds))
        book.save(update_fields=["cleanup"])
        choose_fitting(book, Wishes(book))


def _lay_out(book: Book, compared: script.Compared) -> None:
    try:
        script.lay_out(book, compared)
    except script.ChangedMeanwhileError as error:
        raise RefusedError(_("The script was changed just now. Try again.")) from error


# --- chapters ---------------------------------------------------------------------------------------------------------


def rename_chapter(chapter: Chapter, title: str) -> None:
    Chapter.objects.filter(pk=chapter.pk).update(title=shorten(storable(title)))


def split_chapter(segment: Segment, title: str = "") -> Chapter:
    """Let a new chapter begin with this sentence. Raises RefusedError for the first of a chapter."""
    with _edited(segment.book_id) as book:
        segment = Segment.objects.select_related("chapter").get(pk=segment.pk)
        chapter = segment.chapter
        if chapter is None or not segment.position:
            raise RefusedError(_("A chapter begins here already."))
        text, at, place = chapter.text, segment.start, segment.position
        book.chapters.filter(position__gt=chapter.position).update(position=_plus("position", 1))
        new = Chapter.objects.create(
            book=book,
            position=chapter.position + 1,
            level=chapter.level,
            title=shorten(storable(title)),
            text=text[at:],
            characters=len(text) - at,
        )
        chapter.segments.filter(position__gte=place).update(
            chapter=new, position=_plus("position", -place), start=_plus("start", -at), end=_plus("end", -at)
        )
        _put_text(chapter, text[:at])
    return new


def join_chapters(chapter: Chapter) -> Chapter:
    """Let a chapter go on the one before it. Raises RefusedError for the first of a book."""
    with _edited(chapter.book_id) as book:
        chapter = book.chapters.get(pk=chapter.pk)
        before = book.chapters.filter(position__lt=chapter.position).order_by("-position").first()
        if before is None:
            raise RefusedError(_("There is no chapter before this one."))
        text = before.text if before.text.endswith("\n") else f"{before.text}\n\n"
        count = before.segments.count()
        chapter.segments.update(
            chapter=before,
            position=_plus("position", count),
            start=_plus("start", len(text)),
            end=_plus("end", len(text)),
        )
        _put_text(before, text + chapter.text)
        Part.objects.filter(chapter=chapter).update(chapter=before)
        chapter.delete()
    return before


def move_chapter(chapter: Chapter, by: int) -> None:
    """by: -1 is one place to the front."""
    with _edited(chapter.book_id) as book:
        chapters = list(book.chapters.defer("text"))
        index = next(number for number, each in enumerate(chapters) if each.pk == chapter.pk)
        chapters.insert(max(0, index + by), chapters.pop(index))
        for position, each in enumerate(chapters):
            Chapter.objects.filter(pk=each.pk).update(position=position)


def remove_chapter(chapter: Chapter) -> None:
    """Leave a chapter out. Its sounds stay, should a later version of the script bring the sentences back."""
    with _edited(chapter.book_id) as book:
        if book.chapters.count() == 1:
            raise RefusedError(_("A book needs a chapter."))
        chapter.segments.update(chapter=None)
        Chapter.objects.filter(pk=chapter.pk).delete()
        _count(book)


@contextmanager
def _held(book: Book) -> Iterator[None]:
    """The book as its row is now, and nobody else at it until we are done."""
    with transaction.atomic():
        book.refresh_from_db(from_queryset=Book.objects.select_for_update(), fields=_CHANGING)
        yield


_CHANGING = ("title", "author", "settings", "marks_speakers", "cleanup", "is_edited", "pause_ms", "chapter_pause_ms")


@contextmanager
def _edited(book_id: uuid.UUID) -> Iterator[Book]:
    """The book, held while its chapters change by hand."""
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=book_id)
        yield book
        Book.objects.filter(pk=book_id).update(is_edited=True)


def _plus(field: str, by: int) -> Any:
    return F(field) + by


def _put_text(chapter: Chapter, text: str) -> None:
    Chapter.objects.filter(pk=chapter.pk).update(text=text, characters=len(text))


def _count(book: Book) -> None:
    Book.objects.filter(pk=book.pk).update(characters=sum(book.chapters.values_list("characters", flat=True)))


# --- voices and settings ----------------------------------------------------------------------------------------------


def set_settings(book: Book, given: Mapping[str, Any]) -> None:
    """Wish for another sound. What was made otherwise is heard until it is made again. Raises RefusedError."""
    with _held(book):
        wanted = complete({**complete(book.settings), **{name: given[name] for name in DEFAULTS if name in given}})
        now = complete(book.settings)
        if book.parts.exists() and any(wanted[name] != now[name] for name in FIXED):
            raise RefusedError(_("Sample rate and channels stay as they are once a part of the book is made."))
        _check_voice(book, wanted["voice_id"])
        book.settings = wanted
        book.save(update_fields=["settings"])
        choose_fitting(book, Wishes(book))


def set_pauses(book: Book, *, pause_ms: int, chapter_pause_ms: int) -> None:
    """Silence where sounds that were made apart meet, and between chapters."""
    Book.objects.filter(pk=book.pk).update(pause_ms=pause_ms, chapter_pause_ms=chapter_pause_ms)


def set_pause_after(segment: Segment, pause_ms: int | None) -> None:
    """None: as the book has it."""
    Segment.objects.filter(pk=segment.pk).update(pause_ms=pause_ms)


def rename(book: Book, *, title: str, author: str | None = None) -> None:
    book.title = shorten(storable(title)) or book.title
    book.author = book.author if author is None else shorten(storable(author))
    book.save(update_fields=["title", "author"])


def read_speakers(book: Book, *, is_on: bool) -> None:
    """Whether "Anna: Hello." says who speaks."""
    book.marks_speakers = is_on
    texts = [ChapterText(each.title, each.text, each.level) for each in book.chapters.all()]
    compared = script.compare(book, texts)
    with _held(book):
        _lay_out(book, compared)
        book.marks_speakers = is_on
        book.save(update_fields=["marks_speakers"])
        choose_fitting(book, Wishes(book))


def cast(book: Book, speaker: str, voice_id: str) -> None:
    """Give a speaker a voice; an empty one is the narrator's. An empty speaker is the narrator. Raises RefusedError."""
    speaker = storable(speaker)[:100]
    if not speaker:
        return set_settings(book, {"voice_id": voice_id})
    with _held(book):
        if voice_id:
            _check_voice(book, voice_id)
            Cast.objects.update_or_create(book=book, speaker=speaker, defaults={"voice_id": voice_id})
        else:
            Cast.objects.filter(book=book, speaker=speaker).delete()
        choose_fitting(book, Wishes(book))


def _check_voice(book: Book, voice_id: str) -> None:
    try:
        check_voice(book, storable(voice_id)[:256])
    except VoiceGoneError as error:
        raise RefusedError(str(error)) from error


def assign(book: Book, segments: Sequence[Segment], speaker: str) -> None:
    """Say who speaks these sentences."""
    with _held(book):
        mine = book.segments.filter(pk__in=[segment.pk for segment in segments])
        mine.update(speaker=storable(speaker)[:100], is_chosen=False)
        choose_fitting(book, Wishes(book), only=mine)


@dataclass(frozen=True)
class Role:
    """Somebody who speaks in a book."""

    speaker: str  # empty: the narrator
    voice_id: str
    is_cast: bool  # False: speaks with the narrator's voice
    segments: int


def roles_of(book: Book) -> list[Role]:
    """The narrator first, then by how much they say."""
    wishes = Wishes(book)
    rows = book.segments.in_script().filter(is_silent=False).values_list("speaker").annotate(count=Count("pk"))
    counts: dict[str, int] = dict(rows.order_by())
    names = sorted({*counts, *wishes.voices} - {""}, key=lambda name: (-counts.get(name, 0), name))
    narrator = Role("", wishes.voice_of(""), is_cast=True, segments=counts.get("", 0))
    return [
        narrator,
        *(Role(each, wishes.voice_of(each), each in wishes.voices, counts.get(each, 0)) for each in names),
    ]


# --- takes ------------------------------------------------------------------------------------------------------------


def choose_take(segment: Segment, take: SegmentTake) -> None:
    """Have this one heard, whatever the settings say. Raises RefusedError for one of other words."""
    if take.segment_id != segment.pk:
        raise RefusedError(_("This take is of another sentence."))
    if take.text != bare(segment.text)[0]:
        raise RefusedError(_("This take says something else: the sentence was changed since."))
    fits = take.settings_hash == Wishes(segment.book).hash(segment.speaker)
    Segment.objects.filter(pk=segment.pk).update(take=take, is_chosen=not fits)


# --- preflight --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChapterCheck:
    chapter: Chapter
    found: Any  # apps.books.text.preflight.Preflight


@dataclass(frozen=True)
class BookCheck:
    """A whole book before anything is paid."""

    characters: int
    billed_characters: int
    illegal: int
    illegal_ratio: float  # of the chapter with the most
    pauses: int
    tags: int
    hits: dict[str, int]  # word of the pronunciation dictionary → how often
    problems: list[tuple[Chapter, Any]]  # apps.books.text.preflight.Problem
    chapters: list[ChapterCheck]
    listening_s: float  # about how long it will be
    price: Price

    @property
    def warns(self) -> bool:
        return bool(self.illegal or self.problems)

    @property
    def blocks(self) -> bool:
        is_over = self.illegal_ratio > catalogue.speech.max_invisible_ratio
        return is_over or any(problem.blocks for _chapter, problem in self.problems)


def preflight_of(book: Book) -> BookCheck:
    """Everything that can be known before: counted as MiniMax counts. Reads the whole text."""
    settings = complete(book.settings)
    language, model = settings["language_boost"], settings["model"]
    entries = PronunciationEntry.objects.filter(workspace=book.workspace, language__in=("", language))
    words = [entry.source for entry in entries] if settings["use_dictionary"] else []
    checks = [
        ChapterCheck(chapter, preflight.check(chapter.text, pronunciation=words, model=model))
        for chapter in book.chapters.all()
    ]
    hits: dict[str, int] = {}
    for check in checks:
        for word, count in check.found.hits.items():
            hits[word] = hits.get(word, 0) + count
    characters = sum(check.found.characters for check in checks)
    return BookCheck(
        characters=characters,
        billed_characters=sum(check.found.billed_characters for check in checks),
        illegal=sum(len(check.found.illegal) for check in checks),
        illegal_ratio=max((check.found.illegal_ratio for check in checks), default=0.0),
        pauses=sum(check.found.pauses for check in checks),
        tags=sum(check.found.tags for check in checks),
        hits=hits,
        problems=[(check.chapter, problem) for check in checks for problem in check.found.problems],
        chapters=checks,
        listening_s=characters / CHARACTERS_PER_SECOND,
        price=price_of(book),
    )


# --- looking ----------------------------------------------------------------------------------------------------------


def books_of(member: Membership, *, before: uuid.UUID | None = None) -> tuple[list[Book], uuid.UUID | None]:
    """The workspace's books, newest first, and where the next page starts."""
    books = Book.objects.visible_to(member).select_related("workspace", "created_by").order_by("-id")
    if before:
        books = books.filter(pk__lt=before)
    page = list(books[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def chapters_of(book: Book) -> list[Any]:
    """Without their texts, each with how far it is: `.count`, `.ready`, `.due`, `.moving`, `.failed`, `.state`.

    state: "empty", "new", "moving", "paused", "failed", "partly" or "ready". All in one query.
    """
    wishes, spoken = Wishes(book), Q(segments__is_silent=False)
    due = wishes.to_make("segments__")
    went_wrong = Q(segments__making__job__status__in=(Status.FAILED, Status.CANCELLED))
    chapters: list[Any] = list(
        book.chapters.defer("text").annotate(
            count=Count("segments", filter=spoken),
            heard=Count("segments", filter=spoken & Q(segments__take__isnull=False)),
            due=Count("segments", filter=due),
            moving=Count("segments", filter=due & being_made("segments__")),
            paused=Count("segments", filter=due & being_made("segments__") & Q(segments__making__job__is_paused=True)),
            failed=Count("segments", filter=due & went_wrong),
        )
    )
    for chapter in chapters:
        chapter.ready = chapter.count - chapter.due
        chapter.state = _state(chapter)
    return chapters


def _state(chapter: Any) -> str:
    if not chapter.count:
        return "empty"
    if chapter.moving:
        return "paused" if chapter.paused == chapter.moving else "moving"
    if chapter.failed:
        return "failed"
    if not chapter.due:
        return "ready"
    return "partly" if chapter.heard else "new"


def failures_of(chapter: Chapter) -> list[Any]:
    """The last jobs of the chapter that failed and whose sentences are still to be made: error, next step, charged."""
    due = chapter.segments.filter(Wishes(chapter.book).to_make(), making__job__status=Status.FAILED)
    parts = Part.objects.filter(pk__in=due.values("making")).select_related("job").order_by("-pk")
    return [part.job for part in parts]


def script_page(chapter: Chapter, *, after: int = -1, size: int = 200) -> list[Any]:
    """Sentences of a chapter in order, from the one after a position on, each with the take that is heard.

    Each has `.is_due`: there is no sound of it that fits.
    """
    rows = chapter.segments.filter(position__gt=after).select_related("take__part", "making__job")
    page: list[Any] = list(rows.annotate(takes_count=Count("takes"))[:size])
    wishes = Wishes(chapter.book)
    for segment in page:
        fits = segment.take is not None and segment.take.settings_hash == wishes.hash(segment.speaker)
        segment.is_due = not segment.is_silent and not fits and not (segment.take and segment.is_chosen)
    return page


def delete_book(book: Book) -> None:
    """Raises RefusedError while something of it is being made. Editions stay in the library."""
    with _held(book):
        if Part.objects.filter(book=book, job__status__in=MOVING).exists():
            raise RefusedError(_("Parts of this book are being made. Cancel them first."))
        names = list(Part.objects.filter(book=book).exclude(file="").values_list("file", flat=True))
        names += [str(book.cover.name)] if book.cover else []
        book.delete()
        transaction.on_commit(lambda: _delete_files(names), robust=True)


def _delete_files(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)

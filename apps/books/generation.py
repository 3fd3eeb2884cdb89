"""The work, and LONG_SPEECH, the kind of job that speaks one part of a book."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from apps.books.arriving import take_in
from apps.books.casting import Wishes
from apps.books.models import Book, Part, Segment
from apps.books.wishes import speech_request
from apps.jobs.kinds import Errand, Finished, Kind, Result, StillRunning, Submitted
from apps.jobs.models import MOVING, Job
from apps.minimax import catalogue
from apps.minimax.errors import InvalidRequestError
from apps.minimax.long_speech import create_long_speech, query_long_speech
from apps.speech.models import PronunciationEntry
from apps.voices.resolving import VoiceGoneError, resolve


def price(request: Mapping[str, Any]) -> Decimal | None:
    return catalogue.price_of_speech(str(request.get("model")), int(request.get("billed_characters") or 0))


def title(request: Mapping[str, Any]) -> str:
    return str(request.get("title") or "")


def submit(errand: Errand) -> Submitted:
    part = _claim(errand.job)
    try:
        voice_id = resolve(part.workspace, part.settings["voice_id"])
    except VoiceGoneError as error:
        raise InvalidRequestError(str(error), next_step="") from error
    request = speech_request(part.settings, part.text, voice_id=voice_id, pronunciation=_pronunciation(part))
    task = create_long_speech(errand.client, request)
    usage = {"usage_characters": task.usage_characters or part.billed_characters}
    return Submitted(task.task_id, task.trace_id, usage)


def _claim(job: Job) -> Part:
    """The part that the job is for, unless its sound is there, or is being made by another. Nothing was sent then."""
    with transaction.atomic():
        held = Part.objects.select_for_update(of=("self",)).select_related("workspace")
        part = held.filter(pk=job.request["part"]).first()
        if part is None or part.taken_at or not Segment.objects.filter(making=part, chapter__isnull=False).exists():
            raise InvalidRequestError(translate("This part of the book is not wanted any more."), next_step="")
        if part.job_id != job.pk:  # run again from its card, after a failure
            Part.objects.filter(pk=part.pk).update(job=job)
    return part


def _pronunciation(part: Part) -> tuple[str, ...]:
    if not part.settings["use_dictionary"]:
        return ()
    language, text = part.settings["language_boost"], part.text.casefold()
    entries = PronunciationEntry.objects.filter(workspace=part.workspace, language__in=("", language))
    return tuple(str(entry) for entry in entries if entry.source.casefold() in text)


def poll(errand: Errand) -> StillRunning | Finished:
    state = query_long_speech(errand.client, errand.job.minimax_task_id)
    if state.status == "running":
        return StillRunning(state.word)
    usage = dict(errand.job.usage)
    result = Result("audio", file_id=state.file_id, lifetime_s=catalogue.lifetimes.long_speech_download)
    cost = catalogue.price_of_speech(errand.job.model, int(usage.get("usage_characters") or 0))
    return Finished([result], trace_id=state.trace_id, usage=usage, cost_usd=cost)


def whole(job: Job) -> tuple[Any, str] | None:
    """What is told of a book when the last of its parts is over."""
    book = Book.objects.select_related("workspace").filter(pk=job.request["book"]).first()
    if book is None or Part.objects.filter(book=book, job__status__in=MOVING).exists():
        return None
    is_done = not book.segments.in_script().filter(Wishes(book).to_make()).exists()
    words = _("Every sentence is spoken: {title}") if is_done else _("Not all of it could be made: {title}")
    return format_lazy(words, title=book.title), reverse("books:book", args=[book.workspace.slug, book.pk])


LONG_SPEECH = Kind(
    name="long_speech",
    label=_("Long speech"),
    icon="book-audio",
    page="books:index",
    family="speech",
    form=forms.Form,
    title=title,
    price=price,
    submit=submit,
    poll=poll,
    poll_every_s=5,
    has_files=False,
    is_once=True,
    query_family="long_speech_query",
    is_part=True,
    whole=whole,
    take_in=take_in,
)

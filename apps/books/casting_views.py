"""Who speaks with which voice, and how long it is quiet between them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.books import services
from apps.books.forms import PausesForm
from apps.books.models import Book
from apps.books.showing import (
    find_book,
    frame,
)
from apps.speech.voices import Voice, find_voice
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.storable import storable


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

"""The shelf, and a new book on it."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.books import services
from apps.books.forms import MOST_BYTES, MOST_CHARACTERS, BookForm
from apps.books.showing import (
    entries_of,
    find_book,
    read_uuid,
    storable_id,
)
from apps.speech.voices import find_voice
from apps.voices.auditions import house_of
from apps.voices.resolving import resolve_request
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.bodies import takes_at_most

MARGIN_BYTES = 1 << 20  # what the other fields of the form take

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
    initial = {"text": text, "title": title, **_house(request)}
    return _new(request, BookForm(initial=initial))


def _house(request: MemberRequest) -> dict[str, str]:
    """Voice and model that the workspace begins with. Long speech takes no mix of voices: then the usual ones."""
    workspace = request.member.workspace
    house = house_of(workspace)
    if house is None or resolve_request(workspace, house.voice_id, []).timbre_weights:
        return {}
    return {"voice_id": house.voice_id, "model": house.model}


@takes_at_most(MOST_BYTES + MOST_CHARACTERS * 4 + MARGIN_BYTES)
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
            return redirect("books:cleanup" if one.cleanup else "books:book", workspace, one.pk)
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

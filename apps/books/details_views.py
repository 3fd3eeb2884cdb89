"""A book's title, cover and settings, and its end."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.books import services
from apps.books.forms import COVER, SettingsForm, WordsForm
from apps.books.models import Book
from apps.books.rewriting import set_cover
from apps.books.showing import (
    find_book,
    frame,
    storable_id,
)
from apps.books.wishes import complete
from apps.library.uploads import find_picture
from apps.speech.voices import find_voice
from apps.workspaces.access import MemberRequest, member_required

COVER_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@require_POST
@member_required(can="create")
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    try:
        services.delete_book(one)
    except services.RefusedError as refusal:
        return _details(request, one, refusal=str(refusal), status=409)
    return redirect("books:index", workspace)


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

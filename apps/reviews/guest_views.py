"""What a guest does on a shared page. Works as plain forms; a script sends the same forms without leaving the page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.reviews import services
from apps.reviews.forms import EditForm, NoteForm
from apps.reviews.guests import find_guest, forget, remember
from apps.reviews.limits import WINDOW_S, may_write_now
from apps.reviews.models import Decision, Guest, Note
from apps.reviews.works import assets_of, fingerprint_of
from apps.sharing.gate import open_share
from apps.sharing.models import Share


def reviewed(view: Callable) -> Callable:
    """Let in by the link's own gate, where the link is open to review."""

    @wraps(view)
    def admit(request: HttpRequest, token: str, **path: Any) -> HttpResponse:
        share = open_share(request, token)
        if not isinstance(share, Share):
            return share
        if not share.allow_review:
            raise Http404
        response = view(request, share, find_guest(request, share), token=token, **path)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "same-origin"
        response["Cache-Control"] = "private, no-store"
        return response

    return admit


def describe(request: HttpRequest, share: Share, token: str, guest: Guest | None) -> dict[str, Any]:
    """What the part under the player shows to this guest."""
    assets = assets_of(share)
    notes = Note.objects.filter(share=share)
    decisions = Decision.objects.filter(share=share).select_related("guest").order_by("-at")
    return {
        "share": share,
        "token": token,
        "guest": guest,
        "assets": assets,
        "threads": list(notes.threads()),
        "decisions": list(decisions),
        "fingerprint": fingerprint_of(share),
        "form": NoteForm(assets=assets, named=guest is not None),
    }


def describe_part(share: Share, request: HttpRequest) -> dict[str, Any] | None:
    """For the shared page itself, where the link is open to review."""
    if not share.allow_review or request.resolver_match is None:
        return None
    return describe(request, share, request.resolver_match.kwargs["token"], find_guest(request, share))


def _again(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    """The form as it was filled in, with what is wrong."""
    name = "reviews/_review.html" if _is_fetched(request) else "reviews/again.html"
    return render(request, name, context, status=status)


def _fault(request: HttpRequest, share: Share, form: forms.Form, context: dict[str, Any]) -> HttpResponse | None:
    """The answer to what cannot be taken: for now, or as it is."""
    is_whole = form.is_valid()
    if not may_write_now(request, share):
        form.add_error(None, _("That was a lot within a few minutes. Wait a little, then send it again."))
        response = _again(request, context, 429)
        response["Retry-After"] = str(WINDOW_S)
        return response
    return None if is_whole else _again(request, context, 422)


def _is_fetched(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _show(request: HttpRequest, share: Share, token: str, guest: Guest | None, anchor: str = "review") -> HttpResponse:
    """The review as it is now; without a script, the page at the place of what was done."""
    if _is_fetched(request):
        response = render(request, "reviews/_review.html", describe(request, share, token, guest))
    else:
        response = redirect(f"{reverse('public:page', args=[token])}#{anchor}")
    if guest:
        remember(response, guest)
    return response


@require_safe
@reviewed
def show(request: HttpRequest, share: Share, guest: Guest | None, token: str) -> HttpResponse:
    """The part of the page alone."""
    return render(request, "reviews/_review.html", describe(request, share, token, guest))


def _write(
    request: HttpRequest, share: Share, guest: Guest | None, token: str, answers_to: Note | None = None
) -> HttpResponse:
    """A note, an answer, a decision, or a decision with a note; from somebody new, a name too."""
    assets = assets_of(share)
    decides = "" if answers_to else request.POST.get("verdict", "")
    form = NoteForm(
        request.POST, assets=assets, named=guest is not None, is_answer=answers_to is not None, decides=bool(decides)
    )
    context = {**describe(request, share, token, guest), "form": form, "answers_to": answers_to}
    if fault := _fault(request, share, form, context):
        return fault
    given = form.cleaned_data
    anchor = "review"
    try:
        writer = guest or services.welcome(share, given["name"])
        if given["text"]:
            note = services.add_note(
                share,
                writer,
                text=given["text"],
                asset=None if answers_to else form.asset,
                at_s=given.get("at"),
                point=form.point,
                answers_to=answers_to,
            )
            anchor = f"note-{note.pk}"
        if decides:
            services.decide(share, writer, given["verdict"])
    except services.FullError as exc:
        form.add_error(None, str(exc))
        return _again(request, context, 422)
    return _show(request, share, token, writer, anchor)


@require_POST
@reviewed
def add(request: HttpRequest, share: Share, guest: Guest | None, token: str) -> HttpResponse:
    return _write(request, share, guest, token)


@require_POST
@reviewed
def answer(request: HttpRequest, share: Share, guest: Guest | None, token: str, pk: uuid.UUID) -> HttpResponse:
    return _write(request, share, guest, token, get_object_or_404(share.notes.filter(answers_to=None), pk=pk))


def _own(share: Share, guest: Guest | None, pk: uuid.UUID) -> Note:
    """Raises Http404 for the note of anybody else, or with a browser that has lost its cookie."""
    if guest is None:
        raise Http404
    return get_object_or_404(share.notes.select_related("share__workspace", "asset").filter(guest=guest), pk=pk)


@require_POST
@reviewed
def edit(request: HttpRequest, share: Share, guest: Guest | None, token: str, pk: uuid.UUID) -> HttpResponse:
    note = _own(share, guest, pk)
    form = EditForm(request.POST)
    if fault := _fault(request, share, form, {**describe(request, share, token, guest), "note": note, "edit": form}):
        return fault
    services.edit_note(note, form.cleaned_data["text"])
    return _show(request, share, token, guest, f"note-{pk}")


@require_POST
@reviewed
def delete(request: HttpRequest, share: Share, guest: Guest | None, token: str, pk: uuid.UUID) -> HttpResponse:
    services.delete_note(_own(share, guest, pk))
    return _show(request, share, token, guest)


@require_POST
@reviewed
def leave(request: HttpRequest, share: Share, guest: Guest | None, token: str) -> HttpResponse:
    """Whoever writes next from this browser is asked for a name. What was written stays."""
    response = _show(request, share, token, None)
    forget(response, share)
    return response

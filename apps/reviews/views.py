"""What the team sees of a review, and says in it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.library.lookups import find_asset, is_fragment
from apps.library.models import Asset
from apps.reviews import services
from apps.reviews.forms import AnswerForm
from apps.reviews.links import place_of
from apps.reviews.models import Decision, Note, NoteQuerySet
from apps.reviews.works import fingerprint_of
from apps.sharing.models import Share
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership


@require_safe
@member_required()
def share(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Everything that was said about what a link shows."""
    shares = Share.objects.visible_to(request.member).select_related("workspace")
    context = describe_share(request.member, get_object_or_404(shares, pk=pk))
    name = "reviews/_share.html" if is_fragment(request) else "reviews/share.html"
    return _varied(render(request, name, context))


@require_safe
@member_required()
def asset(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What was said about one asset, whichever link it was seen by: the part of its details, drawn anew."""
    one = find_asset(request.member, pk)
    context = describe_asset(request.member, one)
    if not is_fragment(request):
        return redirect("library:asset", workspace, pk)
    return render(request, "reviews/_asset.html", context)


def describe_share(member: Membership, link: Share) -> dict[str, Any]:
    notes = Note.objects.visible_to(member).filter(share=link)
    return {"share": link, **_describe(member, notes, link.decisions.all(), fingerprint_of(link))}


def describe_asset(member: Membership, one: Asset) -> dict[str, Any]:
    """Also for links that have ended, and for those that show it among others; decisions are about it alone."""
    notes = Note.objects.visible_to(member).filter(asset=one)
    decisions = Decision.objects.visible_to(member).filter(share__asset=one)
    return {"asset": one, **_describe(member, notes, decisions, one.sha256)}


def _describe(member: Membership, notes: NoteQuerySet, decisions: Any, fingerprint: str) -> dict[str, Any]:
    threads = list(notes.threads())
    return {
        "slug": member.workspace.slug,
        "threads": threads,
        "open_count": sum(thread.done_at is None for thread in threads),
        "decisions": list(decisions.select_related("guest").order_by("-at")),
        "fingerprint": fingerprint,
        "can_answer": member.may("create"),
        "can_remove": member.may("publish"),
    }


def _varied(response: HttpResponse) -> HttpResponse:
    response["Vary"] = "HX-Request"
    return response


def _find_note(member: Membership, pk: uuid.UUID) -> Note:
    found = Note.objects.visible_to(member).select_related("workspace", "share__workspace", "asset", "answers_to")
    return get_object_or_404(found, pk=pk)


def _show(request: MemberRequest, note: Note, place: str) -> HttpResponse:
    """The notes as they are now, where they were looked at: in the details of a work, or (`?all`) those of a link."""
    if not request.htmx:
        return redirect(place)
    if note.asset and "all" not in request.GET:
        return render(request, "reviews/_asset.html", describe_asset(request.member, note.asset))
    return render(request, "reviews/_share.html", describe_share(request.member, note.share))


@require_safe
@member_required()
def note(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Leads to the place in the work."""
    return redirect(place_of(_find_note(request.member, pk)))


@require_POST
@member_required(can="create")
def answer(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_note(request.member, pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        services.answer(request.member, found.answers_to or found, form.cleaned_data["text"])
    return _show(request, found, place_of(found))


@require_POST
@member_required(can="create")
def tick(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Done, or with `open` not any more."""
    found = _find_note(request.member, pk)
    services.tick(request.member, found, is_done="open" not in request.POST)
    return _show(request, found, place_of(found))


@require_POST
@member_required(can="publish")
def remove(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Take away what should not stand there, a guest's or the team's own."""
    found = _find_note(request.member, pk)
    place = place_of(found)
    services.delete_note(found, by=request.member, request=request)
    return _show(request, found, place)

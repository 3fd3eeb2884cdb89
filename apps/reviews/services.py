"""What guests and the team can do in a review."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator, format_lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.library.models import Asset
from apps.reviews.events import publish_news
from apps.reviews.limits import GUESTS_OF_A_SHARE, NOTES_OF_A_SHARE
from apps.reviews.links import place_of, review_of
from apps.reviews.models import Decision, Guest, Note, Verdict
from apps.reviews.works import fingerprint_of
from apps.sharing.models import Share
from apps.workspaces import audit
from apps.workspaces.happenings import announce
from apps.workspaces.models import Membership
from apps.workspaces.news import Kind, tell

QUIET = timedelta(minutes=5)  # somebody who writes note after note rings the bell once; the pages show each of them


class FullError(Exception):
    """The review has as many guests or notes as it can take; the text is a sentence for the guest."""


def welcome(share: Share, name: str) -> Guest:
    """Raises FullError."""
    if share.guests.count() >= GUESTS_OF_A_SHARE:
        raise FullError(_("So many people have written here that no more can join. Tell whoever sent you the link."))
    return Guest.objects.create(share=share, name=name)


def add_note(
    share: Share,
    guest: Guest,
    *,
    text: str,
    asset: Asset | None = None,
    at_s: float | None = None,
    point: tuple[float, float] | None = None,
    answers_to: Note | None = None,
) -> Note:
    """Keep what a guest says and tell the team. Raises FullError."""
    if share.notes.count() >= NOTES_OF_A_SHARE:
        raise FullError(_("There is no room for more notes here. Tell whoever sent you the link."))
    note = Note(
        workspace_id=share.workspace_id,
        share=share,
        guest=guest,
        answers_to=answers_to,
        asset=answers_to.asset if answers_to else asset,
        fingerprint=fingerprint_of(share),
        text=text,
        at_s=at_s,
        x=point[0] if point else None,
        y=point[1] if point else None,
    )
    words = {"name": guest.name, "title": share.title, "text": Truncator(" ".join(text.split())).chars(120)}
    with transaction.atomic():
        has_rung = Note.objects.filter(guest=guest, created_at__gt=timezone.now() - QUIET).exists()
        note.save()
        if not has_rung:
            _tell_team(share, _("{name} on “{title}”: {text}"), words, place_of(note))
        announce(share.workspace_id, "review.note", {**words, "url": place_of(note)})
        publish_news(share, note.asset)
    return note


def edit_note(note: Note, text: str) -> None:
    note.text, note.edited_at = text, timezone.now()
    with transaction.atomic():
        note.save(update_fields=["text", "edited_at"])
        publish_news(note.share, note.asset)


def delete_note(note: Note, *, by: Membership | None = None, request: HttpRequest | None = None) -> None:
    """Take a note away, and what was answered to it. `by`: a member, not the guest who wrote it."""
    with transaction.atomic():
        note.delete()
        if by:
            audit.record(by, "review.note_removed", subject=note.share.title, request=request)
        publish_news(note.share, note.asset)


def decide(share: Share, guest: Guest, verdict: str) -> Decision:
    """A guest's word on what is shown now; said again, it replaces the word before."""
    fingerprint = fingerprint_of(share)
    given = {"workspace_id": share.workspace_id, "share": share, "verdict": verdict, "at": timezone.now()}
    with transaction.atomic():
        before = Decision.objects.filter(guest=guest, fingerprint=fingerprint).first()
        made, _created = Decision.objects.update_or_create(guest=guest, fingerprint=fingerprint, defaults=given)
        if before is None or before.verdict != verdict:
            sentence = (
                _("{name} approved “{title}”.")
                if verdict == Verdict.APPROVED
                else _("{name} asks for changes to “{title}”.")
            )
            announce(
                share.workspace_id, "review.decision", {"name": guest.name, "title": share.title, "verdict": verdict}
            )
            _tell_team(share, sentence, {"name": guest.name, "title": share.title}, review_of(share))
        publish_news(share, share.asset)
    return made


def answer(member: Membership, note: Note, text: str) -> Note:
    with transaction.atomic():
        made = Note.objects.create(
            workspace_id=note.workspace_id,
            share=note.share,
            asset=note.asset,
            fingerprint=note.fingerprint,
            answers_to=note,
            member=member.user,
            text=text,
        )
        publish_news(note.share, note.asset)
    return made


def tick(member: Membership, note: Note, *, is_done: bool) -> None:
    note.done_at, note.done_by = (timezone.now(), member.user) if is_done else (None, None)
    with transaction.atomic():
        note.save(update_fields=["done_at", "done_by"])
        publish_news(note.share, note.asset)


def _tell_team(share: Share, sentence: Any, words: Mapping[str, str], url: str) -> None:
    """Whoever made the link and whoever made the work, as long as they are in the team."""
    makers = {share.created_by_id, share.asset.created_by_id if share.asset else None}
    people = User.objects.filter(
        is_active=True,
        pk__in=[pk for pk in makers if pk],
        memberships__workspace=share.workspace_id,
        memberships__suspended_at=None,
    )
    tell(people, share.workspace, format_lazy(sentence, **words), url, kind=Kind.REVIEW)

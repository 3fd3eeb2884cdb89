"""Where in the studio a note belongs."""

from __future__ import annotations

from django.urls import reverse

from apps.reviews.models import Note
from apps.sharing.models import Share


def place_of(note: Note) -> str:
    """The player or picture that the note is about, at its place; what is about all that is shared: the review."""
    thread = note.answers_to or note
    if thread.asset_id is None:
        return f"{review_of(thread.share)}#note-{thread.pk}"
    asset = reverse("library:asset", args=[thread.workspace.slug, thread.asset_id])
    time = f"?t={thread.at_s:g}" if thread.at_s is not None else ""
    return f"{asset}{time}#note-{thread.pk}"


def review_of(share: Share) -> str:
    return reverse("reviews:share", args=[share.workspace.slug, share.pk])

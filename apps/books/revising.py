"""Another version of the script: compared first, then accepted or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.books import script
from apps.books.casting import Wishes, choose_fitting
from apps.books.making import RefusedError
from apps.books.models import Book, Chapter, Revision, RevisionStatus
from apps.books.pauses import bare
from apps.books.text import chapters as dividing
from apps.books.text.chapters import ChapterText
from apps.minimax.text import billed_characters
from apps.speech.scripts import normalise
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable

MOST_CHARACTERS = 1_000_000


def revise(member: Membership, book: Book, text: str, *, chapter: Chapter | None = None) -> Revision:
    """Compare a new version of a chapter, or of the whole book, with what is there. Nothing changes yet.

    Raises RefusedError.
    """
    text = normalise(storable(text))
    if not text.strip():
        raise RefusedError(_("There is nothing in this version."))
    if len(text) > MOST_CHARACTERS:
        raise RefusedError(_("A book may have %(most)s characters at most.") % {"most": f"{MOST_CHARACTERS:,}"})
    if chapter is not None:
        new: Sequence[ChapterText] = [ChapterText(chapter.title, text, chapter.level)]
    else:
        new = dividing.divide_text(text)
    compared = script.compare(book, new, chapter)
    diff = _diff(compared)
    return Revision.objects.create(
        book=book,
        chapter=chapter,
        created_by=member.user,
        chapters=[{"title": each.title, "text": each.text, "level": each.level} for each in new],
        diff=diff,
        basis=script.script_hash(book, chapter),
        billed_characters=sum(
            billed_characters(bare(each["after"])[0])
            for each in diff
            if each["kind"] != "removed" and script.is_speakable(each["after"])
        ),
    )


def _diff(compared: script.Compared) -> list[dict[str, Any]]:
    """What is not the same, in the order of the new script: {kind, chapter, segment, before, after, speaker}."""
    lines = []
    for match in compared.matches:
        if match.kind == "same":
            continue
        old = compared.old.get(match.old_id) if match.old_id is not None else None
        spot = None if match.new_index is None else compared.spots[match.new_index]
        lines.append(
            {
                "kind": match.kind,
                "chapter": compared.chapters[spot.chapter].title if spot else "",
                "segment": str(old.pk) if old else "",
                "before": old.text if old else "",
                "after": spot.sentence.text if spot else "",
                "speaker": spot.sentence.speaker if spot else old.speaker if old else "",
            }
        )
    return lines


def accept(revision: Revision) -> None:
    """Make the version the script. Sentences that stay keep their sounds; the others are then to be made.

    Raises RefusedError when the script was changed since, or this was decided before.
    """
    book = Book.objects.get(pk=revision.book_id)
    compared = script.compare(book, [ChapterText(**each) for each in revision.chapters], revision.chapter)
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=revision.book_id)
        revision = Revision.objects.select_for_update(of=("self",)).select_related("chapter").get(pk=revision.pk)
        if revision.status == RevisionStatus.ACCEPTED:
            return
        if revision.status == RevisionStatus.DISMISSED:
            raise RefusedError(_("This version was dismissed."))
        try:
            if revision.basis != compared.basis:
                raise script.ChangedMeanwhileError
            script.lay_out(book, compared, revision.chapter)
        except script.ChangedMeanwhileError as error:
            raise RefusedError(_("The script was changed since. Compare the new version again.")) from error
        Book.objects.filter(pk=book.pk).update(is_edited=True)
        choose_fitting(book, Wishes(book))
        revision.status = RevisionStatus.ACCEPTED
        revision.save(update_fields=["status"])


def dismiss(revision: Revision) -> None:
    waiting = Revision.objects.filter(pk=revision.pk, status=RevisionStatus.PROPOSED)
    waiting.update(status=RevisionStatus.DISMISSED)

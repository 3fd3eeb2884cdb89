"""Single sentences and whole versions, changed and made in one go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.books.casting import Wishes
from apps.books.making import RefusedError, make
from apps.books.models import Book, Part, Revision, RevisionStatus, Segment
from apps.books.revising import accept, revise
from apps.books.wishes import complete
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.speech.services import is_free
from apps.voices.resolving import fee_at_use
from apps.workspaces.models import Membership


def write_sentence(member: Membership, segment: Segment, text: str) -> Segment:
    """Put other words in the place of a sentence, and return what stands there then. Raises RefusedError."""
    chapter = segment.chapter
    if not text.strip() or chapter is None:
        raise RefusedError(_("A sentence needs words. To leave one out, change the text under “New version”."))
    new = chapter.text[: segment.start] + text.strip() + chapter.text[segment.end :]
    with transaction.atomic():
        accept(revise(member, segment.book, new, chapter=chapter))
    found = Segment.objects.filter(chapter=chapter, position__gte=segment.position).order_by("position").first()
    if found is None:
        raise RefusedError(_("This sentence is not in the script any more."))
    return found


def price_of_revision(revision: Revision) -> Decimal | None:
    """What making its differences costs at most; None: no price is published."""
    book = revision.book
    if is_free(book.workspace):
        return Decimal(0)
    wishes = Wishes(book)
    voices = {wishes.voice_of(each["speaker"]) for each in revision.diff if each["kind"] != "removed"}
    cost = catalogue.price_of_speech(str(complete(book.settings)["model"]), revision.billed_characters)
    return None if cost is None else cost + fee_at_use(book.workspace, voices)


def accept_and_make(member: Membership, revision: Revision, *, click: str) -> list[Part]:
    """Accept a version and have spoken what it changed, and nothing that was still to be made before.

    Raises RefusedError, also when everything is there already: then the version is accepted all the same.
    """
    book = revision.book
    known = list(book.parts.filter(click=click).order_by("number"))
    if known:
        return known
    changed = {each["segment"] for each in revision.diff if each["kind"] == "changed"}
    if revision.status == RevisionStatus.PROPOSED:
        before = {pk for pk in _due(book) if str(pk) not in changed}
        accept(revision)
        due = [pk for pk in _due(book) if pk not in before]
    else:
        due = []
    return make(member, book, click=click, scope=Segment.objects.filter(pk__in=due)) if due else []


def _due(book: Book) -> set[Any]:
    return set(book.segments.in_script().filter(Wishes(book).to_make()).values_list("pk", flat=True))


def set_cover(book: Book, asset: Asset) -> None:
    """Put a picture of the library on the front."""
    old = book.cover.name
    with asset.file.open("rb") as picture:
        book.cover.save("cover", ContentFile(picture.read()), save=False)
    book.save(update_fields=["cover"])
    if old:
        transaction.on_commit(lambda: default_storage.delete(old), robust=True)

"""What books have to do with assets: an edition is one, and a book's cast has voices of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.books.models import Book, Edition
from apps.library.dependants import MOST
from apps.library.lineage import Origin
from apps.library.models import Asset
from apps.workspaces.models import Membership


def find_origins(member: Membership, asset: Asset) -> Iterator[Origin]:
    try:
        book = Book.objects.visible_to(member).filter(pk=uuid.UUID(str(asset.request.get("book", "")))).first()
    except ValueError:
        return
    if book:
        yield Origin(
            _("Long speech"), book.title, reverse("books:book", args=[member.workspace.slug, book.pk]), "book-audio"
        )


def find_books(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    """Books that offer this file as one of their editions."""
    for edition in Edition.objects.visible_to(member).filter(asset=asset).select_related("book")[: MOST + 1]:
        yield edition.book.title, reverse("books:book", args=[member.workspace.slug, edition.book_id])


def editions_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    editions = Edition.objects.visible_to(member).filter(asset__in=ids)
    return (pk for pk in editions.values_list("asset", flat=True) if pk)

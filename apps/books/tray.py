"""What the jobs tray shows of books: a line for each that is being made, however many parts, and for each file."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.books.models import Book, Edition, EditionStatus, Part
from apps.jobs.models import MOVING
from apps.workspaces import tray
from apps.workspaces.models import Membership


def books_in_motion(member: Membership) -> Iterator[tray.Item]:
    moving = Part.objects.visible_to(member).filter(job__status__in=MOVING)
    since = dict(moving.order_by().values_list("book").annotate(at=Min("job__created_at")))
    if not since:  # every page asks
        return
    people = User.objects.in_bulk(moving.values_list("job__created_by", flat=True))
    for book in Book.objects.filter(pk__in=since).select_related("workspace", "created_by"):
        together = moving.filter(book=book).values("click")
        parts = book.parts.filter(click__in=together).aggregate(
            all=Count("pk"), done=Count("pk", filter=~Q(job__status__in=MOVING)), person=Max("job__created_by")
        )
        yield tray.Item(
            id=str(book.pk),
            title=book.title,
            icon="book-audio",
            state=_("%(done)d of %(all)d parts") % parts,
            url=reverse("books:book", args=[member.workspace.slug, book.pk]),
            person=people.get(parts["person"], book.created_by),
            started_at=since[book.pk],
            percent=round(100 * parts["done"] / parts["all"]) if parts["all"] else None,
        )


def editions_in_motion(member: Membership) -> Iterator[tray.Item]:
    editions = Edition.objects.visible_to(member).filter(status=EditionStatus.WAITING)
    for edition in editions.select_related("created_by").defer("timings"):
        yield tray.Item(
            id=str(edition.pk),
            title=edition.title,
            icon="book-audio",
            state=_("Being written"),
            url=reverse("books:book", args=[member.workspace.slug, edition.book_id]),
            person=edition.created_by,
            started_at=edition.created_at,
            percent=edition.percent,
        )

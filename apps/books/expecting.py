"""How long it takes until something is spoken, judged by what was spoken before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.books.models import Book, Part
from apps.jobs.models import MOVING, Status

LOOKED_AT = 60  # of the latest parts
COMPARABLE = 0.2  # a part says something about others that are up to so many times as long: 1 / 0.2 = 5


@dataclass(frozen=True)
class Spoken:
    """A part that is here: what it took from being sent to its end."""

    characters: int  # billed
    sent_at: datetime
    done_at: datetime

    @property
    def took_s(self) -> float:
        return (self.done_at - self.sent_at).total_seconds()


def expected_s(lengths: Sequence[int]) -> float | None:
    """Until texts of these lengths are here, all sent at once. None: nothing that was made can be compared with them.

    A short text takes as long as a question and an answer do, whatever its length, so it says nothing about a long one.
    """
    if not lengths:
        return None
    done = Part.objects.exclude(taken_at=None).filter(job__status=Status.SUCCEEDED, job__submitted_at__isnull=False)
    rows = done.order_by("-pk").values_list("billed_characters", "job__submitted_at", "job__finished_at")[:LOOKED_AT]
    past = [Spoken(length, sent, done) for length, sent, done in rows if length and sent and done]
    return predict(lengths, past)


def predict(lengths: Sequence[int], past: Sequence[Spoken]) -> float | None:
    """As `expected_s`, from these."""
    like = [each for each in past if each.characters >= COMPARABLE * max(lengths)]
    if not like:
        return None
    pace = sum(each.took_s for each in like) / sum(each.characters for each in like)  # s for a character, each alone
    at_once = min(_at_once(like), len(lengths))
    return max(pace * max(lengths), pace * sum(lengths) / at_once)


def _at_once(past: Sequence[Spoken]) -> float:
    """How many were under way together, while any was."""
    busy, until = 0.0, None
    for each in sorted(past, key=lambda one: one.sent_at):
        start = each.sent_at if until is None else max(each.sent_at, until)
        if each.done_at > start:
            busy += (each.done_at - start).total_seconds()
            until = each.done_at
    return max(1.0, sum(each.took_s for each in past) / busy) if busy else 1.0


def remaining_s(book: Book, now: datetime) -> float | None:
    """Until what is being made of a book is here: at the pace since it began. None: that cannot be said yet."""
    moving = Part.objects.filter(book=book, job__status__in=MOVING, job__is_paused=False)
    rows = list(
        Part.objects.filter(book=book, click__in=moving.values("click")).values_list(
            "billed_characters", "job__status", "job__submitted_at", "job__finished_at", "job__is_paused"
        )
    )
    left = [(length, sent) for length, status, sent, _done, paused in rows if status in MOVING and not paused]
    came = [(length, done) for length, status, _sent, done, _ in rows if status == Status.SUCCEEDED and done]
    began = min((sent for _length, _status, sent, _done, _ in rows if sent), default=None)
    if began is None or not left:
        return None
    if came:
        pace = (now - began).total_seconds() / sum(length for length, _done in came)
        return pace * sum(length for length, _sent in left)
    guess = expected_s([length for length, _sent in left])
    return None if guess is None else max(0.0, guess - (now - began).total_seconds()) or None

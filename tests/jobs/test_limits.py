from __future__ import annotations

import pytest
from django.db import transaction

from apps.jobs.limits import take_turn, window_of
from apps.minimax import catalogue
from apps.workspaces.models import Connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(connected):
    connection = Connection.objects.get()

    def turn(now: float, **line: int) -> float:
        with transaction.atomic():
            return take_turn(connection.pk, "image", calls=3, seconds=60, now=now, **line)

    return turn


def test_no_window_of_a_minute_holds_more_than_is_allowed(ask):
    # A limit by whole minutes would let six go around the turn of the minute.
    assert [ask(now) for now in (58, 59, 59.5)] == [0, 0, 0]
    assert ask(61) == pytest.approx(57)
    assert ask(118.5) == 0


def test_those_in_the_line_get_the_times_at_which_their_turns_come(ask):
    for now in (0, 1, 2):
        ask(now)
    waits = [ask(10, before=place, due_before=0) for place in range(5)]
    assert waits == pytest.approx([50, 51, 52, 110, 111])


def test_who_comes_later_leaves_the_turns_to_those_who_are_due(ask):
    assert ask(0, before=3, due_before=3) > 0
    assert ask(0, before=2, due_before=2) == 0


def test_limits_are_those_of_the_catalogue():
    assert window_of(catalogue.rate_limits["image"]) == (10, 60)
    assert window_of(catalogue.rate_limits["video"]) == (5, 60)
    assert window_of(catalogue.rate_limits["long_speech_query"]) == (10, 1)

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.books.expecting import Spoken, predict

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spoken(characters: int, after_s: float, took_s: float) -> Spoken:
    sent = NOON + timedelta(seconds=after_s)
    return Spoken(characters, sent, sent + timedelta(seconds=took_s))


def test_tiny_texts_say_nothing_about_a_book():
    assert predict([25_000] * 40, [spoken(90, 20 * n, 9) for n in range(20)]) is None


def test_parts_that_were_made_one_after_the_other_are_expected_so_again():
    assert predict([10_000] * 4, [spoken(10_000, 100 * n, 100) for n in range(5)]) == 400


def test_parts_that_were_made_together_are_expected_together():
    assert predict([10_000] * 4, [spoken(10_000, 0, 100) for _ in range(4)]) == 100


def test_the_longest_part_is_waited_for():
    assert predict([10_000, 1_000], [spoken(10_000, 0, 100) for _ in range(4)]) == 100


def test_tiny_texts_among_long_ones_are_left_out_of_the_pace():
    past = [*(spoken(50, 1000 + 20 * n, 9) for n in range(9)), spoken(20_000, 0, 200)]
    assert predict([20_000], past) == 200

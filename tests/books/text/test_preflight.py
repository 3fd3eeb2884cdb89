from __future__ import annotations

import pytest

from apps.books.text.preflight import check
from apps.minimax.text import billed_characters, invisible_ratio


def test_characters_are_counted_as_minimax_bills_them():
    found = check("Hello 你好。")
    assert (found.characters, found.billed_characters) == (9, 11)
    assert found.billed_characters == billed_characters("Hello 你好。")
    assert not found.problems


def test_invisible_characters_are_named_with_their_places():
    text = "A long enough text\x08 with two\x7f of them."
    found = check(text)
    assert [(each.position, each.name) for each in found.illegal] == [(18, "BACKSPACE"), (28, "DELETE")]
    assert found.illegal_ratio == invisible_ratio(text)
    assert [problem.blocks for problem in found.problems] == [False]


@pytest.mark.parametrize(("invisible", "blocks"), [(10, False), (11, True)])
def test_a_tenth_of_invisible_characters_is_the_limit(invisible, blocks):
    text = "a" * (100 - invisible) + "\x01" * invisible
    assert [problem.blocks for problem in check(text).problems] == [blocks]


def test_pauses_and_sounds_are_counted_and_checked():
    found = check("One <#1.5#> two (laughs) three. Four <#0#> five. Six <#1#> <#2#> seven.")
    assert (found.pauses, found.tags) == (4, 1)
    assert len(found.problems) == 2
    assert all(problem.blocks for problem in found.problems)
    assert [problem.position for problem in found.problems] == [37, 53]


def test_pauses_at_the_edge_of_sentences_are_silence_of_the_studio():
    assert not check("<#1#> One. <#1#> <#2#>\nTwo. <#3#>").problems


def test_a_sound_that_long_speech_knows_is_no_problem_but_one_that_the_model_reads_aloud_is():
    assert not check("Then (applause) came.", model="speech-2.8-hd").problems
    problem = check("Then (laughs) came.", model="speech-02-hd").problems[0]
    assert not problem.blocks
    assert "(laughs)" in problem.sentence


def test_words_of_the_dictionary_are_counted_as_whole_words():
    words = ["OMG/oh my god", "live", "东京/(dong1)(jing1)", "x"]
    found = check("Live at the OMG live. OMGs 东京 东京人", pronunciation=words)
    assert found.hits == {"OMG": 1, "live": 1, "东京": 2}


def test_a_surrogate_blocks():
    assert [problem.blocks for problem in check("Hello \ud83d there").problems] == [True]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.minimax.text import billed_characters, find_problems, invisible_ratio, spoken_text


@pytest.mark.parametrize(
    ("text", "billed"),
    [
        ("", 0),
        ("Hello there.", 12),
        ("Grüße", 5),
        ("你好", 4),
        ("你好，世界！", 10),  # the two punctuation marks count once
        ("東京タワー", 7),
        ("안녕", 2),
        ("𠀀〇", 4),
        ("👍", 1),
        ("One\nTwo", 7),
    ],
)
def test_ideographs_are_billed_twice(text, billed):
    assert billed_characters(text) == billed


@given(st.text(), st.text())
def test_billing_adds_up_and_lies_between_once_and_twice(one, two):
    assert billed_characters(one + two) == billed_characters(one) + billed_characters(two)
    assert len(one) <= billed_characters(one) <= 2 * len(one)


def test_tab_and_newline_are_visible():
    assert invisible_ratio("a\tb\n") == 0
    assert invisible_ratio("a\x00\x7f\r") == 0.75
    assert invisible_ratio("") == 0


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hello <#0.5#> there.", "Hello there."),
        ("Well (laughs) yes (sighs).", "Well yes."),
        ("He read(red) (really) it (lɪv)", "He read(red) (really) it"),
        ("重(chong2)庆", "重庆"),
        ("One\n\nTwo", "One\n\nTwo"),
    ],
)
def test_spoken_text_has_no_markup(text, spoken):
    assert spoken_text(text) == spoken


def keys(text: str, model: str = "speech-2.8-hd") -> list[str]:
    return [problem.key for problem in find_problems(text, model)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello <#0.5#> there.", []),
        ("Hello <#99.99#> there.", []),
        ("One <#1#> two <#2#> three.", []),
        ("", ["empty"]),
        ("  \n ", ["empty"]),
        ("(laughs)", ["empty"]),
        ("<#1#>", ["empty"]),
        ("…?!", ["empty"]),
        ("Hello <#0#> there.", ["pause_value"]),
        ("Hello <#100#> there.", ["pause_value"]),
        ("Hello <#0.555#> there.", ["pause_value"]),
        ("Hello <#soon#> there.", ["pause_value"]),
        ("Hello <#-1#> there.", ["pause_value"]),
        ("<#1#> Hello", ["pause_at_edge"]),
        ("Hello <#1#>", ["pause_at_edge"]),
        ("Hello <#1#> <#2#> there.", ["pauses_touch"]),
        ("Hello <#1#> (laughs) <#2#> there.", ["pauses_touch"]),
        ("Hello there (applause).", ["tag_async_only"]),
        ("Hello \ud800 there.", ["unencodable"]),
        ("a\x01b\x02c\x03", ["invisible"]),
    ],
)
def test_problems_are_found(text, found):
    assert keys(text) == found


def test_the_limit_is_strictly_below_ten_thousand():
    assert keys("a" * 9_999) == []
    (problem,) = find_problems("a" * 10_000, "speech-2.8-hd")
    assert (problem.key, problem.start, problem.end) == ("too_long", 9_999, 10_000)
    assert str(problem) == "The text may have 9999 characters at most; it has 10000."


def test_a_sound_tag_is_read_aloud_by_older_models():
    (problem,) = find_problems("Well (laughs) yes.", "speech-2.6-hd")
    assert (problem.start, problem.end, problem.blocking) == (5, 13, False)
    assert "(laughs)" in str(problem)
    assert keys("Well (laughs) yes.", "some-model-of-tomorrow") == []


def test_positions_mark_the_pause():
    text = "Hello <#0#> there."
    (problem,) = find_problems(text, "speech-2.8-hd")
    assert text[problem.start : problem.end] == "<#0#>"


@given(st.text(alphabet="ab <#0.5>()\n\x01中", max_size=60))
def test_any_text_can_be_looked_at(text):
    for problem in find_problems(text, "speech-2.8-hd"):
        assert 0 <= problem.start <= problem.end <= len(text)
        assert str(problem)
    spoken_text(text)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.minimax import text as wire
from apps.sandbox import billing
from apps.sandbox.engine.languages import CODES
from apps.sandbox.engine.script import Pause, Reading, Sentence, read
from apps.sandbox.rules import languages


@given(st.text(max_size=60))
def test_sandbox_and_wire_count_alike(text):
    assert billing.billed_characters(text) == wire.billed_characters(text)
    assert billing.invisible_ratio(text) == wire.invisible_ratio(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_every_text_can_be_read_and_remembers_where_it_came_from(text):
    for piece in read(text, Reading("English", "auto", ["a/b c", "一/(yi1)"], sounds=True, text_normalization=True)):
        if isinstance(piece, Sentence):
            assert len(piece.text) == len(piece.origins)
            assert all(0 <= origin < len(text) for origin in piece.origins)


def test_every_language_of_the_catalogue_has_a_reader():
    assert set(CODES) == languages()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith paid 3.5 dollars. Really?", ["Dr. Smith paid 3.5 dollars.", " Really?"]),
        ("One\n\nTwo", ["One  ", "Two"]),
        ("你好。世界！", ["你好。", "世界！"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text, sentences):
    assert [piece.text for piece in read(text, Reading("English")) if isinstance(piece, Sentence)] == sentences


def test_markup_is_taken_apart():
    kinds = [type(piece).__name__ for piece in read("A <#1#> b (laughs) c", Reading("English", sounds=True))]
    assert kinds == ["Sentence", "Pause", "Sentence", "Sound", "Sentence"]
    assert [piece.seconds for piece in read("A<#.25#>b", Reading("English")) if isinstance(piece, Pause)] == [0.25]


def test_phonemes_cannot_be_smuggled_in():
    assert all("[[" not in piece.text for piece in read("say [[hello]] now", Reading("English")))

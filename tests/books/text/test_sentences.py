from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.books.text.sentences import LONGEST, split

TEXTS = {
    "English": [
        "Mr. Smith met Dr. Jones at 3.14 p.m. in the U.S. Army base.",
        'He said "Hello there!" and left.',
        "“Really?” she asked.",
        "Well... maybe.",
        "No. 5 is alive.",
        "J. R. R. Tolkien wrote it, e.g. for his son.",
        "Go to http://x.org/y.html now!",
        "It was I.",
        "He left etc.",
        "Then (it was late.) all went well.",
    ],
    "German": [
        "Er kam am 3. Mai.",
        "Das ist z. B. gut, d.h. nicht schlecht usw. und so.",
        "Im 19. Jahrhundert war das so.",
        "„Wirklich?“, fragte er.",
        "„Ja.“",
        "Dr. Müller kam.",
    ],
    "French": ["Où est M. Dupont ?", "« Il est là ! » dit-elle.", "Elle partit vers 12.30 heures."],
    "Spanish": ["¿Dónde está?", "¡Aquí!", "Dijo la Sra. López: «No sé.»", "Se fue."],
    "Russian": [
        "Это было в 1984 г. в Москве.",
        "Он сказал: «Привет!» и ушёл.",
        "А. С. Пушкин родился в Москве.",
        "Что? нет!",
    ],
    "Hindi": ["मैं घर जा रहा हूँ।", "तुम कहाँ हो?", "डॉ. शर्मा आए।", "अच्छा!"],
    "Arabic": ["هل أنت بخير؟", "نعم، أنا بخير.", "كتب د. أحمد الكتاب.", "مرحبا!"],
    "Urdu": ["یہ کیا ہے؟", "یہ کتاب ہے۔", "اچھا۔"],
}
TIGHT = {
    "Chinese": ["他说：“你好！”", "然后走了。", "我……不知道。", "真的吗？！", "是的。"],
    "Japanese": ["「行こう！」と彼は言った。", "「早く。」", "彼女は笑った。", "円周率は３．１４だ。"],
}


def texts(text: str, language: str = "", *, names: bool = False) -> list[str]:
    return [sentence.text for sentence in split(text, language, names=names)]


def spoken(text: str, *, names: bool = False) -> list[tuple[str, str]]:
    return [(sentence.speaker, sentence.text) for sentence in split(text, names=names)]


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_end_where_a_reader_of_the_language_ends_them(name):
    assert texts(" ".join(TEXTS[name])) == TEXTS[name]


@pytest.mark.parametrize("name", TIGHT)
def test_sentences_of_east_asia_need_no_space_between_them(name):
    assert texts("".join(TIGHT[name])) == TIGHT[name]


def test_a_german_ordinal_is_known_by_the_language_of_the_book():
    assert texts("Sein 2. Versuch. Gut.", "de-AT") == ["Sein 2. Versuch.", "Gut."]


def test_a_pause_stays_with_the_sentence_before_and_a_sound_with_the_one_it_begins():
    text = "Hello there. <#1.5#> World is (laughs) big. (sighs) I know. Yes! (laughs)"
    assert texts(text) == ["Hello there. <#1.5#>", "World is (laughs) big.", "(sighs) I know.", "Yes! (laughs)"]


def test_a_pause_alone_on_its_line_is_no_sentence():
    first, second = split("One.\n<#2#>\nTwo.")
    assert (first.text, first.ends_paragraph, second.text) == ("One. <#2#>", True, "Two.")


def test_a_speaker_in_brackets_speaks_to_the_end_of_the_paragraph():
    text = "[Anna] Hello. How are you?\nHe waited.\n[Ben] Fine. [Anna] Good.\n\nThe end."
    assert spoken(text) == [
        ("Anna", "Hello."), ("Anna", "How are you?"), ("", "He waited."), ("Ben", "Fine."), ("Anna", "Good."),
        ("", "The end."),
    ]  # fmt: skip


def test_a_speaker_alone_on_a_line_speaks_the_next_paragraph():
    assert spoken("[Anna]\n\nHello. Hi.\n\nHe left.") == [("Anna", "Hello."), ("Anna", "Hi."), ("", "He left.")]


def test_numbers_and_pictures_in_brackets_are_no_speakers():
    assert {speaker for speaker, _ in spoken("[1] A note.\n\n[Illustration]\n\n[...] And so on.")} == {""}


def test_a_name_and_a_colon_is_a_speaker_only_where_the_book_says_so():
    text = "Anna: Hello there.\n小明：你好。\nAt 12:30 he left.\nChapter One: Start"
    assert [speaker for speaker, _ in spoken(text)] == ["", "", "", ""]
    assert [speaker for speaker, _ in spoken(text, names=True)] == ["Anna", "小明", "", ""]


def test_lines_that_a_page_broke_are_one_sentence_without_line_breaks():
    wrapped = (
        "It was the best of times, it was the worst of times, it was the age\n"
        "of wisdom, it was the age of foolishness. It was the epoch of belief,\n"
        "it was the epoch of incredulity.\n"
    )
    flat = " ".join(wrapped.split())
    assert texts(wrapped) == texts(flat)
    assert [sentence.ends_paragraph for sentence in split(wrapped)] == [False, True]


def test_short_lines_are_sentences_of_their_own():
    assert texts("Milk\nEggs\nBread") == ["Milk", "Eggs", "Bread"]


def test_a_text_without_an_end_is_cut_between_words():
    pieces = texts("word " * 1000)
    assert max(map(len, pieces)) <= LONGEST
    assert " ".join(pieces).split() == ["word"] * 1000


def test_thai_is_cut_at_its_spaces():
    assert max(map(len, texts("สวัสดีครับผมชื่อสมชาย " * 60))) <= 400


def test_a_change_moves_no_boundary_in_another_paragraph():
    before = "One. Two.\n\nMr. Three, e.g. Four. Five.\n\nSix."
    after = before.replace("Two.", "Something else? Yes, and it goes on")
    assert texts(before)[-3:] == texts(after)[-3:] == ["Mr. Three, e.g. Four.", "Five.", "Six."]


PIECES = st.sampled_from(
    ["Hello", "Mr.", "z. B.", "3.", ".", "!", "…", "。", "」", "“", "”", "\n", "\n\n", " ", "<#1.5#>", "<#", "(laughs)",
     "[Anna]", "Anna:", "[", "你好", "नमस्ते।", "مرحبا؟", "\u00ad", "\u3000", "a" * 700, "wörd ", "สวัสดี", "\ud83d", "é"]
)  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=200)), st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost(text, names):
    at = 0
    for sentence in split(text, names=names):
        gap = text[at : sentence.start]
        assert sentence.start >= at
        assert not gap.strip() or sentence.speaker or "[" in gap or ":" in gap or "：" in gap
        assert "".join(sentence.text.split()) == "".join(text[sentence.start : sentence.end].split())
        assert 0 < len(sentence.text) <= LONGEST
        assert "\n" not in sentence.text
        at = sentence.end
    assert not any(letter.isalnum() for letter in text[at:]) or text[at:].strip().endswith(("]", ":", "："))


@pytest.mark.parametrize(
    "piece", [".", '"', "a", "\n", "Mr. ", "<#", "(a ", ". ", "<#1#>", "[", "Das 3. Mal am ", "สวัสดี", "a.\t"]
)
def test_a_text_that_is_none_takes_no_longer(piece):
    text = piece * (50_000 // len(piece))
    start = time.process_time()
    split(text, names=True)
    assert time.process_time() - start < 10


def test_a_million_characters_take_seconds():
    paragraph = " ".join(" ".join(sentences) for sentences in TEXTS.values()) + "".join(map("".join, TIGHT.values()))
    text = "\n\n".join([paragraph] * (1_000_000 // len(paragraph)))
    start = time.process_time()
    assert len(split(text)) > 10_000
    assert time.process_time() - start < 15

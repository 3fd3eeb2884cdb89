import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.music.lyrics import INSTRUMENTAL, MODELS, OPTIMIZER, TAG_LINE, check_lyrics, normalise, read_sections

NEW, OLD = MODELS["music-2.6"], MODELS["music-1.5"]
GOOD = "[Verse]\nThe tide goes out\n\n[Chorus]\nCarry me home"


def said(text, model=NEW, **more):
    return [(problem.line, problem.sentence, problem.refused) for problem in check_lyrics(text, model, **more).problems]


def test_nothing_is_said_about_good_lyrics():
    assert said(GOOD) == []


def test_a_song_without_lyrics_is_refused_unless_nobody_needs_them():
    assert [refused for _, _, refused in said("")] == [True]
    assert said("", words=INSTRUMENTAL) == said("", words=OPTIMIZER) == []


@pytest.mark.parametrize(
    ("model", "length", "fits"),
    [(NEW, 1, True), (NEW, 3500, True), (NEW, 3501, False), (OLD, 9, False), (OLD, 10, True), (OLD, 601, False)],
)
def test_length_is_judged_by_the_model(model, length, fits):
    assert bool(check_lyrics("x" * length, model).refusals) is not fits


def test_every_tag_of_both_pages_is_known_however_it_is_spelled():
    tags = "Intro,verse,VERSE 2,Pre Chorus,Pre-Chorus,pre_chorus,Build-up,Build Up,Drop,Breakdown,Instrumental,Inst"
    assert said("\n".join(f"[{tag}]\nla" for tag in tags.split(","))) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[Refrain]", "no section that MiniMax names"),
        ("Sing [Chorus] now", "shares its line"),
        ("[Verse", "bracket is open"),
        ("Verse]", "bracket is open"),
        ("[ ]", "empty"),
    ],
)
def test_an_odd_tag_is_pointed_at_and_not_refused(line, words):
    found = said(f"{GOOD}\n{line}\nla")
    assert [(number, refused) for number, _, refused in found] == [(6, False)]
    assert words in found[0][1]


def test_a_section_that_should_be_sung_and_is_not_is_pointed_at():
    assert [line for line, *_ in said("[Intro]\n\n[Verse]\n\n[Solo]\n[Chorus]\nla")] == [3]


def test_lines_without_any_tag_get_a_hint():
    assert [line for line, *_ in said("la\nla")] == [0]


def test_only_tags_is_nothing_to_sing():
    assert any("nothing to sing" in sentence for _, sentence, _ in said("[Intro]\n[Outro]"))


def test_the_outline_knows_where_each_section_begins():
    outline = [(part.tag, part.line, len(part.lines)) for part in read_sections(f"Before\n{GOOD}")]
    assert outline == [("", 1, 1), ("Verse", 2, 1), ("Chorus", 5, 1)]


def test_line_ends_of_a_browser_count_once():
    assert normalise("\r\n[Verse] \r\nla\0\r\n\n") == "[Verse]\nla"


@given(st.text(alphabet="[]Verse \n\r1-", max_size=200))
def test_whatever_is_written_is_read_line_by_line(text):
    clean = normalise(text)
    checked = check_lyrics(clean, NEW)
    lines = clean.split("\n")
    assert checked.characters == len(clean)
    assert all(0 <= problem.line <= len(lines) for problem in checked.problems)
    sung = [line.strip() for part in checked.sections for line in part.lines]
    assert sung == [line.strip() for line in lines if line.strip() and not TAG_LINE.fullmatch(line)]

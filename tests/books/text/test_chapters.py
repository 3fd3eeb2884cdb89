from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.books.text.chapters import LONGEST_CHAPTER, divide, divide_text
from apps.books.text.document import Block, Document

BODY = "It was a quiet morning, and nobody was about. " * 12

NUMBERED = [
    ("Chapter 1", "Chapter 2", "Chapter 3"),
    ("CHAPTER ONE", "CHAPTER TWO", "CHAPTER TWENTY-ONE"),
    ("Chapter I. Down the Rabbit-Hole", "Chapter II. The Pool of Tears", "Chapter III. A Race"),
    ("Prologue", "1", "Epilogue"),
    ("第一章 開始", "第二章 途中", "第十二章"),
    ("第一回", "第二回", "第三回"),
    ("序章", "第1話「旅立ち」", "あとがき"),
    ("Kapitel 1", "2. Kapitel", "Drittes Kapitel"),
    ("Глава первая", "Глава 2. Дорога", "Эпилог"),
    ("الفصل الأول", "الفصل الثاني", "خاتمة"),
    ("अध्याय 1", "अध्याय 2", "उपसंहार"),
    ("Chapitre premier", "Chapitre 2", "Épilogue"),
    ("Capítulo I", "Capítulo II", "Epílogo"),
    ("제1장 시작", "제2장", "에필로그"),
    ("# One", "# Two", "# Three"),
]


@pytest.mark.parametrize("headings", NUMBERED, ids=lambda headings: headings[0])
def test_chapters_of_a_plain_text_are_found_in_many_languages(headings):
    text = "".join(f"{heading}\n\n{BODY}\n\n" for heading in headings)
    found = divide_text(text)
    wanted = [heading.removeprefix("# ") for heading in headings if heading != "1"]
    assert [chapter.title for chapter in found] == wanted
    assert "".join(chapter.text for chapter in found) == text


def test_numbers_alone_are_chapters_when_they_count_up_and_have_text_between():
    text = "".join(f"{number}\n\n{BODY}\n\n" for number in ("I", "II", "III"))
    assert [chapter.title for chapter in divide_text(text)] == ["I", "II", "III"]
    assert len(divide_text("1\n\nMilk\n\n2\n\nEggs\n\n")) == 1


@pytest.mark.parametrize("line", ["Chapter one was easy.", "Part of me knew.", "Book 5 copies", "introduction to all"])
def test_a_sentence_that_begins_like_a_heading_is_none(line):
    assert len(divide_text(f"{BODY}\n\n{line}\n\n{BODY}")) == 1


def test_the_line_after_a_bare_heading_belongs_to_its_title():
    text = f"CHAPTER I\n\nThe Boy\n\n{BODY}\n\nCHAPTER II\n\nA Journey\n\n{BODY}"
    assert [chapter.title for chapter in divide_text(text)] == [
        "CHAPTER I – The Boy",
        "CHAPTER II – A Journey",
    ]


def test_a_table_of_contents_makes_no_chapters():
    contents = "Contents\n\n" + "".join(f"Chapter {number}\n\n" for number in range(1, 6))
    text = contents + "".join(f"Chapter {number}\n\n{BODY}\n\n" for number in range(1, 6))
    found = divide_text(text)
    assert [chapter.title for chapter in found if BODY[:20] in chapter.text] == [f"Chapter {n}" for n in range(1, 6)]
    assert len(found) <= 6


def test_a_table_of_contents_without_blank_lines_makes_none_either():
    titles = ["CHAPTER I. Down the Hole", "CHAPTER II. The Pool", "CHAPTER III. A Race"]
    told = [title.replace(". ", ".\n") for title in titles]
    text = "A book\n\n" + "\n".join(titles) + "\n\n\n" + "".join(f"{each}\n\n{BODY}\n\n" for each in told)
    assert [chapter.title for chapter in divide_text(text)] == [title.replace(". ", " – ") for title in titles]


def test_the_first_part_is_not_taken_for_the_eleventh():
    text = "".join(f"Part {number}\n\nChapter {number}\n\n{BODY}\n\n" for number in range(1, 13))
    assert [chapter.title for chapter in divide_text(text)] == [f"Part {n} – Chapter {n}" for n in range(1, 13)]


def test_a_play_is_divided_by_its_acts():
    scenes = f"SCENE I. A street.\n\n{BODY}\n\nSCENE II. A room.\n\n{BODY}\n\n"
    text = "".join(f"ACT {act}\n\n{scenes}" for act in ("I", "II"))
    assert [chapter.title for chapter in divide_text(text)] == ["ACT I", "ACT II"]


def test_a_part_opens_its_first_chapter():
    text = f"Part One\n\nChapter 1\n\n{BODY}\n\nChapter 2\n\n{BODY}\n\nPart Two\n\nChapter 3\n\n{BODY}"
    assert [chapter.title for chapter in divide_text(text)] == [
        "Part One – Chapter 1",
        "Chapter 2",
        "Part Two – Chapter 3",
    ]


def test_a_text_without_headings_is_one_chapter():
    assert [chapter.text for chapter in divide_text("Hello.\n\nWorld.")] == ["Hello.\n\nWorld."]
    assert divide_text(" \n ") == []


def test_a_chapter_that_is_too_long_is_cut_where_paragraphs_end():
    text = "\n\n".join([BODY.strip()] * 500)
    found = divide_text(f"Chapter 1\n\n{text}")
    assert len(found) > 1
    assert max(len(chapter.text) for chapter in found) <= LONGEST_CHAPTER
    assert all(chapter.text.endswith("\n\n") for chapter in found[:-1])
    assert found[1].title == "Chapter 1 (2)"


def heading(level: int, text: str) -> Block:
    return Block("heading", level, text)


def paragraph(text: str = BODY) -> Block:
    return Block("paragraph", 0, text)


def test_a_documents_own_headings_are_its_chapters():
    document = Document(blocks=[heading(1, "Away"), paragraph(), heading(1, "Home"), paragraph("The end.")])
    assert [(chapter.title, chapter.level) for chapter in divide(document)] == [("Away", 1), ("Home", 1)]
    assert divide(document)[1].text == "Home\n\nThe end."


def test_chapters_below_parts_and_a_title_are_found():
    document = Document(
        blocks=[
            heading(1, "The Book"),
            *(
                block
                for n in range(3)
                for block in (heading(2, f"Day {n}"), paragraph(), heading(3, "Noon"), paragraph())
            ),
        ]
    )
    assert [chapter.title for chapter in divide(document)] == ["The Book – Day 0", "Day 1", "Day 2"]


def test_a_document_without_headings_is_divided_as_text():
    document = Document(blocks=[paragraph("Chapter 1"), paragraph(), paragraph("Chapter 2"), paragraph()])
    assert [chapter.title for chapter in divide(document)] == ["Chapter 1", "Chapter 2"]


@given(
    st.lists(
        st.sampled_from(["Chapter 1", "第一章", "I", "II", "Part One", "\n", "\n\n", BODY, "Hello. ", "# x"]),
        max_size=30,
    )
)
@settings(max_examples=200, deadline=None)
def test_no_text_is_lost_between_chapters(pieces):
    text = "".join(pieces)
    found = divide_text(text)
    assert "".join(chapter.text for chapter in found) == (text if text.strip() else "")

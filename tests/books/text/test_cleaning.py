from __future__ import annotations

import pytest

from apps.books.text.cleaning import LABELS, apply, find_changes
from apps.books.text.document import Block, Document

WRAPPED = (
    "The old man waited for a long time at the door, and then he said some-\n"
    "thing that nobody understood. A well-\n"
    "known story, said the others; every well-known story begins like that."
)
CASES = [
    ("page_number", "12", "page_numbers", ""),
    ("running_head", "THE BOOK", "running_heads", ""),
    ("note", "1 See there.", "footnotes", ""),
    ("paragraph", "He came.[1] She left[*], too², and so on.¹²", "note_marks", "He came. She left, too, and so on."),
    ("paragraph", "in\u200bvisi\u00adble \ufefftext\x07", "invisible", "invisible text"),
    ("paragraph", "ﬁne oﬃce", "ligatures", "fine office"),
    ("paragraph", "  two  blanks\u00a0here ", "spaces", "two blanks here"),
    ("paragraph", "Chapter 1 ........ 12\nChapter 2 . . . . . 30", "contents", ""),
    ("paragraph", "他说这是一个很长的句子里面有很多字所以它\n不会在一行里结束的，可是它总会结束。", "line_breaks",
     "他说这是一个很长的句子里面有很多字所以它不会在一行里结束的，可是它总会结束。"),
]  # fmt: skip


def document(*blocks):
    return Document(title="A", blocks=[Block(kind, 0, text) for kind, text in blocks])


@pytest.mark.parametrize(("kind", "text", "change", "cleaned"), CASES)
def test_each_kind_is_found_shown_and_can_be_switched_off(kind, text, change, cleaned):
    read = document(("paragraph", "First."), (kind, text))
    found = [each for each in find_changes(read) if each.kind == change]
    assert found
    assert {each.position for each in found} == {1}
    assert found[0].label == LABELS[change]
    assert found[0].before != found[0].after
    assert [block.text for block in apply(read, {change}).blocks] == ["First.", *([cleaned] if cleaned else [])]
    assert apply(read, set(LABELS) - {change}) == read or change in {"line_breaks", "spaces"}
    assert apply(read, set()) == read


def test_a_word_broken_at_the_end_of_a_line_is_joined_as_it_is_written_elsewhere():
    clean = apply(document(("paragraph", WRAPPED)), {"hyphenation", "line_breaks"})
    assert clean.blocks[0].text == (
        "The old man waited for a long time at the door, and then he said something that nobody understood."
        " A well-known story, said the others; every well-known story begins like that."
    )


def test_what_looks_the_same_is_shown_once_and_counted():
    found = find_changes(document(*[("running_head", "THE BOOK")] * 40, ("page_number", "7")))
    assert [(each.kind, each.count) for each in found] == [("running_heads", 40), ("page_numbers", 1)]


def test_ids_are_the_same_whenever_one_looks():
    read = document(("paragraph", WRAPPED), ("note", "1 See."))
    assert [each.id for each in find_changes(read)] == [each.id for each in find_changes(read)]
    assert len({each.id for each in find_changes(read)}) == len(find_changes(read))


def test_joiners_of_scripts_that_need_them_stay():
    text = "می\u200cخواهم क्\u200dष"
    assert apply(document(("paragraph", text)), set(LABELS)).blocks[0].text == text


def test_a_clean_text_has_nothing_to_clean():
    read = document(("heading", "One"), ("paragraph", "x² + y² = 12. He said: “No”… [Anna] Hello. <#1.5#> (laughs)"))
    assert find_changes(read) == []


def test_a_verse_keeps_its_lines():
    text = "Two roads diverged\nAnd sorry I could\nNot travel both"
    assert apply(document(("paragraph", text)), set(LABELS)).blocks[0].text == text

from __future__ import annotations

import time
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.books.text.revising import match


def numbered(sentences):
    return [(f"id{number}", text, speaker) for number, (text, speaker) in enumerate(sentences)]


def kinds(matches):
    return Counter(each.kind for each in matches)


def plain(*texts):
    return [(text, "") for text in texts]


def test_only_what_was_really_changed_is_changed():
    before = plain("It was cold.", "The door was open.", "Nobody came.", "He waited.")
    after = plain("It was cold.", "The door was wide open.", "Nobody came.", "He waited.")
    assert [(each.kind, each.old_id, each.new_index) for each in match(numbered(before), after)] == [
        ("same", "id0", 0), ("changed", "id1", 1), ("same", "id2", 2), ("same", "id3", 3),
    ]  # fmt: skip


def test_what_came_and_what_went_stand_in_their_places():
    before = plain("One is here.", "Two is gone.", "Three is here.")
    after = plain("One is here.", "Three is here.", "Nothing like that was ever said.")
    assert [each.kind for each in match(numbered(before), after)] == ["same", "removed", "same", "added"]


def test_a_sentence_in_the_place_of_another_is_its_new_version():
    found = match(numbered(plain("One.", "你好。", "Three.")), plain("One.", "再见了。", "Three."))
    assert [each.kind for each in found] == ["same", "changed", "same"]


def test_another_speaker_is_a_change():
    found = match(numbered([("Hello.", "Anna")]), [("Hello.", "Ben")])
    assert [each.kind for each in found] == ["changed"]


def test_a_chapter_that_moved_stays_the_same():
    before = [(f"Sentence {number} of the book.", "") for number in range(200)]
    assert kinds(match(numbered(before), before[100:] + before[:100])) == {"same": 200}


def test_three_of_five_thousand():
    before = [("Yes." if number % 9 == 0 else f"This is sentence {number} of them.", "") for number in range(5000)]
    after = list(before)
    for number in (17, 2500, 4999):
        after[number] = (f"Here something else was written, in place of {number}.", "")
    assert kinds(match(numbered(before), after)) == {"same": 4997, "changed": 3}


def test_ten_thousand_sentences_are_compared_at_once_even_when_many_are_alike():
    before = [("Yes." if number % 2 else f"Line {number % 50}.", "") for number in range(10_000)]
    after = [(f"New {number}.", "") if number % 97 == 0 else each for number, each in enumerate(before)]
    start = time.process_time()
    found = match(numbered(before), after[:3000] + after[3500:])
    assert time.process_time() - start < 10
    assert kinds(found)["same"] > 9_000


SENTENCES = st.lists(
    st.tuples(
        st.sampled_from(["Yes.", "No.", "Hello there.", "Hello here.", "你好。"]),
        st.sampled_from(["", "Anna"]),
    ),
    max_size=30,
)


@given(SENTENCES, SENTENCES)
@settings(max_examples=150, deadline=None)
def test_both_versions_can_be_put_together_from_what_was_found(before, after):
    old = numbered(before)
    texts = {each: (text, speaker) for each, text, speaker in old}
    found = match(old, after)
    assert sorted(each.old_id for each in found if each.old_id is not None) == sorted(texts)
    assert [each.new_index for each in found if each.new_index is not None] == list(range(len(after)))
    for each in found:
        is_there = (each.old_id is not None, each.new_index is not None)
        assert is_there == {"same": (True, True), "changed": (True, True), "added": (False, True)}.get(
            each.kind, (True, False)
        )
        if each.kind == "same":
            assert texts[each.old_id] == after[each.new_index]
        if each.kind == "changed":
            assert texts[each.old_id] != after[each.new_index]


@given(SENTENCES)
def test_the_same_version_is_the_same(sentences):
    assert set(kinds(match(numbered(sentences), sentences))) <= {"same"}

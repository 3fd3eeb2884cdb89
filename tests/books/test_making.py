from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from apps.books import services
from apps.books.models import Book, Part, Segment, SegmentTake
from apps.jobs import limits
from apps.jobs import services as jobs
from apps.jobs.models import Job, Turn
from apps.library.models import Asset
from apps.minimax.text import billed_characters
from apps.notifications.models import Notification
from apps.usage.models import LedgerEntry
from apps.workspaces import tray
from tests.books.conftest import PAUSE_MS, RATE, SETTINGS, finish, make_all, refusal, tone_samples

pytestmark = pytest.mark.django_db(transaction=True)

LINES = [
    "The rain had stopped before the ferry came.",
    "Nobody on the pier said a word about it.",
    "雨が止む前に船が着いた。",
    "Море было спокойным и серым.",
    "كان البحر هادئا ورماديا.",
    "She counted the lamps, one by one.",
]


def script(chapters: int = 3, sentences: int = 12) -> str:
    """Each sentence once: "Sentence 3 of chapter 2." before a line of one of several scripts."""
    parts = []
    for chapter in range(1, chapters + 1):
        lines = [f"Number {chapter}-{number}. {LINES[number % len(LINES)]}" for number in range(sentences)]
        parts.append(f"Chapter {chapter}\n\n" + "\n\n".join(lines))
    return "\n\n".join(parts)


@pytest.fixture
def book(connected) -> Book:
    return services.create_book(connected, title="The ferry", text=script(), settings=SETTINGS, click="b")


def hashes(book: Book) -> dict[str, str]:
    """By sentence, the hash of what is heard."""
    rows = book.segments.in_script().exclude(take=None).values_list("pk", "take__sha256")
    return {str(pk): sha256 for pk, sha256 in rows}


def test_a_text_becomes_a_book_of_chapters_and_sentences(book):
    chapters = list(book.chapters.all())
    assert len(chapters) == 3
    for chapter in chapters:
        segments = list(chapter.segments.all())
        assert len(segments) >= 24
        assert [chapter.text[each.start : each.end] for each in segments] == [each.text for each in segments]
        assert [each.position for each in segments] == list(range(len(segments)))
    assert book.characters == sum(len(chapter.text) for chapter in chapters)


def test_a_second_press_of_the_button_finds_the_first_book(book, connected):
    assert services.create_book(connected, text="Something else.", click="b") == book
    assert Book.objects.count() == 1


def test_what_is_made_is_heard_sentence_by_sentence_and_the_library_gets_none_of_it(book, connected, speaker):
    price = services.price_of(book)
    make_all(connected, book)
    assert Job.objects.filter(status="succeeded").count() == price.parts == 3
    assert speaker.billed == price.billed_characters == sum(map(billed_characters, speaker.seen))
    assert not book.segments.in_script().filter(is_silent=False, take=None).exists()
    assert not Asset.objects.exists()
    assert not Notification.objects.exists()
    assert services.price_of(book).is_nothing
    for part in Part.objects.all():
        takes = list(part.takes.order_by("start_sample"))
        assert [takes[0].start_sample, *(each.end_sample for each in takes)] == [
            *(each.start_sample for each in takes),
            part.samples,
        ]
    assert [chapter.state for chapter in services.chapters_of(book)] == ["ready"] * 3


def test_sentences_are_cut_apart_inside_the_pauses_between_them(book, connected):
    make_all(connected, book)
    part = Part.objects.first()
    segments = list(part.book.segments.filter(takes__part=part).order_by("position"))
    expected = 0
    for segment in segments[:-1]:
        take = segment.takes.get(part=part)
        expected += tone_samples(take.text) + RATE * PAUSE_MS // 1000
        assert expected - RATE * PAUSE_MS // 1000 <= take.end_sample <= expected


def test_each_part_is_entered_in_the_bill_with_what_minimax_counted(book, connected):
    make_all(connected, book)
    entries = LedgerEntry.objects.filter(kind="long_speech")
    assert entries.count() == 3
    total = sum(entry.usage["usage_characters"] for entry in entries)
    assert total == sum(Part.objects.values_list("billed_characters", flat=True))
    assert sum(entry.actual_usd for entry in entries) == Decimal(total) * 100 / 1_000_000


def test_a_second_press_makes_nothing_twice_and_what_is_being_made_is_not_asked_for_again(book, connected, speaker):
    first = services.make(connected, book, click="x")
    assert services.make(connected, book, click="x") == first
    with pytest.raises(services.RefusedError):
        services.make(connected, book, click="y")
    finish()
    assert set(speaker.seen.values()) == {1}


def test_the_tray_counts_a_book_as_one_and_its_parts_as_they_come(book, connected):
    def lines():
        return [(item.title, item.state, item.percent) for item in tray.items_for(connected)]

    services.make(connected, book, click="x")
    assert lines() == [("The ferry", "0 of 3 parts", 0)]
    _first, *rest = Job.objects.order_by("pk")
    for job in rest:
        jobs.pause(job)
    finish()
    assert lines() == [("The ferry", "1 of 3 parts", 33)]
    for job in rest:
        jobs.resume(job)
    finish()
    assert lines() == []
    chapter = book.chapters.first()
    text = chapter.text.replace("Number 1-3.", "Number three.").replace("Number 1-7.", "Number seven.")
    services.accept(services.revise(connected, book, text, chapter=chapter))
    assert lines() == []
    services.make(connected, book, click="changed")
    assert lines() == [("The ferry", "0 of 2 parts", 0)]
    services.cancel(book)
    assert lines() == []


def test_changing_three_sentences_bills_these_three_and_leaves_the_others_as_they_sound(connected, speaker):
    book = services.create_book(connected, title="Long", text=script(4, 40), settings=SETTINGS)
    make_all(connected, book)
    before, billed = hashes(book), speaker.billed
    text = "\n\n".join(chapter.text for chapter in book.chapters.all())
    changes = {
        "Number 1-7.": "Number one, seven.",
        "Number 2-20.": "数字の二十。",
        "Number 4-39.": "The last of them all.",
    }
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    revision = services.revise(connected, book, text)
    assert [line["kind"] for line in revision.diff] == ["changed"] * 3
    assert [line["after"] for line in revision.diff] == list(changes.values())
    expected = sum(map(billed_characters, changes.values()))
    assert revision.billed_characters == expected
    services.accept(revision)
    assert services.price_of(book).billed_characters == expected
    make_all(connected, book, "again")
    assert speaker.billed - billed == expected
    assert set(changes.values()) <= set(speaker.seen)
    after = hashes(book)
    changed = {line["segment"] for line in revision.diff}
    assert len(changed) == 3
    assert {pk: sha for pk, sha in after.items() if pk not in changed} == {
        pk: sha for pk, sha in before.items() if pk not in changed
    }
    assert all(after[pk] != before[pk] for pk in changed)


@pytest.mark.slow
def test_of_five_thousand_sentences_three_are_changed_billed_and_heard_anew(connected, speaker):
    """The same in a book of a quarter of a million characters, sound for sound."""
    lines = 2500  # of two sentences
    parts = []
    for number in range(lines):
        if number % 250 == 0:
            parts.append(f"Chapter {number // 250 + 1}")
        parts.append(f"Number {number}. {LINES[number % len(LINES)]}")
    text = "\n\n".join(parts)
    book = services.create_book(connected, title="Long", text=text, settings=SETTINGS)
    services.make(connected, book, click="make")
    finish(patience_s=600)
    before, billed = hashes(book), speaker.billed
    assert len(before) >= 5000
    assert len(set(before.values())) > 0.95 * lines
    changes = {"Number 7.": "Number seven.", "Number 1201.": "数字の千。", "Number 2499.": "The last of them all."}
    new = text
    for old, other in changes.items():
        assert new.count(old) == 1
        new = new.replace(old, other)
    revision = services.revise(connected, book, new)
    expected = sum(map(billed_characters, changes.values()))
    assert [line["after"] for line in revision.diff] == list(changes.values())
    assert revision.billed_characters == expected
    services.accept(revision)
    make_all(connected, book, "again")
    assert speaker.billed - billed == expected
    after, changed = hashes(book), {line["segment"] for line in revision.diff}
    assert after.keys() == before.keys()
    assert {pk for pk, sha256 in after.items() if sha256 != before[pk]} == changed
    timings = services.timings_of(book)
    assert len(timings) == len(after)
    assert all(one.end_sample <= other.start_sample for one, other in pairwise(timings))


def test_going_back_to_an_earlier_version_costs_nothing(book, connected, speaker):
    make_all(connected, book)
    before, chapter = hashes(book), book.chapters.first()
    old = chapter.text
    services.accept(services.revise(connected, book, old.replace("Number 1-3.", "Number three."), chapter=chapter))
    assert services.price_of(book).segments == 1
    chapter.refresh_from_db()
    services.accept(services.revise(connected, book, old, chapter=chapter))
    assert services.price_of(book).is_nothing
    assert hashes(book) == before


def test_a_version_that_was_compared_with_an_older_script_is_not_accepted(book, connected):
    chapter = book.chapters.first()
    one = services.revise(connected, book, chapter.text + "\n\nOne more.", chapter=chapter)
    two = services.revise(connected, book, chapter.text + "\n\nAnother one.", chapter=chapter)
    services.accept(one)
    with pytest.raises(services.RefusedError):
        services.accept(two)
    services.accept(one)  # a second press changes nothing
    chapter.refresh_from_db()
    assert chapter.text.endswith("One more.")


def test_one_chapter_that_failed_is_repeated_alone(book, connected, speaker):
    speaker.refuse = lambda step, body: refusal(1026) if step == "create" and "Number 2-" in body["text"] else None
    make_all(connected, book)
    assert [chapter.state for chapter in services.chapters_of(book)] == ["ready", "failed", "ready"]
    failed = services.chapters_of(book)[1]
    assert [(job.error_code, job.charged) for job in services.failures_of(failed)] == [(1026, "no")]
    before = hashes(book)
    speaker.refuse = lambda step, body: None
    parts = services.repeat(connected, failed, click="again")
    assert [part.chapter_id for part in parts] == [failed.pk]
    finish()
    assert [chapter.state for chapter in services.chapters_of(book)] == ["ready"] * 3
    assert before.items() <= hashes(book).items()


@pytest.mark.parametrize(("word", "charged"), [("Failed", "unknown"), ("Expired", "yes")])
def test_a_task_that_failed_or_was_forgotten_is_told_with_what_it_may_have_cost(
    book, connected, speaker, word, charged
):
    speaker.refuse = lambda step, body: {"status": word, **refusal(0)} if step == "query" else None
    make_all(connected, book)
    assert set(Job.objects.values_list("status", "charged")) == {("failed", charged)}
    assert {chapter.state for chapter in services.chapters_of(book)} == {"failed"}


def test_what_waits_can_be_held_back_let_go_and_called_off(book, connected, speaker):
    services.make(connected, book, click="x")
    first, second, third = book.chapters.all()
    services.pause(book)
    finish()
    assert not speaker.seen
    assert [chapter.state for chapter in services.chapters_of(book)] == ["paused"] * 3
    services.cancel(second)
    services.resume(first)
    services.resume(third)
    finish()
    assert [chapter.state for chapter in services.chapters_of(book)] == ["ready", "failed", "ready"]
    services.repeat(connected, second, click="y")
    finish()
    assert set(speaker.seen.values()) == {1}


def test_questions_stay_within_ten_a_second(connected, speaker, monkeypatch):
    take_turn, allowed = limits.take_turn, []

    def noting(connection_id, family, **options):
        wait = take_turn(connection_id, family, **options)
        if family == "long_speech_query" and not wait:
            allowed.append(Turn.objects.get(connection_id=connection_id, family=family).calls[-1])
        return wait

    monkeypatch.setattr(limits, "take_turn", noting)
    book = services.create_book(connected, title="Many", text=script(30, 3), settings=SETTINGS)
    speaker.wait_polls = 2
    services.make(connected, book, click="x")
    finish(patience_s=120)
    assert len(allowed) >= len(speaker.queries) >= 90
    assert max(sum(1 for other in allowed if at <= other < at + 1) for at in allowed) <= 10


def test_a_voice_for_each_speaker_and_pauses_between_them(connected, speaker):
    text = "It was dark.\n\n[Anna] Who is there? Speak up!\n\n[Ben] Only me.\n\nNobody moved."
    book = services.create_book(connected, title="Play", text=text, settings=SETTINGS)
    assert {role.speaker: role.segments for role in services.roles_of(book)} == {"": 2, "Anna": 2, "Ben": 1}
    services.cast(book, "Anna", "English_radiant_girl")
    services.cast(book, "Ben", "English_magnetic_voiced_man")
    make_all(connected, book)
    asked = {told["body"]["text"]: told["body"]["voice_setting"]["voice_id"] for told in speaker.texts.values()}
    assert asked == {
        "It was dark.\nNobody moved.": book.settings["voice_id"],
        "Who is there? Speak up!": "English_radiant_girl",
        "Only me.": "English_magnetic_voiced_man",
    }
    timings = services.timings_of(book)
    gaps = [after.start_sample - before.end_sample for before, after in pairwise(timings)]
    pause = RATE * book.pause_ms // 1000
    assert gaps == [2 * pause, 0, 2 * pause, 2 * pause]
    services.cast(book, "Ben", "English_radiant_girl")
    assert services.price_of(book).segments == 1
    services.cast(book, "Ben", "English_magnetic_voiced_man")  # back: its sound is there
    assert services.price_of(book).is_nothing


def test_a_sentence_can_be_made_again_and_an_earlier_take_chosen(book, connected, speaker):
    make_all(connected, book)
    segment = book.segments.in_script().order_by("chapter__position", "position")[3]
    first = segment.take
    services.make(connected, book, click="once more", scope=[segment])
    finish()
    segment.refresh_from_db()
    assert segment.take != first
    assert SegmentTake.objects.filter(segment=segment).count() == 2
    services.choose_take(segment, first)
    segment.refresh_from_db()
    assert segment.take == first
    assert services.price_of(book).is_nothing


def test_a_pause_at_the_edge_of_a_sentence_is_silence_of_our_own(connected, speaker):
    book = services.create_book(connected, title="Pause", text="Wait for it.<#1.50#> Now.", settings=SETTINGS)
    make_all(connected, book)
    segment = book.segments.get(position=0)
    new = "Wait for it, please.<#1.50#> Now."
    services.accept(services.revise(connected, book, new, chapter=segment.chapter))
    make_all(connected, book, "again")
    assert "Wait for it, please." in speaker.seen
    one, two = services.timings_of(book)
    assert two.start_sample - one.end_sample == RATE * (1500 + book.pause_ms) // 1000


def test_invisible_characters_over_a_tenth_are_refused_before_anything_is_sent(connected, speaker):
    book = services.create_book(connected, title="Odd", text="Hello \x08\x08\x08\x08\x08\x08 there.", settings=SETTINGS)
    check = services.preflight_of(book)
    assert check.blocks
    assert check.illegal == 6
    with pytest.raises(services.RefusedError):
        services.make(connected, book, click="x")
    assert not speaker.seen
    assert not Job.objects.exists()


def test_a_new_voice_for_the_book_leaves_it_to_be_heard_until_it_is_made_again(book, connected):
    make_all(connected, book)
    before = hashes(book)
    services.set_settings(book, {"voice_id": "English_radiant_girl"})
    assert hashes(book) == before
    assert services.price_of(book).segments == len(before)
    with pytest.raises(services.RefusedError):
        services.set_settings(book, {"sample_rate": 16000})


def test_chapters_are_split_joined_moved_and_left_out_without_losing_a_sound(book, connected):
    make_all(connected, book)
    before = hashes(book)
    first, second, third = book.chapters.all()
    segment = first.segments.get(position=9)
    new = services.split_chapter(segment, "A new beginning")
    first.refresh_from_db()
    assert new.segments.first() == segment
    for chapter in (first, new):
        rows = list(chapter.segments.all())
        assert [chapter.text[each.start : each.end] for each in rows] == [each.text for each in rows]
    services.join_chapters(new)
    first.refresh_from_db()
    rows = list(first.segments.all())
    assert [first.text[each.start : each.end] for each in rows] == [each.text for each in rows]
    services.move_chapter(third, -1)
    assert [chapter.pk for chapter in book.chapters.all()] == [first.pk, third.pk, second.pk]
    assert hashes(book) == before
    services.remove_chapter(second)
    assert len(hashes(book)) < len(before)
    assert services.price_of(book).is_nothing


def test_takes_of_a_sentence_that_was_left_out_come_back_with_it(book, connected):
    make_all(connected, book)
    before, chapter = hashes(book), book.chapters.first()
    old = chapter.text
    shorter = old.replace("Number 1-4. ", "")
    services.accept(services.revise(connected, book, shorter, chapter=chapter))
    assert len(hashes(book)) == len(before) - 1
    chapter.refresh_from_db()
    services.accept(services.revise(connected, book, old, chapter=chapter))
    assert hashes(book) == before


def test_a_book_is_deleted_with_its_sounds_but_not_while_it_is_being_made(book, connected, settings):
    services.make(connected, book, click="x")
    with pytest.raises(services.RefusedError):
        services.delete_book(book)
    finish()
    files = [part.file.path for part in Part.objects.all()]
    services.delete_book(book)
    assert not Segment.objects.exists()
    assert not any(Path(path).exists() for path in files)

"""Design: a described voice is what its description says, by measurement."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from apps.sandbox.cloning.description import design
from apps.sandbox.cloning.portrait import Portrait, measure
from tests.sandbox.conftest import FOX, Answer, Caller
from tests.sandbox.listening import listen
from tests.sandbox.voicing import OTHER_PASSAGE, Cloner, new_voice_id

HOUR = 3600


@pytest.fixture
def cloner(caller) -> Cloner:
    return Cloner(caller)


def trial(answer: Answer) -> Portrait:
    assert answer.code == 0, answer.message
    heard = listen(bytes.fromhex(answer.payload["trial_audio"]))
    return measure(
        np.interp(
            np.arange(0, heard.samples.shape[1], heard.rate / 22050), np.arange(heard.samples.shape[1]), heard.mono
        ).astype(np.float32)
    )


@pytest.mark.parametrize(
    ("prompt", "other", "holds"),
    [
        ("an adult man", "an adult woman", lambda one, other: one.f0 < 0.7 * other.f0),
        ("成年男性", "成年女性", lambda one, other: one.f0 < 0.7 * other.f0),
        ("an adult woman", "a little girl", lambda one, other: one.f0 < 0.85 * other.f0),
        ("an adult woman", "a little girl", lambda one, other: one.formants[2] < 0.95 * other.formants[2]),
        ("an elderly man", "a boy of 8 years old", lambda one, other: one.f0 < 0.6 * other.f0),
        ("a very deep-voiced man", "a man with a high-pitched voice", lambda one, other: one.f0 < 0.75 * other.f0),
        ("低沉的男声", "尖细的男声", lambda one, other: one.f0 < 0.8 * other.f0),
        ("a man who speaks slowly", "a man who speaks fast", lambda one, other: one.pace < 0.75 * other.pace),
        ("一位语速缓慢的女性", "一位语速很快的女性", lambda one, other: one.pace < 0.75 * other.pace),
        ("a monotone woman", "an excited, lively woman", lambda one, other: one.semitones < 0.5 * other.semitones),
        ("一位悲伤的女性", "一位活泼开心的女性", lambda one, other: one.semitones < 0.6 * other.semitones),
        ("a breathy, whispering woman", "a clear woman", lambda one, other: one.clarity < other.clarity - 0.03),
        ("a warm man", "a bright, crisp man", lambda one, other: sum(one.bands[9:12]) < sum(other.bands[9:12]) - 6),
    ],
)  # fmt: skip
def test_words_of_the_description_are_heard(cloner, prompt, other, holds: Callable[[Portrait, Portrait], bool]):
    one, two = (trial(cloner.design(words)) for words in (prompt, other))
    assert holds(one, two), (one, two)


def test_pitch_of_a_designed_voice_is_the_one_it_was_given(cloner):
    prompt = f"a calm narrator, male, {new_voice_id()}"
    assert abs(trial(cloner.design(prompt)).f0 / design(prompt).character["f0"] - 1) < 0.03


@pytest.mark.parametrize(
    ("prompt", "gender", "language", "accent"),
    [
        ("An elderly British gentleman", "male", "English", "en-gb-x-rp"),
        ("A cheerful Scottish lady", "female", "", "en-gb-scotland"),
        ("A Spanish-speaking grandmother", "female", "Spanish", ""),
        ("一位说粤语的中年男性", "male", "Chinese,Yue", ""),
        ("普通话标准的女主播", "female", "Chinese", ""),
        ("A woman who talks like her father", "female", "", ""),
    ],
)
def test_sex_language_and_accent_are_read(prompt, gender, language, accent):
    found = design(prompt)
    assert (found.gender, found.language, found.accent) == (gender, language, accent)


def test_what_is_denied_or_weakened_is_not_taken_at_its_word():
    plain, denied, slightly, very = (
        design(f"a man, {words}").character["pace"]
        for words in ("old friend", "not fast", "slightly fast", "very fast")
    )
    assert abs(denied - 172) < 5
    assert 172 + 5 < slightly < very - 25
    assert plain < 172


def test_accent_changes_the_sound_of_english(cloner):
    british, american = (
        cloner.design(f"a {word} man", "I can't dance in the bath after half past four.")
        for word in ("British", "quiet")
    )
    assert british.code == american.code == 0
    assert formants_differ(trial(british), trial(american))


def formants_differ(one: Portrait, other: Portrait) -> bool:
    return float(np.abs(np.log(np.array(one.formants) / np.array(other.formants))).max()) > 0.02


def test_designs_of_one_description_differ_a_little():
    designs = [design("a gentle young woman", number) for number in range(4)]
    pitches = [one.character["f0"] for one in designs]
    assert len(set(pitches)) == 4
    assert max(pitches) < 1.13 * min(pitches)
    assert design("A gentle  young woman", 2) == designs[2]


def test_same_description_gives_the_same_voices_in_the_same_order(cloner, start_sandbox):
    prompt = f"a gentle young woman, {new_voice_id()}"
    here = [cloner.design(prompt, FOX).payload["trial_audio"] for _ in range(2)]
    other = Cloner(Caller(start_sandbox().sandbox))
    there = [other.design(prompt, FOX).payload["trial_audio"] for _ in range(2)]
    assert here[0] != here[1]
    assert here == there


def test_generated_id_has_the_documented_form(cloner):
    answer = cloner.design("a man", FOX)
    assert re.fullmatch(r"ttv-voice-\d{16}-[A-Za-z0-9]{8}", answer.payload["voice_id"])


def test_wished_id_is_kept_and_then_taken(cloner):
    voice_id = new_voice_id()
    assert cloner.design("a man", FOX, voice_id=voice_id).payload["voice_id"] == voice_id
    assert cloner.design("a man", FOX, voice_id=voice_id).code == 2039
    answer = cloner.design("a man", FOX, voice_id="bad id")
    assert (answer.code, "voice_id" in answer.message) == (2013, True)


def test_designed_voice_is_seen_after_its_first_synthesis_speaks_as_in_its_trial_and_can_be_deleted(cloner):
    answer = cloner.design("a deep-voiced man", OTHER_PASSAGE)
    voice_id = answer.payload["voice_id"]
    assert voice_id not in cloner.listed("voice_generation")
    assert abs(cloner.speak(voice_id).f0 / trial(answer).f0 - 1) < 0.02
    assert voice_id in cloner.listed("voice_generation")
    assert voice_id not in cloner.listed("voice_cloning")
    assert cloner.caller.post("/v1/delete_voice", {"voice_type": "voice_cloning", "voice_id": voice_id}).code == 2013
    assert cloner.caller.post("/v1/delete_voice", {"voice_type": "voice_generation", "voice_id": voice_id}).code == 0
    assert voice_id not in cloner.listed("voice_generation")


def test_trial_is_billed_as_speech_and_the_fee_comes_with_the_first_synthesis(start_sandbox):
    cloner = Cloner(Caller(start_sandbox().sandbox))

    def spent() -> float:
        return float(cloner.caller.get("/sandbox/requests").payload["charged_usd"])

    text = len(FOX) * 100 / 1e6
    voice_id = cloner.designed("a man", FOX)
    lost = cloner.designed("a man", FOX)
    assert spent() == pytest.approx(2 * text)
    cloner.speak(voice_id, FOX)
    assert spent() == pytest.approx(3 * text + 3)
    cloner.caller.knob("/sandbox/state", {"clock_shift_s": 168 * HOUR + 60})
    assert cloner.caller.speak(FOX, voice={"voice_id": lost}).code == 20132
    cloner.speak(voice_id, FOX)
    assert spent() == pytest.approx(4 * text + 3)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("prompt", {"preview_text": FOX}),
        ("prompt", {"prompt": "  ", "preview_text": FOX}),
        ("prompt", {"prompt": 5, "preview_text": FOX}),
        ("preview_text", {"prompt": "a man"}),
        ("preview_text", {"prompt": "a man", "preview_text": "x" * 501}),
        ("text", {"prompt": "a man", "preview_text": "..."}),
    ],
)
def test_fields_are_checked_by_name(cloner, field, body):
    answer = cloner.caller.post("/v1/voice_design", body)
    assert (answer.code, field in answer.message) == (2013, True)


@pytest.mark.parametrize(("fault", "even"), [("truncate_hex", True), ("odd_hex", False)])
def test_trial_can_arrive_damaged(cloner, fault, even):
    body = {"prompt": "a man", "preview_text": FOX}
    answer = cloner.caller.post("/v1/voice_design", body, X_Sandbox_Fault=fault)
    assert answer.code == 0
    assert (len(answer.payload["trial_audio"]) % 2 == 0) == even


def test_flagged_output_can_be_ordered(cloner):
    body = {"prompt": "a man", "preview_text": FOX}
    assert cloner.caller.post("/v1/voice_design", body, X_Sandbox_Fault="output_content").code == 1027

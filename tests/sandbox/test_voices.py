from __future__ import annotations

import secrets

import numpy as np
import pytest

from apps.minimax import catalogue
from apps.sandbox.engine.characters import make_character
from apps.sandbox.rules import system_voices


def test_system_voices_are_those_of_the_catalogue(caller):
    answer = caller.post("/v1/get_voice", {"voice_type": "system"})
    assert [voice["voice_id"] for voice in answer.payload["system_voice"]] == list(catalogue.voices.system)
    assert "voice_cloning" not in answer.payload
    assert all(voice["voice_name"] and voice["description"] for voice in answer.payload["system_voice"])


def test_all_lists_every_kind(caller):
    assert {"system_voice", "voice_cloning", "voice_generation"} <= set(
        caller.post("/v1/get_voice", {"voice_type": "all"}).payload
    )


@pytest.mark.parametrize("body", [{}, {"voice_type": "mine"}])
def test_kind_of_voice_is_checked(caller, body):
    assert caller.post("/v1/get_voice", body).code == 2013


def test_no_two_voices_are_alike():
    variants = [make_character(voice).variant() for voice in system_voices().values()]
    assert len(set(variants)) == len(variants) > 300


def test_sex_and_age_are_heard_in_the_pitch():
    def middle(*words: str) -> float:
        chosen = [
            make_character(voice)
            for voice in system_voices().values()
            if set(words) <= {voice["gender"], *voice["tags"]}
        ]
        assert chosen, words
        return float(np.median([character.f0 for character in chosen]))

    assert middle("male") < 0.7 * middle("female")
    assert middle("female", "elder") < middle("female", "adult") < middle("female", "child")


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("English_Deep-VoicedGentleman", "English_Trustworth_Man"),
        ("English_Trustworth_Man", "Wise_Woman"),
        ("Wise_Woman", "lovely_girl"),
    ],
)
def test_voices_are_heard_to_differ(caller, low, high):
    text = "The quick brown fox jumps over the lazy dog."
    one, other = (caller.hear(text, voice={"voice_id": voice_id}, language_boost="English") for voice_id in (low, high))
    assert one.pitch < 0.9 * other.pitch


def test_voices_speak_their_own_language(caller):
    spanish, english = (
        caller.hear("Chocolate natural", voice={"voice_id": voice_id}).seconds
        for voice_id in ("Spanish_Wiselady", "English_Wiselady")
    )
    assert spanish != english


def test_cloned_voice_is_hidden_until_it_is_used_and_gone_for_ever_once_deleted(caller):
    voice_id = f"studio-{secrets.token_hex(4)}"
    assert caller.post("/sandbox/voices", {"voice_id": voice_id, "gender": "male"}).code == 0

    def listed() -> list[str]:
        voices = caller.post("/v1/get_voice", {"voice_type": "voice_cloning"}).payload["voice_cloning"]
        return [voice["voice_id"] for voice in voices]

    assert voice_id not in listed()
    assert caller.speak(voice={"voice_id": voice_id}).code == 0
    assert voice_id in listed()
    deleted = caller.post("/v1/delete_voice", {"voice_type": "voice_cloning", "voice_id": voice_id})
    assert (deleted.code, deleted.payload["voice_id"]) == (0, voice_id)
    assert voice_id not in listed()
    assert caller.speak(voice={"voice_id": voice_id}).code == 20132
    assert caller.post("/sandbox/voices", {"voice_id": voice_id}).code == 2039


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("voice_type", {"voice_type": "system", "voice_id": "female-shaonv"}),
        ("voice_id", {"voice_type": "voice_cloning", "voice_id": "nobody-1"}),
        ("voice_id", {"voice_type": "voice_generation"}),
    ],
)
def test_only_own_voices_can_be_deleted(caller, field, body):
    answer = caller.post("/v1/delete_voice", body)
    assert (answer.code, field in answer.message) == (2013, True)

"""Cloning: what is refused, what comes back, how long a voice lives, and that the copy resembles its model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from apps.sandbox.cloning.portrait import Portrait, measure
from apps.sandbox.rules import system_voices
from tests.sandbox.conftest import FOX, Caller
from tests.sandbox.listening import listen
from tests.sandbox.voicing import (
    DEFAULT_VOICE,
    OTHER_PASSAGE,
    PASSAGE,
    RATE,
    Cloner,
    Wave,
    as_compressed,
    as_wav,
    lasting,
    new_voice_id,
    spoken_by,
)

HOUR = 3600


@pytest.fixture
def cloner(caller) -> Cloner:
    return Cloner(caller)


@cache
def grace() -> Wave:
    return spoken_by("English_Graceful_Lady")


@cache
def sample() -> bytes:
    return as_wav(lasting(grace(), 10.5))


def noise(samples: Wave, below_db: float) -> Wave:
    dice = np.random.default_rng(5).standard_normal(len(samples))
    return (dice * np.sqrt(np.mean(samples**2)) * 10 ** (-below_db / 20)).astype(np.float32)


def quicker(samples: Wave, factor: float) -> Wave:
    """As a tape that runs too fast: pitch, throat and pace change together."""
    count = int(len(samples) / factor)
    return np.interp(np.arange(count) * factor, np.arange(len(samples)), samples).astype(np.float32)


# --- resemblance ------------------------------------------------------------------------------------------------------


def formants_apart(one: Portrait, other: Portrait) -> float:
    return float(np.mean(np.abs(np.log(np.array(one.formants) / np.array(other.formants)))))


def colours_apart(one: Portrait, other: Portrait) -> float:
    return float(np.sqrt(np.mean((np.array(one.bands) - np.array(other.bands)) ** 2)))


@dataclass(frozen=True)
class Speaker:
    samples: Wave
    options: dict[str, Any]
    model: Portrait  # what the copy is measured against


@cache
def speaker(name: str) -> Speaker:
    trusted = "English_Trustworth_Man"
    samples = {
        "a deep man": lambda: spoken_by("English_Deep-VoicedGentleman"),
        "a girl": lambda: spoken_by("lovely_girl"),
        "someone between": lambda: quicker(spoken_by(trusted), 1.25),
        "a lady in noise": lambda: grace() + noise(grace(), 20),
        "a monotonous man": lambda: spoken_by(trusted, span=0.3),
        "a lively man": lambda: spoken_by(trusted, span=1.8),
        "a slow man": lambda: spoken_by(trusted, pace=120.0),
        "a fast man": lambda: spoken_by(trusted, pace=235.0),
        "a breathy woman": lambda: spoken_by("Wise_Woman", breath=22.0),
    }[name]()
    noisy = name == "a lady in noise"
    return Speaker(samples, {"need_noise_reduction": True} if noisy else {}, measure(grace() if noisy else samples))


_copies: dict[tuple[str, str], Portrait] = {}


def copy_of(cloner: Cloner, name: str) -> Portrait:
    """How the clone of a speaker says another text."""
    known = (cloner.caller.sandbox.url, name)
    if known not in _copies:
        who = speaker(name)
        content = as_wav(lasting(who.samples, max(10.5, len(who.samples) / RATE)))
        voice_id = cloner.cloned(content, need_volume_normalization=True, **who.options)
        _copies[known] = cloner.speak(voice_id)
    return _copies[known]


@pytest.mark.parametrize("name", ["a deep man", "a girl", "someone between", "a lady in noise"])
def test_copy_has_the_pitch_the_throat_and_the_colour_of_its_model(cloner, name):
    model, copy, default = speaker(name).model, copy_of(cloner, name), cloner.speak(DEFAULT_VOICE)
    assert abs(copy.f0 / model.f0 - 1) < 0.03
    assert formants_apart(copy, model) < 0.05 < formants_apart(default, model)
    assert colours_apart(copy, model) < 2.2
    assert colours_apart(copy, model) < 0.85 * colours_apart(default, model)


def test_copy_is_as_lively_as_its_model(cloner):
    flat, lively = copy_of(cloner, "a monotonous man"), copy_of(cloner, "a lively man")
    assert flat.semitones < 0.5 * lively.semitones
    assert abs(flat.semitones - speaker("a monotonous man").model.semitones) < 0.8
    assert abs(lively.semitones - speaker("a lively man").model.semitones) < 1.6


def test_copy_is_as_fast_as_its_model(cloner):
    slow, fast = copy_of(cloner, "a slow man"), copy_of(cloner, "a fast man")
    assert slow.pace < 0.75 * fast.pace
    assert abs(slow.pace / speaker("a slow man").model.pace - 1) < 0.2
    assert abs(fast.pace / speaker("a fast man").model.pace - 1) < 0.2


def test_copy_is_as_breathy_as_its_model(cloner):
    breathy = copy_of(cloner, "a breathy woman")
    assert abs(breathy.clarity - speaker("a breathy woman").model.clarity) < 0.05
    assert breathy.clarity < copy_of(cloner, "a girl").clarity - 0.03


def test_copy_keeps_its_pitch_in_other_languages_and_in_short_texts(cloner):
    voice_id = cloner.cloned(as_wav(lasting(spoken_by("English_Deep-VoicedGentleman"), 12)))
    model = speaker("a deep man").model
    for text in ("今天早上我们一起去公园散步，看见很多人在湖边打太极拳。", "Bonjour, je voudrais une table.", FOX):
        assert abs(cloner.speak(voice_id, text).f0 / model.f0 - 1) < 0.03


def test_copy_follows_the_settings_of_speech(cloner):
    voice_id = cloner.cloned(sample())
    plain = cloner.speak(voice_id)
    higher = cloner.caller.hear(OTHER_PASSAGE, voice={"voice_id": voice_id, "pitch": 4}, audio={"sample_rate": RATE})
    assert abs(measure(higher.mono.astype(np.float32)).f0 / plain.f0 / 2 ** (4 / 12) - 1) < 0.03
    mixed = cloner.caller.hear(
        OTHER_PASSAGE,
        voice={"voice_id": ""},
        audio={"sample_rate": RATE},
        timbre_weights=[
            {"voice_id": voice_id, "weight": 50},
            {"voice_id": "English_Deep-VoicedGentleman", "weight": 50},
        ],
    )
    assert 100 < mixed.pitch < 0.8 * plain.f0


def test_quiet_sample_gives_a_quiet_voice_unless_its_volume_is_normalised(cloner):
    quiet = as_wav(lasting(grace() * np.float32(0.12), 10.5))
    as_it_is, normalised = (
        cloner.speak(cloner.cloned(quiet, need_volume_normalization=wanted)).loudness for wanted in (False, True)
    )
    assert as_it_is < normalised - 4


def test_noise_in_the_sample_is_in_the_voice_unless_it_is_reduced(cloner):
    noisy = as_wav(lasting(grace() + noise(grace(), 12), 10.5))
    as_it_is, reduced = (cloner.speak(cloner.cloned(noisy, need_noise_reduction=wanted)) for wanted in (False, True))
    clean = speaker("a lady in noise").model
    assert abs(reduced.clarity - clean.clarity) < abs(as_it_is.clarity - clean.clarity)
    assert colours_apart(reduced, clean) < colours_apart(as_it_is, clean)


def test_example_draws_the_voice_towards_itself(cloner):
    lower = grace()[: int(4 * RATE)]
    example = quicker(lower, 0.9)
    file_id = cloner.upload_id(as_wav(example), purpose="prompt_audio")
    prompt = {"prompt_audio": file_id, "prompt_text": "Please call Stella. Ask her to bring these things with her."}
    plain, drawn = cloner.cloned(sample()), cloner.cloned(sample(), clone_prompt=prompt)
    assert cloner.speak(drawn).f0 < 0.985 * cloner.speak(plain).f0


# --- the answer -------------------------------------------------------------------------------------------------------


def test_clone_with_a_text_gives_a_demo_behind_a_link(cloner):
    answer = cloner.clone(sample(), text=FOX, model="speech-2.8-hd")
    assert answer.code == 0
    assert answer.payload["input_sensitive"] == {"type": 0}
    demo = listen(cloner.caller.http.get(answer.payload["demo_audio"]).content)
    info = answer.payload["extra_info"]
    assert abs(demo.seconds * 1000 - info["audio_length"]) < 100
    assert info["usage_characters"] == len(FOX)


def test_clone_is_free_until_the_first_synthesis_which_brings_the_fee_once(start_sandbox):
    cloner = Cloner(Caller(start_sandbox().sandbox))

    def spent() -> float:
        return float(cloner.caller.get("/sandbox/requests").payload["charged_usd"])

    file_id = cloner.upload_id(sample())
    answer = cloner.clone(file_id)
    assert (answer.code, answer.payload["demo_audio"], "extra_info" in answer.payload) == (0, "", False)
    assert spent() == 0
    voice_id = cloner.cloned(file_id, text=FOX, model="speech-2.8-hd")
    demo = len(FOX) * 100 / 1e6
    assert spent() == pytest.approx(demo)
    cloner.speak(voice_id, FOX)
    assert spent() == pytest.approx(2 * demo + 1.5)
    cloner.speak(voice_id, FOX)
    assert spent() == pytest.approx(3 * demo + 1.5)


def test_copied_voice_streams(cloner):
    voice_id = cloner.cloned(sample())
    chunks = cloner.caller.stream(OTHER_PASSAGE, voice={"voice_id": voice_id}, audio={"format": "mp3"})
    assert len([chunk for chunk in chunks if chunk["data"]["status"] == 1]) > 5
    assert chunks[-1]["data"]["status"] == 2


# --- its life ---------------------------------------------------------------------------------------------------------


def test_demo_is_no_use_and_the_first_synthesis_makes_the_voice_seen(cloner):
    voice_id = cloner.cloned(sample(), text=FOX, model="speech-2.8-hd")
    assert voice_id not in cloner.listed()
    assert voice_id not in cloner.listed("voice_generation")
    cloner.speak(voice_id, FOX)
    assert voice_id in cloner.listed()
    everything = cloner.caller.post("/v1/get_voice", {"voice_type": "all"}).payload["voice_cloning"]
    (row,) = [voice for voice in everything if voice["voice_id"] == voice_id]
    assert (row["description"], len(row["created_time"])) == ([], 10)


def test_unused_voice_is_lost_after_168_hours_and_a_used_one_stays(start_sandbox):
    cloner = Cloner(Caller(start_sandbox().sandbox))
    file_id = cloner.upload_id(sample())
    unused, used, late = cloner.cloned(file_id, text=FOX, model="speech-2.8-hd"), cloner.cloned(file_id), new_voice_id()
    cloner.speak(used, FOX)
    cloner.caller.knob("/sandbox/state", {"clock_shift_s": 24 * HOUR})
    cloner.cloned(file_id, voice_id=late)
    cloner.caller.knob("/sandbox/state", {"clock_shift_s": 169 * HOUR})
    assert cloner.caller.speak(FOX, voice={"voice_id": unused}).code == 20132
    assert cloner.clone(file_id, voice_id=unused).code == 2039
    assert cloner.caller.post("/v1/delete_voice", {"voice_type": "voice_cloning", "voice_id": unused}).code == 2013
    cloner.speak(used, FOX)
    cloner.speak(late, FOX)
    assert set(cloner.listed()) == {used, late}


def test_id_is_never_given_away_twice(cloner):
    file_id = cloner.upload_id(sample())
    voice_id = cloner.cloned(file_id)
    assert cloner.clone(file_id, voice_id=voice_id).code == 2039
    assert cloner.caller.post("/v1/delete_voice", {"voice_type": "voice_cloning", "voice_id": voice_id}).code == 0
    assert cloner.clone(file_id, voice_id=voice_id).code == 2039
    assert cloner.design("a man", voice_id=voice_id).code == 2039
    assert cloner.caller.speak(FOX, voice={"voice_id": voice_id}).code == 20132


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "voice_id",
    [
        None,
        "",
        12345678,
        "short-7",
        "1studio-voice",
        "-studio-voice",
        "studio voice",
        "studio-voice-",
        "studio-voice_",
        "stüdio-voice",
        "v" * 257,
    ],
)
def test_name_of_a_voice_is_checked(cloner, voice_id):
    answer = cloner.caller.post("/v1/voice_clone", {"file_id": 1, "voice_id": voice_id})
    assert (answer.code, "voice_id" in answer.message) == (2013, True)


@pytest.mark.parametrize("voice_id", ["v1234567", "V_" + "x" * 254])
def test_shortest_and_longest_name_are_taken(cloner, voice_id):
    answer = cloner.caller.post("/v1/voice_clone", {"file_id": 1, "voice_id": voice_id})
    assert "file_id" in answer.message


def test_id_of_a_system_voice_is_taken(cloner):
    taken = next(voice_id for voice_id in system_voices() if voice_id.isascii() and voice_id.isidentifier())
    assert cloner.caller.post("/v1/voice_clone", {"file_id": 1, "voice_id": taken}).code == 2039


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("file_id", {"file_id": None}),
        ("file_id", {"file_id": "abc"}),
        ("file_id", {"file_id": 12}),
        ("text", {"text": "x" * 1001, "model": "speech-2.8-hd"}),
        ("model", {"text": "Hello there."}),
        ("model", {"text": "Hello there.", "model": "speech-9"}),
        ("language_boost", {"language_boost": "Klingon"}),
        ("text_validation", {"text_validation": "x" * 201}),
        ("accuracy", {"accuracy": 1.5}),
        ("accuracy", {"accuracy": "much"}),
        ("need_noise_reduction", {"need_noise_reduction": "perhaps"}),
        ("clone_prompt", {"clone_prompt": {"prompt_text": "Hello."}}),
        ("clone_prompt", {"clone_prompt": {"prompt_audio": 5}}),
        ("prompt_text", {"clone_prompt": {"prompt_audio": 5, "prompt_text": "Hello"}}),
        ("prompt_audio", {"clone_prompt": {"prompt_audio": 5, "prompt_text": "Hello."}}),
    ],
)
def test_fields_are_checked_by_name(cloner, field, changes):
    body = {"voice_id": new_voice_id(), **changes}
    if "file_id" not in body:
        body["file_id"] = cloner.upload_id(as_wav(np.zeros(2000, np.float32)))
    answer = cloner.caller.post("/v1/voice_clone", body)
    assert (answer.code, field in answer.message) == (2013, True), answer.message


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("s.wav", lambda: as_wav(lasting(grace(), 9.9)), 2037),
        ("s.mp3", lambda: as_compressed(lasting(grace(), 301), "mp3", "libmp3lame"), 2037),
        ("s.wav", lambda: as_wav(np.zeros(12 * RATE, np.float32)), 20132),
        ("s.wav", lambda: as_wav(noise(lasting(grace(), 12), 0)), 20132),
        ("s.mp3", lambda: b"MZ\x90\x00" + bytes(range(256)) * 400, 20132),
        ("s.m4a", lambda: cut(as_compressed(lasting(grace(), 12), "ipod", "aac")), 20132),
    ],
    ids=["9.9 s", "5 min 1 s", "silence", "noise", "renamed exe", "truncated m4a"],
)
def test_bad_sample_is_refused(cloner, name, make, code):
    voice_id = new_voice_id()
    assert cloner.clone(make(), name, voice_id=voice_id).code == code
    assert cloner.caller.speak(FOX, voice={"voice_id": voice_id}).code == 20132


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("s.m4a", lambda: as_compressed(lasting(grace(), 10.4), "ipod", "aac")),
        ("S.MP3", lambda: as_compressed(lasting(grace(), 10.4), "mp3", "libmp3lame")),
    ],
    ids=["m4a", "mp3"],
)
def test_compressed_samples_are_taken_and_ids_may_be_text(cloner, name, make):
    assert cloner.clone(cloner.upload_id(make(), name), file_id=str(cloner.upload_id(make(), name))).code == 0


def test_example_must_be_shorter_than_8_seconds(cloner):
    file_id = cloner.upload_id(as_wav(lasting(grace(), 8)), purpose="prompt_audio")
    prompt = {"prompt_audio": file_id, "prompt_text": PASSAGE}
    assert cloner.clone(sample(), clone_prompt=prompt).code == 2048


def test_example_must_be_what_its_text_says(cloner):
    file_id = cloner.upload_id(as_wav(lasting(grace(), 6)), purpose="prompt_audio")
    assert cloner.clone(sample(), clone_prompt={"prompt_audio": file_id, "prompt_text": "Yes."}).code == 1044


def test_expected_text_is_held_against_the_sample(cloner):
    file_id = cloner.upload_id(as_wav(grace()))
    assert cloner.clone(file_id, text_validation="Something short.").code == 1043
    assert cloner.clone(file_id, text_validation=PASSAGE[:200]).code == 0
    assert cloner.clone(file_id, text_validation="Something short.", accuracy=0.01).code == 0


@pytest.mark.parametrize(
    ("fault", "code"), [("identity", 2038), ("service", 1013), ("balance", 1008), ("rate_limit", 1002)]
)
def test_refusals_of_the_account_can_be_ordered(cloner, fault, code):
    body = {"file_id": 1, "voice_id": new_voice_id()}
    assert cloner.caller.post("/v1/voice_clone", body, X_Sandbox_Fault=fault).code == code


def test_answer_can_be_lost_after_the_voice_was_made(cloner):
    voice_id = new_voice_id()
    body = {"file_id": cloner.upload_id(sample()), "voice_id": voice_id}
    with pytest.raises(httpx.HTTPError):
        cloner.caller.post("/v1/voice_clone", body, X_Sandbox_Fault="drop_stream")
    assert cloner.clone(sample(), voice_id=voice_id).code == 2039
    assert cloner.caller.speak(FOX, voice={"voice_id": voice_id}).code == 0


def test_copied_voice_speaks_over_a_socket(cloner, caller):
    voice_id = cloner.cloned(sample())
    url = caller.sandbox.url.replace("http", "ws") + "/ws/v1/t2a_v2"
    start = {
        "event": "task_start",
        "model": "speech-2.8-hd",
        "voice_setting": {"voice_id": voice_id},
        "audio_setting": {"format": "pcm", "sample_rate": 32000},
    }
    sound = b""
    with connect(url, additional_headers=caller.sandbox.headers) as socket:
        assert json.loads(socket.recv())["event"] == "connected_success"
        socket.send(json.dumps(start))
        assert json.loads(socket.recv())["event"] == "task_started"
        socket.send(json.dumps({"event": "task_continue", "text": OTHER_PASSAGE}))
        while True:
            message = json.loads(socket.recv())
            sound += bytes.fromhex((message.get("data") or {}).get("audio", ""))
            if message.get("is_final"):
                break
        socket.send(json.dumps({"event": "task_finish"}))
    assert abs(listen(sound, 32000).pitch / measure(grace()).f0 - 1) < 0.05
    assert voice_id in cloner.listed()

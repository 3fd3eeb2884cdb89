"""The calls that make, list and lose voices, against the sandbox over a real socket."""

from __future__ import annotations

import io
import uuid
from functools import cache

import httpx
import pytest

from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import InvalidRequestError, MiniMaxError, VoiceError
from apps.minimax.files import delete_file, list_files, retrieve_file, upload_file
from apps.minimax.speech import SpeechRequest, synthesise
from apps.minimax.voices import CloneRequest, clone_voice, delete_voice, design_voice, list_voices
from tests.voices.sounds import speech, write

RATE = 16_000


@pytest.fixture
def endpoint(sandbox) -> Endpoint:
    return Endpoint(sandbox.url, sandbox.key)


@pytest.fixture
def client(endpoint):
    with MiniMaxClient(endpoint) as client:
        yield client


@pytest.fixture
def sound(tmp_path):
    """Bytes of so many seconds of speech."""

    @cache
    def sound(seconds: float) -> bytes:
        return write(tmp_path / f"{seconds}.wav", speech(seconds, RATE), RATE).read_bytes()

    return sound


@pytest.fixture
def uploaded(client):
    """Bring a file, which is deleted again afterwards."""
    files: list[tuple[str, str]] = []

    def upload(content: bytes, purpose="voice_clone", filename: str = "sample.wav") -> str:
        file = upload_file(
            client, purpose=purpose, filename=filename, content=io.BytesIO(content), content_type="audio/wav"
        )
        files.append((file.file_id, purpose))
        return file.file_id

    yield upload
    for file_id, purpose in files:
        delete_file(client, file_id, purpose)


@pytest.fixture
def new_id(client):
    """Ids that nobody has; what is listed under them is deleted again, because the sandbox is shared."""
    made: list[str] = []

    def new_id() -> str:
        made.append(f"wire-{uuid.uuid4().hex}")
        return made[-1]

    yield new_id
    for voice in list_voices(client):
        if voice.voice_id in made and voice.kind != "system":
            delete_voice(client, voice.kind, voice.voice_id)


def say(client, voice_id: str) -> None:
    synthesise(client, SpeechRequest(text="Hello.", voice_id=voice_id))


def listed(client, voice_type: str = "all") -> set[str]:
    return {voice.voice_id for voice in list_voices(client, voice_type)}


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_brought_found_and_deleted(client, sound):
    content = sound(1)
    file = upload_file(
        client, purpose="prompt_audio", filename="it's me.wav", content=io.BytesIO(content), content_type="audio/wav"
    )
    assert (file.purpose, file.bytes, file.filename) == ("prompt_audio", len(content), "it's me.wav")
    assert retrieve_file(client, file.file_id).file_id == file.file_id
    assert file.file_id in {each.file_id for each in list_files(client, "prompt_audio")}
    delete_file(client, file.file_id, "prompt_audio")
    with pytest.raises(InvalidRequestError) as caught:
        retrieve_file(client, file.file_id)
    assert caught.value.charged == "no"


def test_a_file_is_not_deleted_under_another_purpose(client, uploaded, sound):
    file_id = uploaded(sound(1))
    with pytest.raises(MiniMaxError) as caught:
        delete_file(client, file_id, "prompt_audio")
    assert caught.value.charged == "no"
    assert retrieve_file(client, file_id).purpose == "voice_clone"


# --- clone ------------------------------------------------------------------------------------------------------------


def test_a_clone_is_listed_once_it_has_spoken_and_its_id_is_gone_with_it(client, uploaded, new_id, sound):
    voice_id = new_id()
    cloned = clone_voice(
        client,
        CloneRequest(voice_id=voice_id, sample=uploaded(sound(11)), text="Good evening.", model="speech-2.8-turbo"),
    )
    assert cloned.demo_url.startswith("http")
    assert cloned.usage_characters == len("Good evening.")
    assert not cloned.is_flagged
    assert voice_id not in listed(client)
    say(client, voice_id)
    assert voice_id in listed(client, "voice_cloning")
    assert voice_id not in listed(client, "voice_generation")
    delete_voice(client, "voice_cloning", voice_id)
    assert voice_id not in listed(client)
    with pytest.raises(VoiceError) as caught:
        clone_voice(client, CloneRequest(voice_id=voice_id, sample=uploaded(sound(11))))
    assert caught.value.code == 2039


def test_a_clone_without_a_text_has_no_demo(client, uploaded, new_id, sound):
    assert clone_voice(client, CloneRequest(voice_id=new_id(), sample=uploaded(sound(11)))).demo_url == ""


def refused(client, request: CloneRequest) -> MiniMaxError:
    with pytest.raises(MiniMaxError) as caught:
        clone_voice(client, request)
    return caught.value


def test_a_recording_says_something_else_than_expected(client, uploaded, new_id, sound):
    request = CloneRequest(voice_id=new_id(), sample=uploaded(sound(30)), text_validation="No.", accuracy=1.0)
    assert refused(client, request).code == 1043


def test_an_example_says_something_else_than_its_words(client, uploaded, new_id, sound):
    example = uploaded(sound(7), "prompt_audio")
    request = CloneRequest(voice_id=new_id(), sample=uploaded(sound(11)), prompt_audio=example, prompt_text="No.")
    assert refused(client, request).code == 1044


@pytest.mark.parametrize("seconds", [9.9, 301])
def test_a_recording_is_too_short_or_too_long(client, uploaded, new_id, sound, seconds):
    assert refused(client, CloneRequest(voice_id=new_id(), sample=uploaded(sound(seconds)))).code == 2037


def test_an_account_may_not_clone(client, sandbox, uploaded, new_id, sound):
    sample = uploaded(sound(11))
    fault = {"fault": "identity", "path": "/v1/voice_clone"}
    httpx.post(f"{sandbox.url}/sandbox/faults", json=fault, headers=sandbox.headers).raise_for_status()
    try:
        error = refused(client, CloneRequest(voice_id=new_id(), sample=sample))
    finally:
        httpx.delete(f"{sandbox.url}/sandbox/faults", headers=sandbox.headers)
    assert error.code == 2038


def test_an_id_is_taken(client, uploaded, new_id, sound):
    voice_id, sample = new_id(), uploaded(sound(11))
    clone_voice(client, CloneRequest(voice_id=voice_id, sample=sample))
    assert refused(client, CloneRequest(voice_id=voice_id, sample=sample)).code == 2039


def test_an_example_is_too_long(client, uploaded, new_id, sound):
    example = uploaded(sound(8.5), "prompt_audio")
    request = CloneRequest(voice_id=new_id(), sample=uploaded(sound(11)), prompt_audio=example, prompt_text="Well.")
    assert refused(client, request).code == 2048


def test_a_recording_is_none(client, uploaded, new_id):
    sample = uploaded(b"MZ\x90\x00" + bytes(range(256)) * 400)
    assert refused(client, CloneRequest(voice_id=new_id(), sample=sample)).code == 20132


@pytest.mark.parametrize("code", [1043, 1044, 2037, 2038, 2039, 2048, 20132])
def test_each_refusal_is_a_sentence_with_a_next_step_and_costs_nothing(code):
    def answer(request: httpx.Request) -> httpx.Response:
        told = {"base_resp": {"status_code": code, "status_msg": "told by MiniMax"}, "demo_audio": None}
        return httpx.Response(200, json=told, headers={"Trace-Id": "t-9"})

    with MiniMaxClient(Endpoint("https://api.minimax.io", "sk-test"), httpx.MockTransport(answer)) as client:
        error = refused(client, CloneRequest(voice_id="studio-anna", sample="4"))
    assert isinstance(error, VoiceError)
    assert (error.code, error.charged, error.retryable, error.trace_id) == (code, "no", False, "t-9")
    assert str(error).endswith(".")
    assert "told by MiniMax" not in str(error)
    assert error.next_step


# --- design -----------------------------------------------------------------------------------------------------------


def test_a_design_speaks_in_its_trial_and_is_listed_once_it_has_spoken_for_real(client, new_id):
    voice_id = new_id()
    designed = design_voice(client, prompt="An old man, deep and slow", preview_text="Ahoy there.", voice_id=voice_id)
    assert designed.voice_id == voice_id
    assert len(designed.trial_audio) > 1000
    assert voice_id not in listed(client)
    say(client, voice_id)
    assert voice_id in listed(client, "voice_generation")
    with pytest.raises(VoiceError) as caught:
        design_voice(client, prompt="Another", preview_text="Ahoy.", voice_id=voice_id)
    assert caught.value.code == 2039


def test_an_odd_trial_leaves_the_voice_as_it_is():
    def answer(request: httpx.Request) -> httpx.Response:
        told = {"voice_id": "ttv-voice-1", "trial_audio": "4g", "base_resp": {"status_code": 0, "status_msg": ""}}
        return httpx.Response(200, json=told)

    with MiniMaxClient(Endpoint("https://api.minimax.io", "sk-test"), httpx.MockTransport(answer)) as client:
        designed = design_voice(client, prompt="Old", preview_text="Ahoy.", voice_id="ttv-voice-1")
    assert (designed.voice_id, designed.trial_audio) == ("ttv-voice-1", b"")


# --- get and delete ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("voice_type", ["system", "voice_cloning", "voice_generation", "all"])
def test_each_type_of_voices_can_be_asked_for(client, voice_type):
    kinds = {voice.kind for voice in list_voices(client, voice_type)}
    assert kinds <= {voice_type} or voice_type == "all"
    assert "system" in kinds or voice_type in ("voice_cloning", "voice_generation")


@pytest.mark.parametrize("missing", [None, [], "nonsense"])
def test_arrays_that_are_missing_or_odd_hold_no_voices(missing):
    def answer(request: httpx.Request) -> httpx.Response:
        told = {"voice_cloning": missing, "base_resp": {"status_code": 0, "status_msg": ""}}
        return httpx.Response(200, json=told)

    with MiniMaxClient(Endpoint("https://api.minimax.io", "sk-test"), httpx.MockTransport(answer)) as client:
        assert list_voices(client) == []


def test_what_is_not_there_cannot_be_deleted(client):
    with pytest.raises(InvalidRequestError) as caught:
        delete_voice(client, "voice_cloning", f"wire-{uuid.uuid4().hex}")
    assert caught.value.charged == "no"

import json

import httpx
import pytest

from apps.minimax.errors import BrokenAnswerError, InvalidRequestError, VoiceError
from apps.minimax.speech import SpeechRequest, TimbreWeight, VoiceModify, Word, read_subtitles, synthesise
from tests.minimax.servers import recorded, refusal

HELLO = SpeechRequest(text="Hello there.", subtitle_type="word")


def edited(**data) -> dict:
    payload = json.loads(recorded("t2a.json"))
    payload["data"].update(data)
    payload["data"] = {key: value for key, value in payload["data"].items() if value is not None}
    return payload


def test_audio_info_and_subtitles_come_back(client, minimax):
    minimax.answers(recorded("t2a.json"), recorded("subtitles.json"))
    speech = synthesise(client, HELLO)
    assert speech.audio == bytes.fromhex("4944330400000000000021fffb")
    assert (speech.info.audio_length_ms, speech.info.usage_characters, speech.trace_id) == (1200, 9, "0011")
    (subtitle,) = speech.subtitles
    assert (subtitle.text, subtitle.start_ms, subtitle.end_ms) == ("Hello there.", 0, 1180.5)
    assert subtitle.words == (Word("Hello", 0, 420),)
    assert "Authorization" not in minimax.requests[1].headers


def test_a_link_is_kept_as_a_link(client, minimax):
    minimax.answers(edited(audio="https://cdn.example/a.mp3", subtitle_file=None))
    speech = synthesise(client, HELLO, output_format="url")
    assert (speech.audio, speech.url) == (None, "https://cdn.example/a.mp3")
    assert minimax.body["output_format"] == "url"


def test_every_setting_is_sent_in_its_place(client, minimax):
    minimax.answers(edited(subtitle_file=None))
    synthesise(
        client,
        SpeechRequest(
            text="a",
            model="speech-2.6-hd",
            speed=1.2,
            vol=2,
            pitch=-3,
            emotion="whisper",
            text_normalization=True,
            latex_read=True,
            timbre_weights=(TimbreWeight("A", 30), TimbreWeight("B", 70)),
            language_boost="Chinese,Yue",
            voice_modify=VoiceModify(pitch=10, sound_effects="robotic"),
            pronunciation=("omg/oh my god",),
            format="flac",
            sample_rate=44100,
            channel=2,
            subtitle_type="sentence",
        ),
    )
    assert minimax.body == {
        "model": "speech-2.6-hd",
        "text": "a",
        "stream": False,
        "output_format": "hex",
        "voice_setting": {
            "voice_id": "",
            "speed": 1.2,
            "vol": 2,
            "pitch": -3,
            "emotion": "whisper",
            "text_normalization": True,
            "latex_read": True,
        },
        "audio_setting": {"sample_rate": 44100, "format": "flac", "channel": 2},
        "timbre_weights": [{"voice_id": "A", "weight": 30}, {"voice_id": "B", "weight": 70}],
        "language_boost": "Chinese,Yue",
        "pronunciation_dict": {"tone": ["omg/oh my god"]},
        "voice_modify": {"pitch": 10, "intensity": 0, "timbre": 0, "sound_effects": "robotic"},
        "subtitle_enable": True,
        "subtitle_type": "sentence",
    }


def test_the_live_socket_spells_normalisation_differently():
    body = SpeechRequest(text_normalization=True, continuous_sound=True).socket_body()
    assert body["voice_setting"]["english_normalization"] is True
    assert "text_normalization" not in body["voice_setting"]
    assert body["continuous_sound"] is True
    assert "text" not in body


def test_an_unknown_voice_is_a_voice_error(client, minimax):
    minimax.answers(refusal(20132, "invalid samples or voice_id"))
    with pytest.raises(VoiceError, match="does not know this voice"):
        synthesise(client, HELLO)


def test_a_refused_setting_is_named(client, minimax):
    minimax.answers(refusal(2013, "invalid params, speed"))
    with pytest.raises(InvalidRequestError, match="speed"):
        synthesise(client, HELLO)


@pytest.mark.parametrize("audio", ["494433040000000000002", "49zz", "https://cdn.example/a.mp3", "中文"])
def test_damaged_hex_was_charged_and_is_no_audio(client, minimax, audio):
    minimax.answers(edited(audio=audio))
    with pytest.raises(BrokenAnswerError, match="damaged") as caught:
        synthesise(client, HELLO)
    assert caught.value.charged == "yes"


def test_hex_that_was_cut_at_an_even_place_is_noticed(client, minimax):
    minimax.answers(edited(audio="49443304"))
    with pytest.raises(BrokenAnswerError, match="shorter than it announced"):
        synthesise(client, HELLO)


@pytest.mark.parametrize("data", [None, {}, {"audio": ""}, {"audio": None}, [], {"audio": 5}])
def test_success_without_audio_is_no_success(client, minimax, data):
    minimax.answers({"data": data, "base_resp": {"status_code": 0, "status_msg": "success"}})
    with pytest.raises(BrokenAnswerError, match="no result") as caught:
        synthesise(client, HELLO)
    assert caught.value.charged == "unknown"


def test_lost_subtitles_do_not_lose_the_audio(client, minimax):
    minimax.answers(recorded("t2a.json"), httpx.Response(404))
    speech = synthesise(client, HELLO)
    assert speech.audio
    assert speech.subtitles == ()
    assert speech.subtitles_error.charged == "no"


def test_byte_order_marks_are_dropped_from_subtitles(client, minimax):
    rows = json.loads(recorded("subtitles.json"))
    rows[0]["text"] = "\ufeff" + rows[0]["text"]
    minimax.answers(recorded("t2a.json"), b"\xef\xbb\xbf" + json.dumps(rows, ensure_ascii=False).encode())
    assert synthesise(client, HELLO).subtitles[0].text == "Hello there."


def test_sentence_subtitles_have_no_words():
    (subtitle,) = read_subtitles([{"text": "a", "time_begin": 0, "time_end": 1.5, "timestamped_words": None}])
    assert subtitle.words == ()


@pytest.mark.parametrize(
    "rows", [None, {}, "x", [1], [{"text": "a"}], [{"text": "a", "time_begin": "x", "time_end": 1}]]
)
def test_other_things_are_no_subtitles(rows):
    with pytest.raises(BrokenAnswerError):
        read_subtitles(rows)

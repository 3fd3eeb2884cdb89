"""Songs from the sandbox over its own wire, judged by opening the files."""

from __future__ import annotations

import json
from typing import Any

import av
import httpx
import pytest

from apps.minimax import catalogue
from apps.sandbox.composing.verses import RHYMES
from tests.sandbox.conftest import Answer, Caller
from tests.sandbox.listening import Heard, listen

MUSIC, LYRICS = "/v1/music_generation", "/v1/lyrics_generation"
WORDS = (
    "[Verse]\nOver the hill and far away\nI will be home another day\n[Chorus]\nSing for the morning\nSing for the sun"
)
SMALL = {"sample_rate": 16000, "bitrate": 64000}


def ask(caller: Caller, headers: dict[str, str] | None = None, **body: Any) -> Answer:
    sent = {"model": "music-2.6", "prompt": "gentle folk, 120 bpm", "lyrics": WORDS, "audio_setting": SMALL, **body}
    return caller.post(MUSIC, sent, **(headers or {}))


def heard(answer: Answer) -> Heard:
    assert answer.code == 0, answer.message
    return listen(answer.audio)


@pytest.fixture
def caller(caller: Caller) -> Caller:
    caller.http.timeout = httpx.Timeout(300)  # a song takes its time on a busy machine
    return caller


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audio_format", "sample_rate", "bitrate", "channel"),
    [("mp3", 44100, 256000, 2), ("wav", 24000, 128000, 1), ("pcm", 32000, 128000, 2), ("mp3", 16000, 64000, 1)],
)
def test_file_is_what_was_asked_for_and_what_the_answer_says(caller, audio_format, sample_rate, bitrate, channel):
    setting = {"format": audio_format, "sample_rate": sample_rate, "bitrate": bitrate, "channel": channel}
    answer = ask(caller, audio_setting=setting)
    assert answer.code == 0, answer.message
    info = answer.info
    song = listen(answer.audio, sample_rate if audio_format == "pcm" else 0, channel)
    assert (song.rate, song.channels) == (sample_rate, channel)
    assert info["music_duration"] == pytest.approx(song.seconds * 1000, abs=60)
    assert (info["music_sample_rate"], info["music_channel"]) == (sample_rate, channel)
    assert info["music_size"] == len(answer.audio)
    assert info["bitrate"] == pytest.approx(len(answer.audio) * 8 / song.seconds, rel=0.03)
    assert 20 < song.seconds < 60
    assert song.rms > 0.05
    assert song.peak < 0.999


def test_answer_without_settings_is_a_stereo_mp3_of_the_best_rate(caller):
    answer = ask(caller, audio_setting=None)
    assert answer.payload["data"]["status"] == 2
    assert answer.payload["trace_id"] == answer.headers["Trace-Id"]
    assert answer.payload["analysis_info"] is None
    song = heard(answer)
    assert (song.rate, song.channels, answer.info["bitrate"]) == (44100, 2, 256000)


def test_length_is_in_the_header_of_an_mp3(caller, tmp_path):
    path = tmp_path / "song.mp3"
    answer = ask(caller)
    path.write_bytes(answer.audio)
    with av.open(str(path)) as container:
        assert container.duration / 1000 == pytest.approx(answer.info["music_duration"], abs=120)


def test_watermark_is_in_the_file(caller):
    assert b"Made by AI" in ask(caller, aigc_watermark=True).audio
    assert b"Made by AI" not in ask(caller).audio


def test_link_is_in_both_fields_and_gone_after_a_day(caller):
    answer = ask(caller, output_format="url")
    data = answer.payload["data"]
    assert data["audio"] == data["audio_url"]
    response = httpx.get(data["audio"])
    assert response.headers["content-type"] == "audio/mpeg"
    assert listen(response.content).seconds * 1000 == pytest.approx(answer.info["music_duration"], abs=60)
    try:
        caller.knob("/sandbox/state", {"clock_shift_s": 24 * 3600 + 60})
        assert httpx.get(data["audio"]).status_code == 403
    finally:
        caller.knob("/sandbox/state", {"clock_shift_s": 0})


def stream(caller: Caller, **body: Any) -> list[dict[str, Any]]:
    sent = {"model": "music-2.6", "prompt": "folk", "lyrics": WORDS, "audio_setting": SMALL, "stream": True, **body}
    with caller.http.stream("POST", caller.sandbox.url + MUSIC, json=sent, headers=caller.sandbox.headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream"), response.read()
        return [json.loads(line[6:]) for line in response.iter_lines() if line]


def test_stream_gives_pieces_and_then_the_whole(caller):
    *pieces, last = stream(caller)
    assert {piece["data"]["status"] for piece in pieces} == {1}
    whole = "".join(piece["data"]["audio"] for piece in pieces)
    assert (last["data"]["status"], last["data"]["audio"]) == (2, whole)
    assert last["extra_info"]["music_size"] == len(whole) // 2
    assert listen(bytes.fromhex(whole)).seconds > 20


def test_stream_need_not_repeat_the_whole(caller):
    assert stream(caller, exclude_aggregated_audio=True)[-1]["data"]["audio"] == ""


# --- equal and different ----------------------------------------------------------------------------------------------


def test_equal_requests_give_equal_bytes_and_a_seed_another_song(caller):
    first = ask(caller)
    assert ask(caller).audio == first.audio
    assert ask(caller, seed=7).audio != first.audio


def test_length_follows_the_lyrics(caller):
    longer = WORDS + "\n[Verse]\n" + "\n".join(["Another road, another town to see"] * 8)
    assert ask(caller, lyrics=longer).info["music_duration"] > ask(caller).info["music_duration"] + 8000


@pytest.mark.parametrize("lyrics", ["[Chorus]\n♪♪♪", "[Verse]\n(guitar solo)\n...", "1 2 3 4 5"])
def test_odd_lyrics_make_a_song_too(caller, lyrics):
    song = heard(ask(caller, lyrics=lyrics))
    assert 20 < song.seconds < 120
    assert song.rms > 0.03


def test_song_costs_what_the_catalogue_says(caller):
    def spent() -> float:
        return float(caller.get("/sandbox/requests").payload["charged_usd"])

    before = spent()
    ask(caller, model="music-2.6-free")
    assert spent() == pytest.approx(before)
    ask(caller)
    assert spent() - before == pytest.approx(float(catalogue.prices.music["music-2.6"]))


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": None}, "model"),
        ({"model": "music-9"}, "model"),
        ({"lyrics": ""}, "lyrics"),
        ({"lyrics": "a" * 3501}, "lyrics"),
        ({"prompt": "a" * 2001}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"is_instrumental": True, "prompt": ""}, "prompt"),
        ({"is_instrumental": True, "model": "music-2.5"}, "is_instrumental"),
        ({"is_instrumental": "yes"}, "is_instrumental"),
        ({"lyrics_optimizer": True}, "lyrics_optimizer"),
        ({"lyrics_optimizer": True, "lyrics": "", "prompt": ""}, "prompt"),
        ({"model": "music-2.0", "prompt": "short"}, "prompt"),
        ({"model": "music-2.0", "lyrics": "a" * 601}, "lyrics"),
        ({"output_format": "base64"}, "output_format"),
        ({"output_format": "url", "stream": True}, "output_format"),
        ({"audio_setting": {"sample_rate": 48000}}, "sample_rate"),
        ({"audio_setting": {"bitrate": 1}}, "bitrate"),
        ({"audio_setting": {"format": "flac"}}, "format"),
        ({"audio_setting": {"channel": 6}}, "channel"),
        ({"audio_setting": "mp3"}, "audio_setting"),
        ({"seed": 1_000_001}, "seed"),
    ],
)
def test_wrong_requests_are_named(caller, changes, field):
    answer = ask(caller, **changes)
    assert answer.code == 2013
    assert field in answer.message
    assert "data" not in answer.payload


@pytest.mark.parametrize("model", ["music-2.5", "music-1.5"])
def test_older_and_free_models_sing_too(caller, model):
    assert heard(ask(caller, model=model, prompt="a gentle folk song, 120 bpm")).seconds > 20


@pytest.mark.parametrize(
    ("fault", "code"), [("rate_limit", 1002), ("balance", 1008), ("content", 1026), ("connections", 1041)]
)
def test_faults_answer_with_their_code(caller, fault, code):
    assert ask(caller, {"X-Sandbox-Fault": fault}).code == code


def test_broken_answers_are_broken(caller):
    whole = ask(caller).payload["data"]["audio"]
    assert len(ask(caller, {"X-Sandbox-Fault": "truncate_hex"}).payload["data"]["audio"]) < len(whole) * 0.6
    assert len(ask(caller, {"X-Sandbox-Fault": "odd_hex"}).payload["data"]["audio"]) == len(whole) - 1
    with pytest.raises(httpx.RemoteProtocolError):
        ask(caller, {"X-Sandbox-Fault": "drop_stream"})


# --- lyrics -----------------------------------------------------------------------------------------------------------


def write(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = caller.post(LYRICS, {"mode": "write_full_song", **body})
    assert answer.code == 0, answer.message
    return answer.payload


def sections(lyrics: str) -> list[tuple[str, list[str]]]:
    parts = [part.strip().splitlines() for part in lyrics.split("\n\n")]
    return [(lines[0].strip("[]"), lines[1:]) for lines in parts]


def test_written_song_has_a_title_tags_and_a_form(caller):
    song = write(caller, prompt="A sad piano ballad about a lighthouse in the storm")
    parts = sections(song["lyrics"])
    assert song["song_title"] == "Lighthouse in the Storm"
    assert song["style_tags"].startswith("ballad, sad, piano")
    assert "lighthouse" in song["lyrics"].lower()
    assert {tag for tag, _ in parts} <= set(catalogue.music.written_tags)
    choruses = [lines for tag, lines in parts if tag == "Chorus"]
    verses = [lines for tag, lines in parts if tag == "Verse"]
    assert len(choruses) == 3
    assert choruses[0] == choruses[1] == choruses[2]
    assert verses[0] != verses[1]
    assert len(song["lyrics"]) <= 3500


def test_written_lines_rhyme(caller):
    for _, lines in [
        part for part in sections(write(caller, prompt="pop about the sea")["lyrics"]) if part[0] == "Verse"
    ]:
        ends = {line.split()[-1]: rhyme for rhyme, bank in RHYMES.items() for line in bank}
        rhymes = [ends[line.split()[-1]] for line in lines]
        assert all(rhymes.count(rhyme) == 2 for rhyme in rhymes)


def test_equal_prompts_write_equal_songs_and_others_differ(caller):
    song = write(caller, prompt="rock about a highway")
    assert write(caller, prompt="rock about a highway") == {**song, "base_resp": song["base_resp"]}
    assert write(caller, prompt="rock about a river")["lyrics"] != song["lyrics"]


def test_without_a_prompt_the_theme_is_left_to_chance(caller):
    assert len({write(caller)["lyrics"] for _ in range(4)}) > 1


def test_title_is_kept(caller):
    assert write(caller, prompt="folk about rain", title="My Own Title")["song_title"] == "My Own Title"


def test_chinese_prompt_gets_chinese_lyrics(caller):
    song = write(caller, prompt="写一首关于故乡的民谣")
    assert song["song_title"] == "故乡"
    assert "故乡" in song["lyrics"]


def test_edit_rewrites_the_named_section_only(caller):
    lyrics = write(caller, prompt="pop about summer")["lyrics"]
    edited = write(caller, mode="edit", lyrics=lyrics, prompt="Rewrite the second verse about winter")["lyrics"]
    before, after = sections(lyrics), sections(edited)
    verses = [number for number, (tag, _) in enumerate(before) if tag == "Verse"]
    assert [number for number, part in enumerate(before) if part != after[number]] == [verses[1]]


@pytest.mark.parametrize(
    ("order", "check"),
    [
        ("Remove the bridge", lambda text: "[Bridge]" not in text),
        ("Add a bridge before the end", lambda text: text.count("[Bridge]") == 2),
        ("Make it shorter", lambda text: text.count("[Chorus]") == 1),
        ('Replace "summer" with "winter"', lambda text: "winter" in text and "summer" not in text),
    ],
)
def test_edit_follows_simple_orders(caller, order, check):
    lyrics = write(caller, prompt="pop about summer")["lyrics"]
    assert check(write(caller, mode="edit", lyrics=lyrics, prompt=order)["lyrics"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "sing"}, "mode"),
        ({"mode": "edit", "prompt": "shorter"}, "lyrics"),
        ({"mode": "write_full_song", "prompt": "a" * 2001}, "prompt"),
        ({"mode": "edit", "lyrics": "a" * 3501}, "lyrics"),
    ],
)
def test_wrong_orders_for_lyrics_are_named(caller, body, field):
    answer = caller.post(LYRICS, body)
    assert answer.code == 2013
    assert field in answer.message


def test_written_lyrics_can_be_sung_as_they_are(caller):
    song = write(caller, prompt="lullaby about stars")
    assert heard(ask(caller, prompt=song["style_tags"], lyrics=song["lyrics"])).seconds > 60


def test_optimiser_writes_the_lyrics_itself(caller):
    song = ask(caller, prompt="folk about a river, 140 bpm", lyrics="", lyrics_optimizer=True)
    assert heard(song).seconds > 60

import httpx
import pytest

from apps.minimax.errors import BrokenAnswerError, ContentRejectedError, OutcomeUnknownError
from apps.minimax.music import MusicRequest, generate_music, write_lyrics

OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
INFO = {"music_duration": 61000, "music_sample_rate": 44100, "music_channel": 2, "bitrate": 256000, "music_size": 4}
LINK = "https://files.example/song.mp3"
REQUEST = MusicRequest("music-2.6", prompt="folk, calm", lyrics="[Verse]\nLow tide")


def answer(data, **told):
    return {"data": data, "trace_id": "0a", "extra_info": INFO, "analysis_info": None, **OK, **told}


def test_only_what_was_said_is_sent(client, minimax):
    minimax.answers(answer({"audio": "49443304", "status": 2}))
    generate_music(client, MusicRequest("music-1.5", prompt="folk song, calm", lyrics="[verse]\nLow tide"))
    assert minimax.requests[0].url.path == "/v1/music_generation"
    assert minimax.body == {
        "model": "music-1.5",
        "prompt": "folk song, calm",
        "lyrics": "[verse]\nLow tide",
        "output_format": "hex",
    }


def test_audio_settings_and_switches_are_sent_where_they_are_set():
    request = MusicRequest("music-2.6", prompt="folk", is_instrumental=True, sample_rate=32000, format="wav")
    assert request.body() == {
        "model": "music-2.6",
        "prompt": "folk",
        "is_instrumental": True,
        "audio_setting": {"sample_rate": 32000, "format": "wav"},
    }


def test_hex_becomes_bytes_with_what_minimax_reported(client, minimax):
    minimax.answers(answer({"audio": "49443304", "status": 2}))
    song = generate_music(client, REQUEST)
    assert (song.audio, song.url, song.trace_id) == (b"ID3\x04", "", "0a")
    assert (song.duration_ms, song.sample_rate, song.channel, song.bitrate) == (61000, 44100, 2, 256000)


@pytest.mark.parametrize("data", [{"audio": LINK}, {"audio_url": LINK}, {"audio": LINK, "audio_url": LINK}])
def test_a_link_is_found_under_either_name(client, minimax, data):
    minimax.answers(answer({**data, "status": 2}))
    song = generate_music(client, REQUEST, output_format="url")
    assert minimax.body["output_format"] == "url"
    assert (song.audio, song.url) == (b"", LINK)


@pytest.mark.parametrize(
    ("asked", "data", "found"), [("hex", {"audio": LINK}, LINK), ("url", {"audio": "49443304"}, "")]
)
def test_what_came_counts_and_not_what_was_asked_for(client, minimax, asked, data, found):
    minimax.answers(answer(data))
    song = generate_music(client, REQUEST, output_format=asked)
    assert song.url == found
    assert bool(song.audio) != bool(found)


@pytest.mark.parametrize(
    ("told", "charged"),
    [
        (answer(None), "unknown"),
        (answer({}), "unknown"),
        (answer({"audio": ""}), "unknown"),
        (answer({"audio": 7}), "unknown"),
        (answer({"audio": "49443304", "status": 1}), "unknown"),
        (answer({"audio": "494"}), "yes"),
        (answer({"audio": "no hex"}), "yes"),
        (answer({"audio": "4944"}), "yes"),  # shorter than announced
    ],
)
def test_no_half_song_is_called_whole(client, minimax, told, charged):
    minimax.answers(told)
    with pytest.raises(BrokenAnswerError) as caught:
        generate_music(client, REQUEST)
    assert (caught.value.charged, caught.value.retryable, caught.value.trace_id) == (charged, False, "0a")


def test_odd_figures_do_not_lose_the_song(client, minimax):
    info = {"music_duration": "?", "music_size": None, "bitrate": 1e400, "music_channel": -1}
    minimax.answers(answer({"audio": "49443304"}, extra_info=info))
    song = generate_music(client, REQUEST)
    assert (song.duration_ms, song.size, song.bitrate, song.channel) == (0, 0, 0, 0)


def test_a_refused_text_costs_nothing_and_silence_may(client, minimax):
    minimax.answers({"base_resp": {"status_code": 1026, "status_msg": "no"}}, httpx.ReadTimeout("silence"))
    with pytest.raises(ContentRejectedError) as refused:
        generate_music(client, REQUEST)
    with pytest.raises(OutcomeUnknownError) as silent:
        generate_music(client, REQUEST)
    assert (refused.value.charged, silent.value.charged) == ("no", "unknown")


def test_words_are_written(client, minimax):
    minimax.answers({"song_title": "Low Tide", "style_tags": "folk, calm", "lyrics": "[Verse]\nSand\n", **OK})
    written = write_lyrics(client, mode="write_full_song", prompt="the sea", lyrics="[Verse]\nold")
    assert minimax.requests[0].url.path == "/v1/lyrics_generation"
    assert minimax.body == {"mode": "write_full_song", "prompt": "the sea"}
    assert (written.song_title, written.style_tags, written.lyrics) == ("Low Tide", "folk, calm", "[Verse]\nSand")
    assert written.trace_id == "t-1"


def test_words_that_are_to_be_changed_go_along(client, minimax):
    minimax.answers({"lyrics": "[Verse]\nnew", **OK})
    written = write_lyrics(client, mode="edit", prompt="shorter", lyrics="[Verse]\nold", title="Low Tide")
    assert minimax.body == {"mode": "edit", "prompt": "shorter", "lyrics": "[Verse]\nold", "title": "Low Tide"}
    assert (written.song_title, written.style_tags) == ("Low Tide", "")


@pytest.mark.parametrize("told", [{}, {"lyrics": None}, {"lyrics": "  "}, {"lyrics": ["a"]}])
def test_success_without_words_may_have_been_charged(client, minimax, told):
    minimax.answers({**told, **OK})
    with pytest.raises(BrokenAnswerError) as caught:
        write_lyrics(client, mode="write_full_song")
    assert caught.value.charged == "unknown"

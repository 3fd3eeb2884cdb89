"""The wire of music against the sandbox, over a real socket."""

import pytest

from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import InvalidRequestError
from apps.minimax.music import MusicRequest, generate_music, write_lyrics

LYRICS = "[Verse]\nLow tide, slow tide"


@pytest.fixture
def minimax(sandbox):
    with MiniMaxClient(Endpoint(sandbox.url, sandbox.key)) as client:
        yield client


def test_a_song_comes_as_bytes_with_its_figures(minimax):
    song = generate_music(minimax, MusicRequest("music-2.6", prompt="calm", lyrics=LYRICS, sample_rate=16000))
    assert song.audio.startswith((b"ID3", b"\xff"))
    assert (song.size, song.sample_rate, song.url) == (len(song.audio), 16000, "")
    assert song.duration_ms > 3000
    assert song.trace_id


def test_an_older_model_gives_its_song_as_a_link(minimax):
    request = MusicRequest("music-1.5", prompt="calm folk song", lyrics=LYRICS, sample_rate=16000, format="wav")
    song = generate_music(minimax, request, output_format="url")
    assert song.audio == b""
    assert minimax.download(song.url)[:4] == b"RIFF"


def test_a_song_without_words_of_any_kind_is_refused_and_costs_nothing(minimax):
    with pytest.raises(InvalidRequestError) as caught:
        generate_music(minimax, MusicRequest("music-2.6", prompt="calm"))
    assert caught.value.charged == "no"


def test_lyrics_are_written_and_changed(minimax):
    written = write_lyrics(minimax, mode="write_full_song", prompt="a harbour", title="Kelp")
    assert (written.song_title, "[" in written.lyrics, bool(written.style_tags)) == ("Kelp", True, True)
    changed = write_lyrics(minimax, mode="edit", prompt="add a bridge", lyrics=written.lyrics)
    assert changed.lyrics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.minimax import catalogue
from apps.music.forms import LyricsForm, MusicForm
from apps.music.generation import wire_request
from apps.music.lyrics import MODELS
from tests.music.conftest import LYRICS, SETTINGS

music = catalogue.music


def test_style_and_lyrics_are_enough():
    form = MusicForm({"lyrics": LYRICS, "model": "music-2.6"})
    assert form.is_valid(), form.errors
    data = form.cleaned_data
    assert (data["format"], data["sample_rate"], data["bitrate"]) == ("mp3", 44100, 256000)
    assert (data["is_instrumental"], data["lyrics_optimizer"]) == (False, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lyrics": ""}, "lyrics"),
        ({"lyrics": "x" * 3501}, "lyrics"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"words": "instrumental", "prompt": ""}, "prompt"),
        ({"words": "optimizer", "prompt": " "}, "prompt"),
        ({"words": "instrumental", "model": "music-2.5"}, "words"),
        ({"words": "optimizer", "model": "music-2.0"}, "words"),
        ({"words": "whistled"}, "words"),
        ({"model": "music-1.5", "prompt": "folk"}, "prompt"),
        ({"model": "music-1.5", "prompt": "x" * 301}, "prompt"),
        ({"model": "music-1.5", "lyrics": "short"}, "lyrics"),
        ({"model": "music-1.5", "lyrics": "x" * 601}, "lyrics"),
        ({"model": "music-cover"}, "model"),
        ({"sample_rate": 48000}, "sample_rate"),
        ({"bitrate": 1}, "bitrate"),
        ({"format": "flac"}, "format"),
        ({"remade_from": "nothing"}, "remade_from"),
    ],
)
def test_what_minimax_would_refuse_is_refused_at_its_field(changes, field):
    assert list(MusicForm(SETTINGS | changes).errors) == [field]


def test_a_hint_about_lyrics_stops_nobody():
    assert MusicForm(SETTINGS | {"lyrics": "[Refrain]\nla [la"}).is_valid()


def test_lyrics_stay_out_of_a_song_without_words_of_ones_own():
    for words in ("instrumental", "optimizer"):
        form = MusicForm(SETTINGS | {"words": words})
        assert form.is_valid(), form.errors
        assert form.cleaned_data["lyrics"] == ""


def test_a_bit_rate_is_for_mp3_alone():
    form = MusicForm(SETTINGS | {"format": "wav"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["bitrate"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "edit", "lyrics": ""}, "mode"),
        ({"mode": "edit", "lyrics": "x" * 3501}, "mode"),
        ({"mode": "edit", "lyrics": "la", "prompt": ""}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"mode": "sing"}, "mode"),
    ],
)
def test_the_writer_is_asked_only_what_it_can_answer(changes, field):
    given = {"mode": "write_full_song", "prompt": "the sea"} | changes
    assert list(LyricsForm(given).errors) == [field]


def test_a_whole_song_takes_no_lyrics_along():
    form = LyricsForm({"mode": "write_full_song", "lyrics": "x" * 9000})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["lyrics"] == ""


states = st.fixed_dictionaries(
    {"model": st.sampled_from([model.id for model in music.models]), "lyrics": st.text("[Verse]\nla ", max_size=80)},
    optional={
        "words": st.sampled_from(["own", "optimizer", "instrumental", ""]),
        "prompt": st.text("folk, ", max_size=40) | st.just("x" * 301) | st.just("x" * 2001),
        "format": st.sampled_from(["mp3", "wav", "pcm", ""]),
        "sample_rate": st.sampled_from([*music.sample_rates, 48000, ""]),
        "bitrate": st.sampled_from([*music.bitrates, 1, ""]),
    },
)


@given(state=states)
def test_no_form_that_is_valid_makes_a_request_that_is_forbidden(state):
    form = MusicForm(state)
    if not form.is_valid():
        return
    sent = wire_request(form.cleaned_data).body()
    model = MODELS[sent["model"]]
    instrumental, optimizer = sent.get("is_instrumental"), sent.get("lyrics_optimizer")
    assert not (instrumental and optimizer)
    assert not instrumental or model.instrumental
    assert not optimizer or model.lyrics_optimizer
    texts = music.texts["instrumental" if instrumental else model.texts]
    prompt, lyrics = sent.get("prompt", ""), sent.get("lyrics", "")
    assert texts.prompt[0] <= len(prompt) <= texts.prompt[1]
    if instrumental or optimizer:
        assert prompt
        assert not lyrics
    else:
        assert texts.lyrics[0] <= len(lyrics) <= texts.lyrics[1]
    audio = sent["audio_setting"]
    assert audio["sample_rate"] in music.sample_rates
    assert audio.get("bitrate", music.bitrates[0]) in music.bitrates
    assert ("bitrate" in audio) == (audio["format"] == "mp3")

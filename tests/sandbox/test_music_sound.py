"""The engine of songs by itself: what is sung, in which key, how fast and how loud."""

from __future__ import annotations

from itertools import pairwise

import av
import av.filter
import numpy as np
import pytest
from numpy.typing import NDArray

from apps.sandbox.composing import song
from apps.sandbox.composing.band import Band, Tape
from apps.sandbox.composing.mix import LOUDNESS
from apps.sandbox.composing.score import Score
from apps.sandbox.composing.singing import sing
from apps.sandbox.composing.synth import RATE

WORDS = """[Verse]
Walking through the silver rain
Every window calls your name

[Chorus]
Carry me home tonight
Under the city light

[Verse]
Morning comes on quiet feet
Empty coffee, crowded street

[Chorus]
Carry me home tonight
Under the city light
"""
KEYS = {  # how much each note belongs to a key, after Krumhansl and Kessler
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def made(prompt: str, lyrics: str = "") -> tuple[Score, NDArray[np.float32]]:
    score, spoken = song.write_score(prompt, lyrics)
    return score, song.perform(score, spoken)


def voice_of(prompt: str, lyrics: str = WORDS) -> tuple[Score, NDArray[np.float64]]:
    score, spoken = song.write_score(prompt, lyrics)
    tape = Tape(score.seconds + 2)
    band = Band(score, tape, song.dice("test"))
    return score, sing(score, spoken, tape.size, band.seconds_at).mean(axis=0).astype(np.float64)


def pitch_near(samples: NDArray[np.float64], hertz: float) -> float:
    """The strongest tone within four semitones of the place, over its first five harmonics."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 17))
    candidates = hertz * 2 ** (np.arange(-400, 401, 4) / 1200)
    places = np.arange(1, 6)[:, None] * candidates[None, :] * (1 << 17) / RATE
    strength = np.log(spectrum[places.astype(int)] + 1e-6).sum(axis=0)
    return float(candidates[int(strength.argmax())])


@pytest.mark.parametrize("prompt", ["pop ballad, female vocal, 90 bpm", "folk, male vocal, 96 bpm"])
def test_verses_are_sung_on_the_notes_of_the_melody(prompt):
    score, voice = voice_of(prompt)
    errors = []
    for phrase in score.phrases:
        if score.parts[phrase.section].kind != "verse":  # in the chorus a second voice sings with the first
            continue
        for note, following in zip(phrase.notes, [*phrase.notes[1:], None], strict=True):
            end = min(note.end, following.start) if following else note.end
            begin_s, end_s = note.start * score.beat_s, end * score.beat_s
            if end_s - begin_s < 0.28:
                continue
            part = voice[int((begin_s + 0.08) * RATE) : int((begin_s + (end_s - begin_s) * 0.8) * RATE)]
            wanted = 440 * 2 ** ((note.pitch - 69) / 12)
            errors.append(abs(1200 * np.log2(pitch_near(part, wanted) / wanted)))
    assert len(errors) > 12
    assert np.median(errors) < 12
    assert np.mean(np.array(errors) < 35) > 0.9


def test_chorus_returns_the_same_and_the_verse_keeps_its_tune():
    score, _ = song.write_score("pop, 100 bpm", WORDS)

    def tunes(kind: str) -> list[list[tuple[float, float]]]:
        found = []
        for number, part in enumerate(score.parts):
            if part.kind == kind and part.sung:
                first = part.bar * score.style.beats
                found.append(
                    [(n.start - first, n.pitch) for p in score.phrases if p.section == number for n in p.notes]
                )
        return found

    verses, choruses = tunes("verse"), tunes("chorus")
    assert choruses[0] == choruses[1]
    shared = {note for note in verses[0] if note in verses[1]}
    assert len(shared) > 0.6 * len(verses[0])
    assert np.mean([pitch for _, pitch in choruses[0]]) > np.mean([pitch for _, pitch in verses[0]])


def test_every_syllable_has_its_note():
    score, spoken = song.write_score("pop", WORDS)
    first = score.phrases[0]
    assert first.text == "Walking through the silver rain"
    assert len(first.notes) == len(spoken[first.text].syllables) == 7


def test_sections_follow_the_tags():
    tagged = (
        "[Intro]\n[Verse 1]\nOne line here\n[Pre-Chorus]\nTwo there\n[Chorus]\nThree\n[Solo]\n[bridge]\nFour\n[Outro]"
    )
    score, _ = song.write_score("rock", tagged)
    assert [part.kind for part in score.parts] == ["intro", "verse", "pre", "chorus", "solo", "bridge", "outro"]
    assert [part.sung for part in score.parts] == [False, True, True, True, False, True, False]


def test_lyrics_without_tags_become_verse_and_chorus():
    score, _ = song.write_score(
        "pop", "one line\nand another\n\nla la la\nsing it\n\nmore of it\nto the end\n\nla la la\nsing it"
    )
    assert [part.kind for part in score.parts if part.sung] == ["verse", "chorus", "verse", "chorus"]


@pytest.mark.parametrize("prompt", ["pop", "rock", "ambient", "edm", "waltz"])
def test_songs_are_loud_enough_and_never_clipped(prompt):
    score, samples = made(f"{prompt}, 20 seconds")
    assert abs(measured_loudness(samples) - LOUDNESS) < 1.5
    assert np.abs(samples).max() < 0.9
    seconds = samples.shape[1] / RATE
    assert 20 <= seconds < 60
    assert seconds == pytest.approx(score.seconds, abs=3)
    assert np.corrcoef(samples)[0, 1] < 0.995  # stereo


def measured_loudness(samples: NDArray[np.float32]) -> float:
    """By FFmpeg's own meter."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo", time_base="1/44100")
    meter = graph.add("ebur128", "metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    last = 0.0
    for begin in range(0, samples.shape[1], RATE):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, begin : begin + RATE]), "fltp", "stereo")
        frame.sample_rate, frame.pts = RATE, begin
        graph.push(frame)
        while True:
            try:
                told = graph.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            last = float(told.get("lavfi.r128.I", last))
    return last


@pytest.mark.parametrize(
    ("prompt", "bpm"),
    [("house music, 124 bpm, 30 seconds", 124), ("rock, 140 bpm, 30 seconds", 140), ("lofi at 76 bpm, 30 seconds", 76)],
)
def test_tempo_is_the_one_asked_for(prompt, bpm):
    score, samples = made(prompt)
    assert score.style.bpm == bpm
    step = 441
    power = samples.mean(axis=0)[: samples.shape[1] // step * step].reshape(-1, step)
    onsets = np.maximum(0, np.diff(np.log(np.sqrt((power**2).mean(axis=1)) + 1e-3)))
    echo = np.correlate(onsets - onsets.mean(), onsets - onsets.mean(), "full")[len(onsets) - 1 :]
    beat = 60 / bpm * 100  # steps
    around = np.arange(int(beat * 4 * 0.94), int(beat * 4 * 1.06))  # a bar, within six percent
    best = around[int(echo[around].argmax())]
    assert best / 4 == pytest.approx(beat, rel=0.012)
    assert echo[best] > 2 * np.abs(echo[around]).mean()


@pytest.mark.parametrize(
    ("prompt", "key", "mode"),
    [
        ("happy pop in C major", 0, "major"),
        ("sad ballad in A minor", 9, "minor"),
        ("rock in E minor", 4, "minor"),
        ("folk in G major", 7, "major"),
    ],
)
def test_key_is_heard(prompt, key, mode):
    _, samples = made(f"{prompt}, 30 seconds")
    mono = samples.mean(axis=0)
    power = np.zeros(12)
    for begin in range(0, len(mono) - 16384, 16384):
        spectrum = np.abs(np.fft.rfft(mono[begin : begin + 16384] * np.hanning(16384)))
        for pitch in range(40, 84):
            place = 440 * 2 ** ((pitch - 69) / 12) * 16384 / RATE
            power[pitch % 12] += spectrum[round(place)]
    fits = {
        (root, name): np.corrcoef(np.roll(power, -root), profile)[0, 1]
        for root in range(12)
        for name, profile in KEYS.items()
    }
    assert fits[key, mode] > fits[key, "minor" if mode == "major" else "major"]
    relative = ((key + 9) % 12, "minor") if mode == "major" else ((key + 3) % 12, "major")
    assert sorted(fits, key=lambda name: -fits[name]).index((key, mode)) < 4 or fits[key, mode] > fits[relative] - 0.1


def test_mood_words_choose_the_mode():
    assert song.write_score("a sad and lonely song", "")[0].style.mode == "minor"
    assert song.write_score("a happy summer song", "")[0].style.mode == "major"
    sad, happy = (song.write_score(f"{mood} pop", "")[0].style.bpm for mood in ("sad slow", "happy upbeat"))
    assert sad < happy


@pytest.mark.parametrize(
    ("prompt", "genre", "beats"),
    [
        ("heavy metal with growls", "metal", 4),
        ("Lo-fi study beats", "lofi", 4),
        ("a Viennese waltz", "waltz", 3),
        ("smooth jazz, saxophone", "jazz", 4),
        ("爵士，温柔的女声", "jazz", 4),
        ("rain on the window", "pop", 4),
    ],
)
def test_style_follows_the_words(prompt, genre, beats):
    style = song.write_score(prompt, "")[0].style
    assert (style.genre, style.beats) == (genre, beats)


def test_instruments_and_singer_follow_the_words():
    style = song.write_score("acoustic guitar and violin, male vocals, no drums", "")[0].style
    assert (style.chords[0], style.lead, style.voice, style.drums) == ("guitar", "violin", "male", "none")
    assert song.write_score("female singer, male choir", "")[0].style.voice == "female"


def test_instrumental_has_no_singer():
    score, spoken = song.write_score("calm piano", "")
    assert (score.phrases, spoken) == ([], {})
    assert len(score.lead) > 20


def test_styles_sound_different():
    shapes = []
    for prompt in ("metal", "ambient", "folk"):
        _, samples = made(f"{prompt}, 20 seconds")
        power = np.abs(np.fft.rfft(samples.mean(axis=0)[: RATE * 20])) ** 2
        hertz = np.fft.rfftfreq(RATE * 20, 1 / RATE)
        edges = (30, 80, 160, 320, 640, 1280, 2560, 5120, 10240)
        bands = [power[(hertz >= low) & (hertz < high)].sum() for low, high in pairwise(edges)]
        shapes.append(np.log10(np.array(bands)))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(shapes[one] - shapes[other]).mean() > 0.12


def test_equal_requests_give_equal_sound_and_seeds_differ():
    (_, one), (_, same) = made("pop, 20 seconds", WORDS), made("pop, 20 seconds", WORDS)
    assert np.array_equal(one, same)
    score, spoken = song.write_score("pop, 20 seconds", WORDS, 3)
    other = song.perform(score, spoken, 3)
    assert one.shape != other.shape or not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("lyrics", "syllables"),
    [
        ("[Verse]\n月亮代表我的心", 7),
        ("[Verse]\nÜber den Wolken", 5),
        ("[Verse]\nさくらさくら", 6),
        ("[Verse]\nсолнце встаёт", 4),
    ],
)
def test_other_languages_are_sung(lyrics, syllables):
    score, _ = song.write_score("pop", lyrics)
    assert abs(len(score.phrases[0].notes) - syllables) <= 1


def test_backing_vocals_and_hints_in_parentheses():
    score, _ = song.write_score("pop", "[Verse]\nHello my love\n(ooh ooh)\n(guitar solo)\nGoodbye")
    assert [(phrase.text, phrase.backing) for phrase in score.phrases] == [
        ("Hello my love", False),
        ("ooh ooh", True),
        ("Goodbye", False),
    ]


def test_the_longest_lyrics_fit_into_five_minutes():
    verse = "[Verse]\n" + "The night is long and the road is wide and I am here\n" * 6
    score, _ = song.write_score("ballad", (verse * 20)[:3500])
    assert 200 < score.seconds < 297
    assert score.fade

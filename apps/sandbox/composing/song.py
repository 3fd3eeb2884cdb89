"""A song from a request: words, style, score, band, singer, record."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from apps.sandbox.composing.band import Band, Tape
from apps.sandbox.composing.diction import Spoken, speak_lines
from apps.sandbox.composing.mix import Stereo, master
from apps.sandbox.composing.record import write_song
from apps.sandbox.composing.score import Composer, Score
from apps.sandbox.composing.singing import sing
from apps.sandbox.composing.style import read_style
from apps.sandbox.composing.words import Line, Section, read_lyrics

TAIL_S = 2.5
FILENAME = "song"
PLAYED_FORM = ("intro", "verse", "chorus", "verse", "chorus", "solo", "chorus", "outro")
SHORT_FORM, SHORT_S = ("intro", "verse", "chorus", "outro"), 45  # for who asks for less than these seconds


def dice(*about: object) -> np.random.Generator:
    """Equal requests throw equal dice."""
    digest = hashlib.sha256(repr(about).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest[:16], np.uint32))


def write_score(prompt: str, lyrics: str, seed: int = 0) -> tuple[Score, dict[str, Spoken]]:
    """Without lyrics the song is instrumental."""
    rng = dice(prompt, lyrics, seed)
    style = read_style(prompt, rng)
    sections = read_lyrics(lyrics) if lyrics else []
    if not sections:
        form = SHORT_FORM if 0 < style.seconds < SHORT_S else PLAYED_FORM
        sections = [Section(kind) for kind in form]
    spoken = speak_lines([line.text for line in _lines(sections)], style.voice)
    syllables = {text: len(words.syllables) for text, words in spoken.items()}
    return Composer(style, syllables, rng).write(sections, style.seconds), spoken


def _lines(sections: list[Section]) -> list[Line]:
    return [line for section in sections for line in section.lines]


def perform(score: Score, spoken: dict[str, Spoken], seed: int = 0) -> Stereo:
    tape = Tape(score.seconds + TAIL_S)
    band = Band(score, tape, dice(score.style, score.bars, seed))
    band.play()
    voice = sing(score, spoken, tape.size, band.seconds_at) if score.phrases else None
    return master(tape, score.style, voice, fade=score.fade)


def make_song(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The sandbox's maker of songs. Leaves the file `song` in the folder."""
    seed = request["seed"]
    score, spoken = write_score(request["prompt"], request["lyrics"], seed)
    return write_song(
        perform(score, spoken, seed),
        folder / FILENAME,
        audio_format=request["format"],
        sample_rate=request["sample_rate"],
        bitrate=request["bitrate"],
        channel=request["channel"],
        watermark=request["aigc_watermark"],
    )

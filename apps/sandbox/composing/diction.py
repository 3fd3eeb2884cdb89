"""How the lyrics are pronounced: each line spoken once by espeak-ng on one tone, with the place of every sound.

All lines of a song are spoken by one fork of the process: the library keeps state and may crash.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import re
import signal
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from apps.sandbox.engine import languages
from apps.sandbox.engine.espeak import _Callback, _Event

RATE = 22050
SOURCE_HERTZ = {"female": 165.0, "male": 110.0}  # low tones show the shape of the mouth best
_VARIANTS = {
    "female": "pitch 170 175\nflutter 0\nroughness 0\nformant 0 100 100 100\n"
    + "".join(f"formant {number} 113 100 95\n" for number in range(1, 9)),
    "male": "pitch 112 115\nflutter 0\nroughness 0\n"
    + "".join(f"formant {number} 98 100 95\n" for number in range(1, 9)),
}
_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA = 2, 3
_WORD, _PHONEME = 1, 7
_WORDS_PER_MINUTE = 150
_LONGEST_WORK_S = 60
_VOWELS = frozenset("aeiouyæɑɐɒʌəɚɛɜɝɪɨʉʊɯɵøœɔɤɶäöü")
_SYLLABIC = "\u0329"


@dataclass(frozen=True)
class Sound:
    name: str  # IPA
    start_s: float
    end_s: float
    opens_word: bool

    @property
    def is_vowel(self) -> bool:
        return not _VOWELS.isdisjoint(self.name) or _SYLLABIC in self.name


@dataclass(frozen=True)
class Syllable:
    """Places in the spoken line, in seconds."""

    onset_s: float
    vowel_s: float
    coda_s: float
    end_s: float
    stressed: bool


@dataclass(frozen=True)
class Spoken:
    samples: NDArray[np.float64]  # 22,050 Hz
    hertz: float
    syllables: tuple[Syllable, ...]


def language_of(text: str) -> str:
    """espeak-ng's name of the language that most of the text is in."""
    counts: dict[str, int] = {}
    for char in text:
        script = languages.script_of(char)
        if script:
            counts[script] = counts.get(script, 0) + (1 if script == "latin" else 3)
    if not counts:
        return "en-us"
    if "kana" in counts:
        return "ja"
    return languages.reader_of(max(counts, key=lambda name: counts[name]), text, "en-us", guess=True)


def _plain(text: str) -> str:
    """Without marks that would make a pause."""
    return " ".join(re.sub(r"[^\w\s'’]|_", " ", text).split())


def speak_lines(lines: list[str], voice: str) -> dict[str, Spoken]:
    """Every line that has a syllable. Raises RuntimeError when the library crashed."""
    wanted = list(dict.fromkeys(lines))
    if not wanted:
        return {}
    language = language_of(" ".join(wanted))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _speak_in_child(writer, [_plain(line) for line in wanted], language, voice)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
    finally:
        _, status = os.waitpid(child, 0)
    if status != 0 or not answer:
        raise RuntimeError(f"espeak-ng failed ({status}) with language {language}")
    spoken: dict[str, Spoken] = {}
    # Our own child's bytes.
    for line, (samples, events) in zip(wanted, pickle.loads(answer), strict=True):  # noqa: S301
        syllables = _syllables(_sounds(events, len(samples) // 2 / RATE))
        if syllables:
            waves = np.frombuffer(samples, np.int16).astype(np.float64) / 32768
            spoken[line] = Spoken(waves, SOURCE_HERTZ[voice], syllables)
    return spoken


def _speak_in_child(writer: int, lines: list[str], language: str, voice: str) -> None:
    status = 1
    try:
        signal.alarm(_LONGEST_WORK_S)
        answer = pickle.dumps(_speak_all(lines, language, voice))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(answer)
        status = 0
    finally:
        os._exit(status)


def _speak_all(lines: list[str], language: str, voice: str) -> list[tuple[bytes, list[tuple[int, float, str]]]]:
    with tempfile.TemporaryDirectory(prefix="song-") as folder:  # espeak-ng does not take a long path
        data = Path(folder) / "espeak"
        (data / "voices" / "!v").mkdir(parents=True)
        for source in Path(espeakng_loader.get_data_path()).resolve().iterdir():
            if source.name != "voices":
                (data / source.name).symlink_to(source)
        (data / "voices" / "!v" / "singer").write_text(f"language variant\nname singer\n{_VARIANTS[voice]}")
        return _with_library(lines, language, voice, data)


def _with_library(
    lines: list[str], language: str, voice: str, data: Path
) -> list[tuple[bytes, list[tuple[int, float, str]]]]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Synth.argtypes = [
        *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
        *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
    ]
    if library.espeak_Initialize(_SYNCHRONOUS, 60, os.fsencode(data), _PHONEME_EVENTS_IN_IPA) != RATE:
        raise RuntimeError("espeak-ng did not start")
    parts: list[bytes] = []
    events: list[tuple[int, float, str]] = []

    def collect(samples: ctypes._Pointer[ctypes.c_short], count: int, heard: ctypes._Pointer[_Event]) -> int:
        if count > 0:
            parts.append(ctypes.string_at(samples, count * 2))
        index = 0
        while heard[index].type:
            event = heard[index]
            if event.type in (_WORD, _PHONEME):
                name = event.id.string.decode("utf-8", "ignore") if event.type == _PHONEME else ""
                events.append((event.type, event.sample / RATE, name))
            index += 1
        return 0

    callback = _Callback(collect)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(f"{language}+singer".encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice for {language}")
    library.espeak_ng_SetRandSeed(ctypes.c_long(7))
    library.espeak_ng_SetConstF0(int(SOURCE_HERTZ[voice]))
    library.espeak_SetParameter(1, _WORDS_PER_MINUTE, 0)
    spoken = []
    for line in lines:
        parts.clear()
        events.clear()
        encoded = line.encode() + b"\0"
        library.espeak_Synth(encoded, len(encoded), 0, 1, 0, 1 | 0x100, None, None)
        spoken.append((b"".join(parts), list(events)))
    return spoken


def _sounds(events: list[tuple[int, float, str]], end_s: float) -> list[Sound]:
    sounds: list[Sound] = []
    opens = True
    for place, (kind, start, name) in enumerate(events):
        if kind == _WORD:
            opens = True
        if kind != _PHONEME or not name.strip():
            continue
        end = next((later for sort, later, _ in events[place + 1 :] if sort == _PHONEME), end_s)
        sounds.append(Sound(name, start, max(end, start), opens))
        opens = False
    return [sound for sound in sounds if sound.end_s > sound.start_s or sound.is_vowel]


def _syllables(sounds: list[Sound]) -> tuple[Syllable, ...]:
    """A vowel each. Between two vowels a new word begins the second syllable, or else the last consonant does."""
    nuclei = [place for place, sound in enumerate(sounds) if sound.is_vowel and sound.end_s - sound.start_s > 0.012]
    if not nuclei:
        return ()
    first = [0]
    for before, after in pairwise(nuclei):
        between = range(before + 1, after + 1)
        word = [place for place in between if sounds[place].opens_word]
        first.append(word[-1] if word else max(before + 1, after - 1))
    ends = [*first[1:], len(sounds)]
    syllables = []
    for begin, nucleus, end in zip(first, nuclei, ends, strict=True):
        coda_s = sounds[nucleus].end_s
        end_s = sounds[end - 1].end_s
        marks = "".join(sound.name for sound in sounds[begin:end])
        syllables.append(
            Syllable(sounds[begin].start_s, sounds[nucleus].start_s, coda_s, max(end_s, coda_s), "ˈ" in marks)
        )
    return tuple(syllables)

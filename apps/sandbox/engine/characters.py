"""Who speaks: the numbers behind a voice. They come from its id and name alone, so a voice stays what it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

MEDIAN_OF_SPAN = 0.41  # how far the melody lifts the middle pitch above its base, measured with espeak-ng 1.52
SPAN = 0.493  # espeak-ng's usual melody, as a part of the base
# Hz: the edges of the bands in which a copied voice is given the colour of its model.
BANDS = (90, 190, 300, 440, 620, 850, 1150, 1550, 2100, 2800, 3700, 5000, 6800, 9500)


@dataclass(frozen=True)
class Character:
    f0: float  # middle pitch, Hz
    span: float = 1.0  # liveliness of the melody; 0 is a monotone
    tract: float = 100.0  # formants in percent of espeak-ng's grown man: smaller throats have higher ones
    pace: float = 172.0  # words a minute at speed 1
    breath: float = 0.0  # noise in the voice, 0 to 30
    roughness: float = 0.0  # 0 to 7
    flutter: float = 2.0  # unsteadiness
    voicing: float = 100.0  # percent; 0 whispers
    narrow: float = 100.0  # width of the formants in percent: narrow ones sound nasal and metallic
    consonants: float = 100.0
    low_db: float = 0.0  # fullness around 200 Hz
    mid_db: float = 0.0  # presence around 1.5 kHz
    high_db: float = 0.0  # brightness above 4 kHz
    gain_db: float = 0.0
    lilt: float = 0.0  # colour of the middle formants, -10 to 10 percent
    formants: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)  # factors of the first four, beside `tract`
    bands: tuple[float, ...] = (0.0,) * (len(BANDS) - 1)  # dB in each of BANDS
    dynamics: float = 1.0  # how far loud and soft syllables are drawn apart
    exactness: float = 0.0  # 1: what is said is measured, and said again until its middle pitch is f0

    def variant(self) -> str:
        """The body of the espeak-ng voice file."""
        base = self.f0 / (1 + MEDIAN_OF_SPAN * self.span)
        top = base * (1 + SPAN * self.span)
        lines = [
            f"pitch {9 + base:.0f} {9 + top:.0f}",
            f"flutter {self.flutter:.0f}",
            f"roughness {min(7, max(0, self.roughness)):.0f}",
            f"voicing {self.voicing:.0f}",
            f"consonants {self.consonants:.0f} {self.consonants:.0f}",
        ]
        for number, colour in enumerate((0.0, -0.5, 1.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0)):
            percent = self.tract * (1 + colour * self.lilt / 100) if number else 100
            if 1 <= number <= 4:
                percent *= self.formants[number - 1]
            lines.append(f"formant {number} {percent:.0f} 100 {self.narrow:.0f}")
        if self.breath >= 0.5:
            level = self.breath
            lines.append(
                "breath " + " ".join(f"{level * part:.0f}" for part in (0.2, 1.0, 1.0, 0.8, 0.5, 0.3, 0.2, 0.2))
            )
            lines.append("breathw 150 150 200 200 400 400 600 600")
        return "\n".join(lines) + "\n"


class Change(NamedTuple):
    """What a mood does to a voice."""

    pace: float = 1.0
    semitones: float = 0.0
    span: float = 1.0
    gain_db: float = 0.0
    breath: float = 0.0
    roughness: float = 0.0
    flutter: float = 0.0
    high_db: float = 0.0
    low_db: float = 0.0


EMOTIONS = {
    "happy": Change(pace=1.07, semitones=1.5, span=1.45, gain_db=1.0, high_db=1.5),
    "sad": Change(pace=0.84, semitones=-1.6, span=0.5, gain_db=-3.5, breath=3, high_db=-2.5),
    "angry": Change(pace=1.1, semitones=0.8, span=1.3, gain_db=3.0, roughness=3, high_db=3.0),
    "fearful": Change(pace=1.15, semitones=2.6, span=1.25, gain_db=-1.0, breath=4, flutter=14),
    "disgusted": Change(pace=0.9, semitones=-1.2, span=0.8, roughness=4, low_db=2.0, high_db=-1.0),
    "surprised": Change(pace=1.04, semitones=3.0, span=1.8, gain_db=1.5, high_db=1.0),
    "calm": Change(pace=0.93, semitones=-0.6, span=0.72, gain_db=-1.0, high_db=-0.5),
    "fluent": Change(pace=1.05, span=1.12),
    "neutral": Change(),
    "whisper": Change(pace=0.92, gain_db=-7.0, high_db=2.0),
}


def feel(character: Character, emotion: str) -> Character:
    mood = EMOTIONS[emotion]
    if emotion == "whisper":
        character = replace(character, voicing=0.0, breath=75.0, flutter=2.0)
    return replace(
        character,
        f0=character.f0 * 2 ** (mood.semitones / 12),
        span=character.span * mood.span,
        pace=character.pace * mood.pace,
        breath=character.breath + mood.breath,
        roughness=character.roughness + mood.roughness,
        flutter=character.flutter + mood.flutter,
        gain_db=character.gain_db + mood.gain_db,
        high_db=character.high_db + mood.high_db,
        low_db=character.low_db + mood.low_db,
    )


def modify(character: Character, *, pitch: int, intensity: int, timbre: int, monotone: bool) -> Character:
    """`voice_modify`, each from -100 to 100: deeper or brighter, stronger or softer, fuller or crisper."""
    deep, soft, crisp = pitch / 100, intensity / 100, timbre / 100
    return replace(
        character,
        f0=character.f0 * 2 ** (5 * deep / 12),
        tract=character.tract * 2 ** (2.4 * deep / 12),
        breath=character.breath + max(0.0, soft) * 9,
        roughness=character.roughness + max(0.0, -soft) * 3,
        gain_db=character.gain_db - soft * 5,
        low_db=character.low_db - crisp * 6,
        mid_db=character.mid_db - max(0.0, -soft) * -2 + max(0.0, -crisp) * 4,
        high_db=character.high_db + crisp * 9 - soft * 4,
        narrow=character.narrow * (1 - max(0.0, -crisp) * 0.35),
        span=0.0 if monotone else character.span,
    )


def blend(voices: list[tuple[Character, float]]) -> Character:
    """The weighted mean; pitch and throat are averaged by ratio, as ears do."""
    total = sum(weight for _, weight in voices)
    mixed: dict[str, Any] = {}
    for name in (field.name for field in fields(Character)):
        values = np.array([getattr(character, name) for character, _ in voices]).T
        weights = np.array([weight for _, weight in voices]) / total
        ratio = name in ("f0", "tract", "pace", "formants")
        mean = np.exp(np.log(values) @ weights) if ratio else values @ weights
        mixed[name] = tuple(mean.tolist()) if mean.ndim else float(mean)
    return Character(**mixed)


# Words in an id, name or tag, and what they say about a speaker: numbers to add to those of a Character.
_STYLES: list[tuple[str, dict[str, float]]] = [
    (
        r"deep|magnetic|imposing|boss|badao|domineering|commanding",
        {"semitones": -2.2, "tract": -2, "low_db": 2, "pace": -4},
    ),
    (r"sweet|cute|lovely|kawaii|tianmei|tianxin|playful|qiaopi|whimsical", {"semitones": 2, "tract": 3, "span": 0.25}),
    (
        r"gentle|soft|warm|kind|tender|graceful|elegant|soothing",
        {"pace": -8, "breath": 2.5, "high_db": -1.5, "span": -0.08},
    ),
    (r"calm|serene|steady|patient|reserved|quiet", {"pace": -12, "span": -0.2}),
    (r"whisper", {"voicing": -70, "breath": 40, "gain_db": -3}),
    (
        r"energetic|upbeat|passionate|lively|jovial|exuberant|cheerful|comedian|humorous|funny",
        {"pace": 12, "span": 0.35},
    ),
    (
        r"news|anchor|announcer|presenter|host|radio|podcast|podacast|commentary",
        {"pace": 10, "high_db": 1.5, "consonants": 15},
    ),
    (r"narrator|storyteller|audiobook|lyrical|expressive|captivating", {"pace": -6, "span": 0.25}),
    (
        r"angry|warrior|debat|assertive|stern|strict|arrogant|unrestrained",
        {"roughness": 2, "high_db": 2, "span": 0.2, "pace": 5},
    ),
    (r"sad|sentimental|upset|melanchol|stressed", {"semitones": -0.6, "pace": -10, "span": -0.25}),
    (
        r"wise|scholar|mentor|teacher|professor|executive|reliable|trust|gentleman",
        {"semitones": -1, "pace": -6, "low_db": 1},
    ),
    (r"crisp|bright|clever|straightforward|confident", {"high_db": 3, "consonants": 20, "pace": 5}),
    (r"mature|yujie|chengshu|queen|charming|wumei", {"semitones": -1.4, "tract": -2, "low_db": 1.5, "pace": -4}),
    (r"santa|grinch|monster|demon|villain|pirate", {"semitones": -3, "roughness": 4, "low_db": 3, "tract": -5}),
]
_CHILD = (
    r"child|kid|\bbaby|\bboy\b|_boy|boy_|\bgirl\b|little|cute_boy|clever_boy|lovely_girl"
    r"|cartoon|pig|spirit|elf|rudolph|cupid|anime"
)
_OLD = r"elder|grand|old|santa|\bwise women|antie|aunt|senior citizen|scrooge"
_YOUNG = r"young|youth|teen|student|daxuesheng|qingse|shaonv|girl|didi|xuedi|mengmei|xuemei|junior|boy"
_ROBOT = r"robot|armor|android|machine"
_FEMALE = (
    r"female|woman|women|lady|girl|shaonv|yujie|queen|miss|princess|mom|aunt|antie|sister|maiden"
    r"|xuemei|mengmei|xuejie|（f|\(f"
)
_MALE = (
    r"\bmale|_male|man\b|men\b|guy|boy|gentleman|king|father|brother|sir|didi|nanyou|xuedi"
    r"|xiongzhang|shaoye|santa|（m|\(m"
)


def make_character(voice: dict[str, Any]) -> Character:
    """`voice`: id, name, gender ("female", "male" or "") and tags, as the catalogue has them; or its `character`."""
    if voice.get("character"):
        given = voice["character"].items()
        numbers: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given}
        return Character(**numbers)
    voice_id = voice["voice_id"]
    about = (
        " ".join([voice_id, voice.get("name", ""), *voice.get("tags", [])]).lower().replace("-", " ").replace("_", " ")
    )
    words = about + " " + voice_id.lower()
    dice = np.random.default_rng(int.from_bytes(hashlib.sha256(voice_id.encode()).digest()[:8], "big"))

    def around(spread: float) -> float:
        return float(dice.uniform(-spread, spread))

    gender = voice["gender"] or _guess_gender(words, dice)
    child, old = re.search(_CHILD, words), re.search(_OLD, words)
    young = re.search(_YOUNG, words)
    if gender == "female":
        f0, tract = 200.0, 113.0
        if child:
            f0, tract = 268.0, 124.0
        elif old:
            f0, tract = 172.0, 109.0
        elif young:
            f0, tract = 232.0, 117.0
    else:
        f0, tract = 112.0, 99.0
        if child:
            f0, tract = 236.0, 122.0
        elif old:
            f0, tract = 100.0, 97.0
        elif young:
            f0, tract = 132.0, 103.0
    character = Character(
        f0=f0 * 2 ** (around(2.2) / 12),
        tract=tract + around(3.5),
        span=1.0 + around(0.22),
        pace=(158.0 if old else 172.0) + around(10),
        breath=max(0.0, around(2.5)) + (1.5 if gender == "female" else 0),
        roughness=(3.0 if old else 0.0) + max(0.0, around(1.5)),
        flutter=(9.0 if old else 2.0) + max(0.0, around(2)),
        narrow=100 + around(18),
        low_db=around(2),
        mid_db=around(2),
        high_db=around(2.5),
        lilt=around(6),
    )
    for pattern, change in _STYLES:
        if re.search(pattern, words):
            changes = {name: getattr(character, name) + by for name, by in change.items() if name != "semitones"}
            character = replace(character, f0=character.f0 * 2 ** (change.get("semitones", 0) / 12), **changes)
    if re.search(_ROBOT, words):
        character = replace(character, span=0.0, flutter=0.0, narrow=60.0, breath=0.0)
    return replace(
        character,
        f0=min(340.0, max(72.0, character.f0)),
        tract=min(130.0, max(90.0, character.tract)),
        pace=min(205.0, max(150.0, character.pace)),
        span=min(1.9, max(0.0, character.span)),
        voicing=min(100.0, max(20.0, character.voicing)),
    )


def _guess_gender(words: str, dice: np.random.Generator) -> str:
    if re.search(_FEMALE, words):
        return "female"
    if re.search(_MALE, words):
        return "male"
    return "female" if dice.random() < 0.5 else "male"

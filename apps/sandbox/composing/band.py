"""Who plays what: the score's chords and tune, turned into notes for each instrument and put in their places."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.composing import drums, instruments
from apps.sandbox.composing.score import Chord, Part, Score
from apps.sandbox.composing.synth import RATE, Wave

# Bars of eighths or beats: (beat, length in beats, note of the chord)
_BASS: dict[str, list[tuple[float, float, int]]] = {
    "eighths": [(beat / 2, 0.46, 0) for beat in range(8)],
    "roots": [(0, 1.9, 0), (2, 1.4, 0), (3.5, 0.5, 2)],
    "alternate": [(0, 0.9, 0), (2, 0.9, 2)],
    "walking": [],
    "bossa": [(0, 1.4, 0), (1.5, 0.5, 2), (2, 1.4, 2), (3.5, 0.5, 0)],
    "shuffle": [
        (0, 0.6, 0),
        (0.5, 0.4, 0),
        (1, 0.6, 1),
        (1.5, 0.4, 1),
        (2, 0.6, 2),
        (2.5, 0.4, 2),
        (3, 0.6, 1),
        (3.5, 0.4, 0),
    ],
    "groove": [(0, 0.9, 0), (1.5, 0.4, 0), (2, 0.4, 2), (2.75, 0.6, 0), (3.5, 0.4, 2)],
    "funk": [
        (0, 0.4, 0),
        (0.75, 0.2, 3),
        (1.5, 0.25, 0),
        (2.25, 0.2, 2),
        (2.5, 0.3, 3),
        (3.25, 0.25, 0),
        (3.5, 0.3, 2),
    ],
    "sub": [(0, 1.6, 0), (1.75, 0.7, 0), (2.5, 1.2, 0)],
    "offbeat": [(0.5, 0.42, 0), (1.5, 0.42, 0), (2.5, 0.42, 0), (3.5, 0.42, 0)],
    "rolling": [(step / 4, 0.2, 3 if step % 4 == 3 else 0) for step in range(16) if step % 4],
    "gallop": [(beat + part, 0.22, 0) for beat in range(4) for part in (0, 0.5, 0.75)],
    "drone": [(0, 3.9, 0)],
    "cello": [(0, 1.95, 0), (2, 1.95, 2)],
    "tresillo": [(0, 1.3, 0), (1.5, 1.3, 2), (3, 0.9, 0)],
    "waltz": [(0, 0.95, 0)],
}
_BASS_SOUND: dict[str, instruments.Instrument] = {
    "sub": instruments.sub_bass,
    "offbeat": instruments.synth_bass,
    "rolling": instruments.synth_bass,
    "funk": instruments.finger_bass,
    "walking": instruments.upright_bass,
    "bossa": instruments.upright_bass,
    "alternate": instruments.upright_bass,
    "cello": instruments.cello,
    "drone": instruments.cello,
    "waltz": instruments.upright_bass,
}

Stroke = tuple[float, float, str | int]

# How chords are played: (beat, length, which notes). "all" is a chord, a number is one of its notes.
_COMPING: dict[str, list[Stroke]] = {
    "broken": [(0, 1, "low"), (0.5, 0.9, 1), (1, 0.9, 2), (1.5, 0.5, 3), (2, 1.9, "all"), (3, 0.5, 2), (3.5, 0.5, 1)],
    "eighths": [(beat / 2, 0.46, "all") for beat in range(8)],
    "gallop": [(beat + part, 0.2, "all") for beat in range(4) for part in (0, 0.5, 0.75)],
    "picked": [
        (0, 2, "low"),
        (0.5, 1, 2),
        (1, 1, 3),
        (1.5, 1, 1),
        (2, 2, "fifth"),
        (2.5, 1, 2),
        (3, 1, 3),
        (3.5, 0.5, 1),
    ],
    "strum": [
        (0, 0.9, "low"),
        (1, 0.45, "all"),
        (1.5, 0.45, "all"),
        (2, 0.9, "fifth"),
        (3, 0.45, "all"),
        (3.5, 0.45, "all"),
    ],
    "jazz": [(0, 0.4, "all"), (1.5, 0.9, "all"), (3.5, 0.4, "all")],
    "bossa": [(0, 0.9, "all"), (1, 0.4, "all"), (2.5, 0.9, "all"), (3.5, 0.4, "all")],
    "backbeat": [(0, 0.9, "all"), (1, 0.3, "all"), (2, 0.9, "all"), (3, 0.3, "all")],
    "soul": [(0, 1.4, "all"), (1.5, 0.4, "all"), (2.75, 1.1, "all")],
    "funk": [
        (0.5, 0.2, "all"),
        (1.25, 0.15, "all"),
        (1.75, 0.2, "all"),
        (2.5, 0.2, "all"),
        (3.25, 0.15, "all"),
        (3.75, 0.2, "all"),
    ],
    "skank": [(0.5, 0.25, "all"), (1.5, 0.25, "all"), (2.5, 0.25, "all"), (3.5, 0.25, "all")],
    "half": [(0, 1.8, "all"), (2.5, 1.3, "all")],
    "edm": [
        (0, 0.7, "all"),
        (0.75, 0.7, "all"),
        (1.5, 0.45, "all"),
        (2, 0.7, "all"),
        (2.75, 0.7, "all"),
        (3.5, 0.45, "all"),
    ],
    "house": [(0, 0.3, "all"), (0.75, 0.3, "all"), (1.5, 0.4, "all"), (2.5, 0.3, "all"), (3.25, 0.4, "all")],
    "arp": [(step / 4, 0.24, (0, 1, 2, 3, 2, 1)[step % 6]) for step in range(16)],
    "sparse": [(0, 2, 2), (1.5, 2, 3), (2.5, 1.5, 1)],
    "alberti": [
        (0, 0.5, "low"),
        (0.5, 0.5, 2),
        (1, 0.5, 1),
        (1.5, 0.5, 2),
        (2, 0.5, "fifth"),
        (2.5, 0.5, 3),
        (3, 0.5, 1),
        (3.5, 0.5, 2),
    ],
    "ostinato": [(step / 2, 0.4, "low" if step % 4 == 0 else (1, 2, 1)[step % 3]) for step in range(8)],
    "waltz": [(1, 0.8, "all"), (2, 0.8, "all")],
    "montuno": [
        (0, 0.4, "all"),
        (0.75, 0.4, 2),
        (1.5, 0.4, "all"),
        (2, 0.4, 3),
        (2.5, 0.4, "all"),
        (3.25, 0.4, 1),
        (3.5, 0.4, 2),
    ],
}
_SUSTAINED: list[Stroke] = [(0.0, 3.9, "all")]
_THREE = {"broken": "waltz3", "eighths": "waltz", "picked": "waltz3", "half": "waltz", "arp": "waltz3"}
_COMPING["waltz3"] = [(0, 1, "low"), (0.5, 0.9, 1), (1, 0.9, 2), (1.5, 0.9, 3), (2, 0.9, 2), (2.5, 0.5, 1)]

_PAN = {"guitar": -0.3, "epiano": 0.15, "organ": 0.35, "plucks": 0.3, "harp": -0.25, "clavinet": 0.35, "bells": 0.3}
_LEVEL = {
    "piano": 0.34,
    "epiano": 0.28,
    "guitar": 0.4,
    "organ": 0.2,
    "supersaw": 0.28,
    "bells": 0.24,
    "harp": 0.38,
    "ostinato": 0.36,
    "brass": 0.2,
    "plucks": 0.26,
    "clavinet": 0.24,
    "pizzicato": 0.22,
}


class Tape:
    """The song's sound while it is made: what stands still, what the kick ducks, and what goes into the room."""

    def __init__(self, seconds: float) -> None:
        self.size = int(seconds * RATE)
        self.firm: NDArray[np.float32] = np.zeros((2, self.size), np.float32)
        self.ducked: NDArray[np.float32] = np.zeros((2, self.size), np.float32)
        self.room: NDArray[np.float32] = np.zeros(self.size, np.float32)
        self.kicks: list[float] = []

    def put(self, wave: Wave, at_s: float, gain: float, pan: float, room: float, *, ducked: bool = False) -> None:
        begin = max(0, int(at_s * RATE))
        part = wave[: max(0, self.size - begin)]
        if not len(part):
            return
        where = slice(begin, begin + len(part))
        target = self.ducked if ducked else self.firm
        angle = (pan + 1) * np.pi / 4
        target[0, where] += part * np.float32(gain * np.cos(angle) * 1.414)
        target[1, where] += part * np.float32(gain * np.sin(angle) * 1.414)
        if room:
            self.room[where] += part * np.float32(gain * room)


class Band:
    def __init__(self, score: Score, tape: Tape, rng: np.random.Generator) -> None:
        self.score, self.style, self.tape, self._rng = score, score.style, tape, rng
        self._waves: dict[tuple[object, ...], Wave] = {}

    def play(self) -> None:
        for part in self.score.parts:
            for bar in range(part.bar, part.bar + part.bars):
                last = bar == part.bar + part.bars - 1
                self._drums(part, bar, last)
                self._bass(part, bar)
                self._chords(part, bar)
            self._pad(part)
        self._lead()

    def seconds_at(self, beat: float) -> float:
        """Swing delays the second half of each beat."""
        whole, rest = divmod(beat, 1)
        swing = self.style.swing
        rest = rest * (1 + swing) if rest <= 0.5 else 0.5 * (1 + swing) + (rest - 0.5) * (1 - swing)
        return (whole + rest) * self.score.beat_s

    def _cached(self, name: str, make: Callable[[], Wave], *about: object) -> Wave:
        key = (name, *about)
        if key not in self._waves:
            self._waves[key] = make()
        return self._waves[key]

    def _note(self, name: str, instrument: instruments.Instrument, pitch: float, beats: float, velocity: float) -> Wave:
        seconds = round(beats * self.score.beat_s, 3)
        velocity = round(velocity * 5) / 5
        return self._cached(name, lambda: instrument(pitch, seconds, velocity), pitch, seconds, velocity)

    # --- drums --------------------------------------------------------------------------------------------------------

    def _drums(self, part: Part, bar: int, last: bool) -> None:
        first = bar * self.style.beats
        fills = last and part.energy > 0.45 and part.kind not in ("outro", "intro")
        pattern = drums.bar_of(self.style.drums, self.style.beats, part.energy, fills=fills, number=bar)
        if bar == self.score.bars - 1 and pattern:
            pattern = {name: hits[0] + "." * (len(hits) - 1) for name, hits in pattern.items() if hits[0] == "x"}
        for name, hits in pattern.items():
            for step, hit in enumerate(hits):
                if hit == ".":
                    continue
                loud = (1.0 if hit == "x" else 0.5) * float(self._rng.uniform(0.86, 1.0))
                if name in drums.QUIET and step % 4:
                    loud *= 0.8
                at = self.seconds_at(first + step / 4) + float(self._rng.normal(0, 0.002))
                self._hit(name, at, loud * (0.75 + 0.25 * part.energy))
        opens = bar == part.bar and part.energy > 0.8 and self.style.drums not in ("none", "lofi", "brushes", "waltz")
        if opens:
            self._hit("crash", self.seconds_at(first), 1.0)
        if part.kind == "build" and bar == part.bar + part.bars - 1 and self.style.drums != "none":
            self._hit("riser", self.seconds_at(first + self.style.beats) - 2.0, 1.0)

    def _hit(self, name: str, at: float, loud: float) -> None:
        wave = drums.drum(name)
        room = 0.0 if drums.is_kick(name) else 0.25 * self.style.room + (0.2 if name == "snare_big" else 0.02)
        self.tape.put(wave, at, drums.GAINS[name] * loud * 0.56, drums.PAN.get(name, 0.0), room)
        if drums.is_kick(name):
            self.tape.kicks.append(at)

    # --- bass ---------------------------------------------------------------------------------------------------------

    def _bass(self, part: Part, bar: int) -> None:
        style, chord = self.style, self.score.chords[bar]
        if part.energy < 0.38 and style.bass not in ("drone", "cello"):
            return
        root = 28 + (chord.root - 28) % 12
        first = bar * style.beats
        sound = _BASS_SOUND.get(style.bass, instruments.finger_bass)
        if bar == self.score.bars - 1:
            pattern = [(0.0, float(style.beats), 0)]
        elif style.bass == "walking":
            pattern = self._walk(bar, root)
        elif part.energy < 0.45:
            pattern = [(0.0, style.beats - 0.1, 0)]
        else:
            pattern = [note for note in _BASS[style.bass] if note[0] < style.beats]
        for beat, length, step in pattern:
            pitch = root + (step if style.bass == "walking" and bar < self.score.bars - 1 else self._tone(chord, step))
            wave = self._note("bass", sound, pitch, min(length, style.beats - beat), 0.95 if beat == 0 else 0.8)
            self.tape.put(wave, self.seconds_at(first + beat), 0.31, 0.0, 0.01, ducked=True)

    @staticmethod
    def _tone(chord: Chord, step: int) -> int:
        return (0, chord.tones[1], 7, 12)[step]

    def _walk(self, bar: int, root: int) -> list[tuple[float, float, int]]:
        """A note on each beat: chord tones, then a half step from the next chord's root."""
        chord = self.score.chords[bar]
        following = self.score.chords[bar + 1]
        aim = (following.root - chord.root) % 12
        aim = aim - 12 if aim > 6 else aim
        steps = [0, chord.tones[1], chord.tones[2], aim + (1 if self._rng.random() < 0.5 else -1)]
        return [(float(beat), 0.92, step) for beat, step in enumerate(steps[: self.style.beats])]

    # --- chords -------------------------------------------------------------------------------------------------------

    def voicing(self, chord: Chord, low: int = 54) -> list[int]:
        """The chord's notes close together, the lowest first."""
        return sorted(low + (chord.root + tone - low) % 12 for tone in chord.tones)

    def _chords(self, part: Part, bar: int) -> None:
        style = self.style
        names = style.chords[: 2 if part.energy > 0.7 else 1]
        for number, name in enumerate(names):
            pattern: list[Stroke] = _COMPING[style.comping if number == 0 else self._second(style.comping)]
            if style.beats == 3:
                pattern = _COMPING[_THREE.get(style.comping, "waltz")]
            if bar == self.score.bars - 1 or part.kind == "break":
                pattern = _SUSTAINED
            elif part.energy < 0.45 and style.comping in ("eighths", "gallop", "edm", "house", "funk", "strum"):
                pattern = _SUSTAINED if name not in ("clavinet",) else _COMPING["half"]
            gain = _LEVEL.get(name, 0.3) * (0.7 + 0.35 * part.energy) * (0.8 if number else 1.0)
            self._comp(name, pattern, bar, gain, part.energy)

    @staticmethod
    def _second(comping: str) -> str:
        return {"eighths": "half", "broken": "arp", "edm": "arp", "arp": "half", "ostinato": "half"}.get(
            comping, "half"
        )

    def _comp(self, name: str, pattern: list[Stroke], bar: int, gain: float, energy: float) -> None:
        chord, style = self.score.chords[bar], self.style
        notes = self.voicing(chord)
        first = bar * style.beats
        for beat, length, which in pattern:
            if beat >= style.beats:
                continue
            at, length = self.seconds_at(first + beat), min(length, style.beats - beat)
            velocity = (0.95 if beat % 2 == 0 else 0.75) * (0.75 + 0.25 * energy)
            if name in instruments.ELECTRIC:
                self._strike(name, chord, at, length, gain, velocity)
                continue
            chosen = {
                "all": notes,
                "low": [40 + (chord.root - 40) % 12],
                "fifth": [40 + (chord.root + 7 - 40) % 12],
            }.get(str(which)) or [[*notes, notes[0] + 12][int(which) % (len(notes) + 1)]]
            gap = 0.012 if name in ("guitar", "harp") and len(chosen) > 1 else 0.0
            for number, pitch in enumerate(chosen):
                wave = self._note(name, instruments.KEYS[name], pitch, length, velocity)
                pan = _PAN.get(name, 0.0) + 0.2 * (number - 1)
                late = at + number * gap + float(self._rng.uniform(0, 0.004))
                self.tape.put(wave, late, gain, pan, style.room, ducked=True)

    def _strike(self, name: str, chord: Chord, at: float, length: float, gain: float, velocity: float) -> None:
        """An electric guitar plays root and fifth, twice: once in each ear."""
        root = 40 + (chord.root - 40) % 12
        third = [root + 12 + chord.tones[1]] if name == "overdrive" else []
        pitches = (root, root + 7, root + 12, *third)
        seconds, velocity = round(length * self.score.beat_s, 3), round(velocity * 5) / 5
        for side in (-0.75, 0.75):
            strings = [pitch + 0.04 * side for pitch in pitches]
            make = partial(instruments.electric, name, strings, seconds, velocity)
            wave = self._cached(name, make, *strings, seconds, velocity)
            late = float(self._rng.uniform(0, 0.008))
            self.tape.put(wave, at + late, gain * 0.8, side, self.style.room * 0.7, ducked=True)

    def _pad(self, part: Part) -> None:
        style = self.style
        if not style.pad or part.energy < 0.3:
            return
        sound = instruments.PADS[style.pad]
        gain = 0.15 * (0.55 + 0.5 * part.energy) * (1.5 if style.genre in ("ambient", "cinematic") else 1.0)
        bar = part.bar
        while bar < part.bar + part.bars:
            chord, bars = self.score.chords[bar], 1
            while bar + bars < part.bar + part.bars and self.score.chords[bar + bars] == chord and bars < 2:
                bars += 1
            for number, pitch in enumerate(self.voicing(chord, 57)):
                wave = self._note(style.pad, sound, pitch, bars * style.beats, 0.8)
                at = self.seconds_at(bar * style.beats)
                self.tape.put(wave, at, gain, (-0.5, 0.45, -0.15, 0.2)[number % 4], style.room * 1.2, ducked=True)
            bar += bars

    def _lead(self) -> None:
        style = self.style
        sound = instruments.LEADS[style.lead]
        for note in self.score.lead:
            part = self.score.part_of(int(note.start // style.beats))
            pitch = note.pitch + (12 if note.pitch < 60 and style.lead not in ("guitar", "brass") else 0)
            wave = self._note(style.lead, sound, pitch, note.length * 0.96, note.velocity)
            gain = 0.36 if part.kind in ("solo", "verse", "chorus", "inst", "drop") else 0.26
            self.tape.put(wave, self.seconds_at(note.start), gain, 0.08, style.room * 1.3)

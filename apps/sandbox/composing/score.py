"""The song on paper: sections, bars, chords, and the melody with a note for every syllable."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from apps.sandbox.composing.style import SCALES, Style
from apps.sandbox.composing.words import Section

ENERGY = {
    "intro": 0.4,
    "verse": 0.5,
    "pre": 0.65,
    "chorus": 0.92,
    "hook": 0.9,
    "post": 0.85,
    "drop": 1.0,
    "bridge": 0.6,
    "interlude": 0.6,
    "transition": 0.5,
    "break": 0.3,
    "build": 0.7,
    "inst": 0.75,
    "solo": 0.85,
    "outro": 0.4,
}
PLAYED_BARS = {"intro": 4, "transition": 2, "build": 4, "break": 4, "outro": 4, "solo": 8, "inst": 8, "drop": 8}
LIKE_CHORUS = ("chorus", "hook", "post", "drop")
LONGEST_S, SHORTEST_S = 288.0, 20.0
RANGE = {"female": (57, 76), "male": (46, 65)}  # MIDI


@dataclass(frozen=True)
class Note:
    start: float  # beats from the beginning of the song
    length: float
    pitch: float  # MIDI
    velocity: float = 0.8

    @property
    def end(self) -> float:
        return self.start + self.length


@dataclass(frozen=True)
class Chord:
    root: int  # semitones above C
    tones: tuple[int, ...]  # semitones above the root


@dataclass(frozen=True)
class Phrase:
    """A line of the lyrics: one note for each syllable."""

    text: str
    notes: tuple[Note, ...]
    backing: bool
    section: int


@dataclass(frozen=True)
class Part:
    kind: str
    bar: int
    bars: int
    energy: float
    sung: bool


@dataclass
class Score:
    style: Style
    parts: list[Part] = field(default_factory=list)
    chords: list[Chord] = field(default_factory=list)  # one for each bar
    phrases: list[Phrase] = field(default_factory=list)
    lead: list[Note] = field(default_factory=list)
    fade: bool = False  # the song was longer than it may be

    @property
    def beat_s(self) -> float:
        return 60 / self.style.bpm

    @property
    def bars(self) -> int:
        return len(self.chords)

    @property
    def seconds(self) -> float:
        return self.bars * self.style.beats * self.beat_s

    def part_of(self, bar: int) -> Part:
        return next(part for part in reversed(self.parts) if part.bar <= bar)


def chord_on(degree: int, style: Style, *, leading: bool = False) -> Chord:
    """`leading`: the minor key's fifth chord becomes major, as it leads home."""
    scale = SCALES[style.mode]
    place = degree - 1

    def tone(steps: int) -> int:
        octave, index = divmod(place + steps, 7)
        return scale[index] + 12 * octave

    root = tone(0)
    tones = [0, tone(2) - root, tone(4) - root]
    if style.mode == "minor" and degree == 5 and leading:
        tones[1] = 4
    if tones[2] == 6 and not style.sevenths:
        tones[2] = 7
    if style.sevenths:
        tones.append(10 if style.genre == "blues" else tone(6) - root)
        if style.genre == "blues" and style.mode == "major":
            tones[1] = 4
    return Chord((root + style.key) % 12, tuple(tones))


class Composer:
    """`syllables`: how many each line has. `rng` decides everything that the words leave open."""

    def __init__(self, style: Style, syllables: dict[str, int], rng: np.random.Generator) -> None:
        self.style, self._syllables = style, syllables
        self._slots = 2 * style.beats  # eighths in a bar
        self._progressions: dict[str, tuple[int, ...]] = {}
        self._contours: dict[tuple[str, int], np.ndarray] = {}
        self._ranks: dict[tuple[str, int], np.ndarray] = {}
        self._seed = int(rng.integers(1 << 62))
        low, high = RANGE[style.voice]
        tonic = low + (style.key - low) % 12
        self._tonic = tonic if tonic - low >= 3 else tonic + (12 if tonic + 12 + 7 <= high else 0)
        self._low, self._high = low, high

    def _rng(self, *names: str | int) -> np.random.Generator:
        """Its own dice for each purpose: one more line does not change the rest of the song."""
        return np.random.default_rng([self._seed, *(sum(ord(c) * 31**i for i, c in enumerate(str(n))) for n in names)])

    # --- form ---------------------------------------------------------------------------------------------------------

    def bars_of_line(self, count: int) -> int:
        bar_s = self.style.beats * 60 / self.style.bpm
        wish = count / 2.4 + 1.2
        fitting = [bars for bars in (1, 2, 3, 4, 6, 8) if bars * bar_s >= count / 5.2 + 0.45] or [8]
        return min(fitting, key=lambda bars: abs(bars * bar_s - wish) + {1: 0.5, 3: 0.6, 6: 0.6}.get(bars, 0))

    def write(self, sections: list[Section], seconds: float) -> Score:
        score = Score(self.style)
        self._score = score
        bar_s = self.style.beats * 60 / self.style.bpm
        sections = self._framed(sections, bar_s, seconds)
        seen: dict[str, int] = {}
        for number, section in enumerate(sections):
            lines = [line for line in section.lines if self._syllables.get(line.text)]
            usual = self._usual_bars(section.kind, sections)
            starts, bars = [], 0
            for line in lines:
                starts.append(bars)
                own = self.bars_of_line(self._syllables[line.text])
                bars += max(usual, own) if own > usual else usual
            if lines:
                bars += bars % 2 if bars > 1 else 1
            else:
                bars = self._played_bars(section.kind, bar_s)
            begin = score.bars
            if lines and (begin + bars) * bar_s > LONGEST_S:
                score.fade = True
                break
            count = seen[section.kind] = seen.get(section.kind, 0) + 1
            last = section.kind in LIKE_CHORUS and not any(s.kind in LIKE_CHORUS for s in sections[number + 1 :])
            energy = ENERGY[section.kind] + (0.08 if count > 1 or last else 0)
            score.parts.append(Part(section.kind, begin, bars, min(1.0, energy), bool(lines)))
            score.chords += self._harmony(section.kind, bars, final=number == len(sections) - 1)
            for place, (line, start) in enumerate(zip(lines, starts, strict=True)):
                following = starts[place + 1] if place + 1 < len(starts) else bars
                score.phrases.append(
                    Phrase(
                        line.text,
                        self._sung(
                            section.kind, place, begin + start, following - start, line.text, place == len(lines) - 1
                        ),
                        line.backing,
                        len(score.parts) - 1,
                    )
                )
            if not lines:
                score.lead += self._played(section.kind, begin, bars)
        return score

    def _usual_bars(self, kind: str, sections: list[Section]) -> int:
        """All lines of a kind get as many bars as most of them need."""
        wanted = sorted(
            self.bars_of_line(self._syllables[line.text])
            for section in sections
            if section.kind == kind
            for line in section.lines
            if self._syllables.get(line.text)
        )
        return wanted[len(wanted) // 2] if wanted else 1

    def _played_bars(self, kind: str, bar_s: float) -> int:
        bars = PLAYED_BARS.get(kind, 4)
        while bars > 2 and bars * bar_s > 14:
            bars //= 2
        while bars * bar_s < 3.4:
            bars *= 2
        return bars

    def _framed(self, sections: list[Section], bar_s: float, seconds: float) -> list[Section]:
        """With an intro and an outro, as a song has them."""
        sections = list(sections)
        if not sections or sections[0].kind != "intro":
            sections.insert(0, Section("intro"))
        if sections[-1].kind != "outro":
            sections.append(Section("outro"))
        while self._estimate(sections, bar_s) < max(SHORTEST_S, seconds):
            sections.insert(len(sections) - 1, Section(("solo", "inst")[len(sections) % 2]))
        return sections

    def _estimate(self, sections: list[Section], bar_s: float) -> float:
        bars = 0
        for section in sections:
            counts = [self._syllables[line.text] for line in section.lines if self._syllables.get(line.text)]
            bars += sum(map(self.bars_of_line, counts)) if counts else self._played_bars(section.kind, bar_s)
        return bars * bar_s

    # --- harmony ------------------------------------------------------------------------------------------------------

    def _harmony(self, kind: str, bars: int, *, final: bool) -> list[Chord]:
        group = "chorus" if kind in LIKE_CHORUS else "verse" if kind in ("intro", "verse", "outro", "inst") else kind
        if group not in self._progressions:
            choices = self.style.progressions
            taken = set(self._progressions.values()) if len(choices) > 1 else set()
            free = [choice for choice in choices if choice not in taken] or list(choices)
            self._progressions[group] = free[int(self._rng("harmony", group).integers(len(free)))]
        degrees = self._progressions[group]
        chords = []
        for bar in range(bars):
            degree, following = degrees[bar % len(degrees)], degrees[(bar + 1) % len(degrees)]
            chords.append(chord_on(degree, self.style, leading=following in (1, 6)))
        if final:
            chords[-1] = chord_on(1, self.style)
            if bars > 1:
                chords[-2] = chord_on(5 if self.style.genre != "ambient" else 4, self.style, leading=True)
        return chords

    # --- melody -------------------------------------------------------------------------------------------------------

    def _contour(self, kind: str, form: int) -> np.ndarray:
        """Steps of the scale above the tonic, for each eighth of eight bars. The verse lies low, the chorus high."""
        key = (kind, form)
        if key not in self._contours:
            rng = self._rng("contour", kind, form)
            middle = {"chorus": 5.0, "hook": 5.0, "post": 4.5, "drop": 5.0, "pre": 3.5, "bridge": 4.0}.get(kind, 2.0)
            middle += 0.8 * (form == 1) - 0.6 * (form == 3)
            size = self._slots * 8
            walk = np.zeros(size)
            height = middle + rng.uniform(-1, 1)
            for slot in range(size):
                if slot % 2 == 0:
                    step = rng.choice([-2, -1, -1, 0, 0, 1, 1, 2, 3 if kind in LIKE_CHORUS else 1])
                    height += step + 0.35 * (middle - height)
                walk[slot] = height + (rng.choice([-1, 0, 1]) if slot % 2 else 0)
            half = self._slots
            walk[half * 2 : half * 3] = walk[:half]  # a motif comes back after two bars
            self._contours[key] = np.clip(np.round(walk), middle - 4, middle + 4)
        return self._contours[key]

    def _rank(self, kind: str, form: int, slots: int) -> np.ndarray:
        """Which slots of a line get a syllable first: its rhythm, the same for all lines of the form."""
        key = (kind, form * 1000 + slots)
        if key not in self._ranks:
            rng = self._rng("rhythm", kind, form % 2)
            busy = rng.normal(0, 0.9, 512)[:slots]
            weights = np.zeros(slots)
            for slot in range(slots):
                place = slot % self._slots
                weights[slot] = (3.0 if place == 0 else 2.4 if place % 2 == 0 else 1.6) + busy[slot]
            weights[0] += 3
            self._ranks[key] = weights
        return self._ranks[key]

    def _onsets(self, kind: str, form: int, bars: int, count: int) -> list[float]:
        """Where the syllables of a line begin, in beats from its first bar."""
        whole = bars * self._slots
        rest = max(1, min(self._slots // 2, whole // 4))
        slots = whole - rest
        step = 0.5
        if count > slots * 0.86:
            slots, step = slots * 2 + (2 if count > slots * 1.7 else 0), 0.25
        weights = self._rank(kind, form, slots)
        if step == 0.25:
            weights = weights + np.where(np.arange(slots) % 2, -1.5, 0)
        if count * 2 < slots:  # few syllables: no long silence before the line's end
            weights = weights - np.linspace(0, 1.5, slots)
        chosen = sorted(np.argsort(-weights, kind="stable")[:count].tolist())
        while len(chosen) < count:
            chosen.append(chosen[-1] + 1)
        return [slot * step for slot in chosen]

    def _snap(self, height: float, bar: int, strong: bool, before: float | None) -> float:
        """The nearest note that fits: of the chord on strong beats, otherwise of the scale."""
        scale = SCALES[self.style.mode]
        octave, index = divmod(int(height), 7)
        wish = self._tonic + scale[index] + 12 * octave
        chord = self._score.chords[bar]
        tones = {(chord.root + tone) % 12 for tone in chord.tones}
        left_out = (3, 6) if self.style.mode == "major" else (1, 5)
        allowed = {
            (self.style.key + tone) % 12
            for place, tone in enumerate(scale)
            if not (self.style.pentatonic and place in left_out)
        }
        wanted = tones if strong else allowed | tones
        fitting = [pitch for pitch in range(self._low, self._high + 1) if pitch % 12 in wanted]
        leap = (lambda pitch: max(0, abs(pitch - before) - 7) * 0.8) if before is not None else (lambda pitch: 0)
        return float(min(fitting, key=lambda pitch: (abs(pitch - wish) + leap(pitch), pitch)))

    def _line(self, kind: str, place: int, bar: int, onsets: list[float], bars: int, closes: bool) -> list[Note]:
        form = (0, 1, 0, 3)[place % 4]
        contour = self._contour(kind, form)
        notes: list[Note] = []
        end = bars * self.style.beats
        for number, onset in enumerate(onsets):
            following = onsets[number + 1] if number + 1 < len(onsets) else None
            own_bar = min(bar + int(onset // self.style.beats), self._score.bars - 1)
            strong = onset % 1 == 0 or (following is None) or following - onset >= 1
            pitch = self._snap(
                float(contour[int(onset * 2) % len(contour)]), own_bar, strong, notes[-1].pitch if notes else None
            )
            if following is None and closes:
                pitch = self._home(pitch, own_bar)
            length = min(following - onset, 2.0) if following is not None else min(2.5, max(0.5, end - onset - 0.25))
            velocity = 0.9 if onset % self.style.beats == 0 else 0.75
            notes.append(Note(bar * self.style.beats + onset, length, pitch, velocity))
        return notes

    def _home(self, pitch: float, bar: int) -> float:
        """A section's last note rests: on the tonic if the chord has it, else on the chord's root."""
        chord = self._score.chords[bar]
        tones = {(chord.root + tone) % 12 for tone in chord.tones}
        wanted = self.style.key if self.style.key in tones else chord.root
        return min(
            (float(p) for p in range(self._low, self._high + 1) if p % 12 == wanted), key=lambda p: abs(p - pitch)
        )

    def _sung(self, kind: str, place: int, bar: int, bars: int, text: str, closes: bool) -> tuple[Note, ...]:
        onsets = self._onsets(kind, place % 4, bars, self._syllables[text])
        return tuple(self._line(kind, place, bar, onsets, bars, closes))

    def _played(self, kind: str, bar: int, bars: int) -> list[Note]:
        """What the lead instrument plays: the chorus' tune without words, freer in a solo."""
        if kind in ("break", "transition") or (kind == "intro" and bars * self.style.beats * 60 / self.style.bpm < 4):
            return []
        tune = "chorus" if kind in ("intro", "outro", "drop", "interlude") else kind
        notes: list[Note] = []
        for place, start in enumerate(range(0, bars, 2)):
            span = min(2, bars - start)
            rng = self._rng("lead", tune, place % 4)
            density = (0.62 if kind == "solo" else 0.42) * self.style.density
            count = max(2, round(span * self._slots * density + rng.integers(-1, 2)))
            onsets = self._onsets(tune, place % 4, span, count)
            notes += self._line(tune, place, bar + start, onsets, span, start + span >= bars)
        return notes

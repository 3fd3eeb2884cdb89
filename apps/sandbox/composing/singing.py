"""The voice: each spoken syllable takes the pitch and the length of its note.

WORLD takes the line apart into the shape of the mouth and the tone; the shape is stretched, vowels only, and sounded
again with the melody's tone. Its synthesis is the one part that is not ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyworld
from numpy.typing import NDArray

from apps.sandbox.composing.diction import RATE, Spoken
from apps.sandbox.composing.mix import Stereo, chain
from apps.sandbox.composing.score import LIKE_CHORUS, Phrase, Score
from apps.sandbox.composing.style import SCALES, Style
from apps.sandbox.composing.synth import RATE as TAPE_RATE

FRAME_S = 0.005
_FRAME = RATE * FRAME_S
_FFT = 1024
_SILENT = 1e-7
_LEAD_IN_S, _TAIL_S = 0.35, 0.25
Frames = NDArray[np.float64]


@dataclass(frozen=True)
class _Mouth:
    """A spoken line in frames of 5 ms."""

    shapes: Frames  # power of each frequency
    noises: Frames  # which part of it is breath
    voiced: NDArray[np.bool_]
    power: Frames


def _listen(spoken: Spoken) -> _Mouth:
    samples = spoken.samples
    count = int(len(samples) / _FRAME) + 1
    times: Frames = np.arange(count, dtype=np.float64) * FRAME_S
    tone = np.full(count, spoken.hertz)
    shapes = pyworld.cheaptrick(samples, tone, times, RATE, fft_size=_FFT)
    likeness = _periodicity(samples, times, RATE / spoken.hertz)
    power = shapes.sum(axis=1)
    voiced = (likeness > 0.55) & (power > power.max() * 1e-5)
    frequency = np.linspace(0, RATE / 2, shapes.shape[1])
    # Breath grows with the frequency; a vowel is nearly pure below 3 kHz.
    breath = np.clip(0.004 + 0.35 * (frequency / 9000) ** 2, 0, 0.6)
    noises = np.where(
        voiced[:, None], np.clip(breath[None, :] + 0.4 * np.clip(0.85 - likeness, 0, 1)[:, None], 1e-3, 0.99), 0.999
    )
    return _Mouth(shapes, noises, voiced, power)


def _periodicity(samples: Frames, times: Frames, period: float) -> Frames:
    """How much the sound around each frame is like itself one period later; the tone is known, so this is sure."""
    half, lag = int(period * 1.5), round(period)
    padded = np.pad(samples, (half, half + lag + 1))
    places = (times * RATE).astype(int)[:, None] + np.arange(2 * half)[None, :]
    places = np.minimum(places, len(padded) - lag - 1)
    one, other = padded[places], padded[places + lag]
    norm = np.sqrt((one**2).sum(1) * (other**2).sum(1)) + 1e-9
    return (one * other).sum(1) / norm


def _timeline(spoken: Spoken, starts: list[float], ends: list[float]) -> tuple[Frames, Frames, Frames]:
    """Knots from the song's time to the line's own time, and the ends of the notes that a rest follows.

    Vowels begin on the beat; consonants keep their length, as far as there is room.
    """
    target: list[float] = []
    source: list[float] = []
    rests: list[float] = []
    syllables = spoken.syllables
    joined = False
    for number, syllable in enumerate(syllables):
        start, end = starts[number], ends[number]
        before = ends[number - 1] if number else start - 0.3
        onset = min(syllable.vowel_s - syllable.onset_s, 0.16)
        joins = number + 1 < len(syllables) and starts[number + 1] - end < 0.03
        following = syllables[number + 1] if joins else None
        ahead = min(following.vowel_s - following.onset_s, 0.16) if following else 0.0
        coda = min(syllable.end_s - syllable.coda_s, 0.14)
        room = 0.5 * (end - start)
        squeeze = min(1.0, room / (ahead + coda)) if ahead + coda > 0 else 1.0
        if not joined:  # with the syllable before, which has made room for this one's consonant
            onset = min(onset, max(0.02, start - before))
            target.append(start - onset)
            source.append(syllable.onset_s)
        vowel_end = end - (coda + ahead) * squeeze
        length, own = vowel_end - start, syllable.coda_s - syllable.vowel_s
        quick = min(0.07, length * 0.3)
        target += [start, start + quick, max(start + quick + 0.005, vowel_end - min(0.11, length * 0.35)), vowel_end]
        source += [syllable.vowel_s, *(syllable.vowel_s + own * share for share in (0.34, 0.62)), syllable.coda_s]
        target.append(vowel_end + coda * squeeze + 0.001)
        source.append(syllable.end_s)
        joined = joins
        if following:
            target.append(vowel_end + coda * squeeze + 0.002)
            source.append(following.onset_s)
        else:
            rests.append(target[-1])
    return np.maximum.accumulate(np.array(target)), np.array(source), np.array(rests)


def _melody(phrase: Phrase, starts: list[float], ends: list[float], times: Frames) -> Frames:
    """Pitch in MIDI for every frame: short slides into a note, and vibrato on what is held."""
    pitches = np.array([note.pitch for note in phrase.notes])
    index = np.clip(np.searchsorted(np.array(starts), times, side="right") - 1, 0, len(pitches) - 1)
    curve = pitches[index].astype(np.float64)
    since = times - np.array(starts)[index]
    before = pitches[np.maximum(index - 1, 0)]
    slide = np.clip(since / 0.055, 0, 1)
    slide = slide * slide * (3 - 2 * slide)
    curve = np.where(since >= 0, before + (curve - before) * slide, curve)
    lengths = np.array(ends) - np.array(starts)
    held = np.clip((since - 0.32) / 0.3, 0, 1) * (lengths[index] > 0.55)
    return curve + 0.22 * held * np.sin(2 * np.pi * 5.4 * since)


def sing_phrase(spoken: Spoken, phrase: Phrase, starts: list[float], ends: list[float]) -> Frames:
    """22,050 Hz, beginning 0.35 s before the first note. `starts` and `ends` in seconds from the first note."""
    mouth = _listen(spoken)
    target, source, rests = _timeline(spoken, starts, ends)
    times = np.arange(-_LEAD_IN_S, ends[-1] + _TAIL_S, FRAME_S)
    places = np.interp(times, target, source) / FRAME_S
    low = np.clip(places.astype(int), 0, len(mouth.voiced) - 1)
    high = np.minimum(low + 1, len(mouth.voiced) - 1)
    share = (places - low)[:, None]
    shapes = mouth.shapes[low] * (1 - share) + mouth.shapes[high] * share
    noises = mouth.noises[low] * (1 - share) + mouth.noises[high] * share
    voiced = mouth.voiced[low]
    pitch = _melody(phrase, starts, ends, times)
    tone = np.where(voiced, 440 * 2 ** ((pitch - 69) / 12), 0.0)
    gain = _loudness(spoken, phrase, mouth, starts, times, target, rests)
    shapes = np.maximum(shapes * (gain**2)[:, None], _SILENT * 1e-3)
    return pyworld.synthesize(
        np.ascontiguousarray(tone), np.ascontiguousarray(shapes), np.ascontiguousarray(noises), RATE, FRAME_S * 1000
    )


def _loudness(
    spoken: Spoken, phrase: Phrase, mouth: _Mouth, starts: list[float], times: Frames, target: Frames, rests: Frames
) -> Frames:
    """Spoken syllables differ more than sung ones; silence before, after and in the rests."""
    levels = []
    for syllable, note in zip(spoken.syllables, phrase.notes, strict=True):
        begin = int(syllable.vowel_s / FRAME_S)
        part = mouth.power[begin : max(begin + 1, int(syllable.coda_s / FRAME_S))]
        levels.append((float(np.sqrt(part.max())) + 1e-9, note.velocity))
    usual = float(np.median([level for level, _ in levels]))
    gains = np.array([np.clip(usual / level, 0.4, 2.6) ** 0.8 * (0.7 + 0.3 * velocity) for level, velocity in levels])
    curve = np.interp(times, np.array(starts), gains)
    sounding = np.zeros(len(times))
    begins = [
        target[0],
        *(float(target[target > rest + 1e-4][0]) for rest in rests[:-1] if (target > rest + 1e-4).any()),
    ]
    for begin, end in zip(begins, rests, strict=False):
        fade_in = np.clip((times - begin + 0.01) / 0.02, 0, 1)
        fade_out = np.clip((end - times) / 0.06, 0, 1)
        sounding = np.maximum(sounding, np.minimum(fade_in, fade_out))
    return curve * sounding


def _doubled(wave: Frames) -> NDArray[np.float32]:
    """From 22,050 to 44,100 Hz."""
    size = len(wave)
    spectrum = np.fft.rfft(wave)
    return (np.fft.irfft(np.concatenate([spectrum, np.zeros(size + 1 - len(spectrum))]), size * 2) * 2).astype(
        np.float32
    )


def sing(score: Score, spoken: dict[str, Spoken], size: int, seconds_at: Callable[[float], float]) -> Stereo:
    """The whole song's voices, dry, at 44.1 kHz: the lead in the middle, in choruses a third above it to the sides."""
    lead, second = np.zeros(size, np.float32), np.zeros(size, np.float32)
    sung: dict[tuple[object, ...], NDArray[np.float32]] = {}

    def put(voice: NDArray[np.float32], phrase: Phrase, gain: float, late: float = 0.0) -> None:
        first = seconds_at(phrase.notes[0].start)
        starts = [seconds_at(note.start) - first for note in phrase.notes]
        ends = [seconds_at(note.end) - first for note in phrase.notes]
        ends = [min(end, following) for end, following in zip(ends, [*starts[1:], ends[-1]], strict=True)]
        key = (phrase.text, *(round(at, 3) for at in (*starts, ends[-1])), *(note.pitch for note in phrase.notes))
        if key not in sung:
            sung[key] = _doubled(sing_phrase(spoken[phrase.text], phrase, starts, ends))
        begin = int((first + late - _LEAD_IN_S) * TAPE_RATE)
        wave = sung[key][max(0, -begin) :]
        begin = max(0, begin)
        part = wave[: max(0, size - begin)]
        voice[begin : begin + len(part)] += part * np.float32(gain)

    for phrase in score.phrases:
        if phrase.backing:
            put(second, phrase, 0.8)
        else:
            put(lead, phrase, 1.0)
        if score.parts[phrase.section].kind in LIKE_CHORUS:
            put(second, _third_above(phrase, score.style), 0.42, late=0.012)
    return _polished(lead, second)


def _third_above(phrase: Phrase, style: Style) -> Phrase:
    scale = [(style.key + tone) % 12 for tone in SCALES[style.mode]]
    notes = []
    for note in phrase.notes:
        above = [step for step in (3, 4, 5) if (note.pitch + step) % 12 in scale]
        notes.append(replace(note, pitch=note.pitch + (above[0] if above else 4)))
    return replace(phrase, notes=tuple(notes))


def _polished(lead: NDArray[np.float32], second: NDArray[np.float32]) -> Stereo:
    """As a studio treats voices: no rumble, less harshness, presence, and an even level."""
    peak = max(float(np.abs(lead).max()), float(np.abs(second).max()))
    if peak < 1e-6:
        return np.stack([lead, lead])
    measured = lead if np.abs(lead).max() > peak * 0.1 else second
    loud = measured[np.abs(measured) > peak * 0.05]
    gain = np.float32(0.16 / float(np.sqrt(np.mean(loud**2))))
    apart = int(0.011 * TAPE_RATE)  # the second voice comes a little later to the right ear: it seems wide
    sides = np.stack([second, np.concatenate([np.zeros(apart, np.float32), second[:-apart]])])
    steps = [
        ("highpass", "f=110"),
        ("equalizer", "f=350:t=q:w=1:g=-2"),
        ("equalizer", "f=3000:t=q:w=1.2:g=2.5"),
        ("highshelf", "f=7000:g=-2"),
        ("acompressor", "threshold=0.12:ratio=3.5:attack=6:release=120:knee=4:makeup=1.6"),
    ]
    return chain((lead + sides) * gain, steps)

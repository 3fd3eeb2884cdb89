"""What makes a voice recognisable, measured: pitch, melody, pace, throat, colour, breath, strength."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.engine import mastering, pitch
from apps.sandbox.engine.characters import BANDS
from apps.sandbox.engine.espeak import SAMPLE_RATE

Wave = NDArray[np.float32]

LONGEST_S = 90.0  # of speech that is looked at
_PAUSE_S = 0.25
_FRAMES_FOR_FORMANTS = 1500
_POLES = 12
_FRAME = 1024


@dataclass(frozen=True)
class Portrait:
    voiced_s: float
    f0: float  # median, Hz
    semitones: float  # between the 10th and the 90th percentile of the pitch
    pace: float  # syllables in a second of speech, pauses left out
    syllables: float
    formants: tuple[float, float, float, float]  # medians, Hz
    bands: tuple[float, ...]  # dB in each of BANDS, their mean at 0
    clarity: float  # 0 to 1; breath and hoarseness lower it
    dynamics: float  # dB, how much syllables differ in strength
    loudness: float  # LUFS


def measure(samples: Wave) -> Portrait:
    """`samples` at the synthesiser's rate."""
    samples = _speech_only(samples)
    track = pitch.follow(samples, SAMPLE_RATE)
    voiced = track.hertz > 0
    tones = 12 * np.log2(track.hertz[voiced]) if voiced.any() else np.zeros(1)
    nuclei, seconds, levels = _syllables(track, samples)
    return Portrait(
        voiced_s=float(voiced.sum() * pitch.HOP_S),
        f0=pitch.middle(track),
        semitones=float(np.percentile(tones, 90) - np.percentile(tones, 10)),
        pace=nuclei / max(seconds, 0.1),
        syllables=float(nuclei),
        formants=_formants(samples, track),
        bands=_bands(samples, track),
        clarity=float(np.median(track.likeness[voiced])) if voiced.any() else 0.0,
        dynamics=levels,
        loudness=mastering.loudness(samples),
    )


def _speech_only(samples: Wave) -> Wave:
    """Silences shortened, and no more than LONGEST_S, so that a long sample costs no more than a short one."""
    hop = int(pitch.HOP_S * SAMPLE_RATE)
    count = len(samples) // hop
    if count < 10:
        return samples
    power = np.mean(samples[: count * hop].reshape(count, hop).astype(np.float64) ** 2, axis=1)
    threshold = max(np.percentile(power, 95) * 1e-4, 1e-8)
    loud = power > threshold
    reach = int(0.3 / pitch.HOP_S)
    near = np.convolve(loud, np.ones(2 * reach + 1), "same") > 0
    kept = samples[: count * hop].reshape(count, hop)[near].reshape(-1)
    return kept[: int(LONGEST_S * SAMPLE_RATE)] if len(kept) else samples[: int(LONGEST_S * SAMPLE_RATE)]


def _syllables(track: pitch.Track, samples: Wave) -> tuple[int, float, float]:
    """Their number, the seconds they take, and the spread of their strength in dB: peaks of the energy with a tone."""
    hop = int(pitch.HOP_S * SAMPLE_RATE)
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    band = np.fft.irfft(spectrum * ((hertz > 300) & (hertz < 3200)), len(samples))
    count = min(len(track.hertz), len(band) // hop)
    power = np.mean(band[: count * hop].reshape(count, hop) ** 2, axis=1)
    shape = np.hanning(9)
    level = 10 * np.log10(np.convolve(power, shape / shape.sum(), "same") + 1e-10)
    voiced = track.hertz[:count] > 0
    floor = np.percentile(level, 95) - 25
    places: list[int] = []
    dip = np.inf
    for place in range(1, count - 1):
        dip = min(dip, level[place])
        peak = level[place] >= level[place - 1] and level[place] > level[place + 1]
        if not peak or level[place] < floor or not voiced[max(0, place - 2) : place + 3].any():
            continue
        if places and level[place] - dip < 2 and level[places[-1]] - dip < 2:
            if level[place] > level[places[-1]]:
                places[-1] = place
        elif not places or (level[place] - dip >= 2 and level[places[-1]] - dip >= 2):
            places.append(place)
            dip = level[place]
        elif level[place] > level[places[-1]]:
            places[-1] = place
            dip = level[place]
    speaking = level > floor
    reach = int(_PAUSE_S / pitch.HOP_S / 2)
    within = np.convolve(speaking, np.ones(2 * reach + 1), "same") > 0
    seconds = float(max(0, within.sum() - 2 * reach * (np.diff(within.astype(int)) == 1).sum()) * pitch.HOP_S)
    strengths = level[places] if places else np.zeros(1)
    return len(places), seconds, float(np.percentile(strengths, 85) - np.percentile(strengths, 15)) / 2


def _formants(samples: Wave, track: pitch.Track) -> tuple[float, float, float, float]:
    """By linear prediction at half the rate, in the clearest voiced frames."""
    spectrum = np.fft.rfft(samples)
    half = np.fft.irfft(spectrum[: len(spectrum) // 2 + 1], len(samples) // 2)
    rate, size = SAMPLE_RATE / 2, int(0.03 * SAMPLE_RATE / 2)
    voiced = np.flatnonzero(track.hertz > 0)
    places = (voiced * pitch.HOP_S * rate + 0.005 * rate).astype(int)
    places = places[places + size < len(half)]
    if len(places) < 5:
        return (0.0, 0.0, 0.0, 0.0)
    places = places[:: max(1, len(places) // _FRAMES_FOR_FORMANTS)]
    frames = np.stack([half[place : place + size] for place in places])
    frames = np.diff(frames, prepend=frames[:, :1], axis=1) * 0.95 + frames * 0.05
    frames = frames * np.hamming(size)
    echo = np.fft.irfft(np.abs(np.fft.rfft(frames, 1024)) ** 2)[:, : _POLES + 1]
    echo[:, 0] *= 1.0005
    index = np.abs(np.arange(_POLES)[:, None] - np.arange(_POLES)[None, :])
    weights = np.linalg.solve(echo[:, index] + np.eye(_POLES) * 1e-12, echo[:, 1:, None])[..., 0]
    companion = np.zeros((len(weights), _POLES, _POLES))
    companion[:, 0, :] = weights
    companion[:, np.arange(1, _POLES), np.arange(_POLES - 1)] = 1
    roots = np.linalg.eigvals(companion)
    hertz = np.angle(roots) * rate / (2 * np.pi)
    width = -np.log(np.abs(roots) + 1e-9) * rate / np.pi
    found = np.sort(np.where((hertz > 150) & (hertz < 5200) & (width < 600), hertz, np.nan), axis=1)[:, :4]
    whole = ~np.isnan(found).any(axis=1)
    rows = found[whole] if whole.sum() >= 5 else found
    first, second, third, fourth = np.nan_to_num(np.nanmedian(rows, axis=0))
    return (float(first), float(second), float(third), float(fourth))


def _bands(samples: Wave, track: pitch.Track) -> tuple[float, ...]:
    """The colour of the voiced parts: the long-term spectrum."""
    hop = int(pitch.HOP_S * SAMPLE_RATE)
    places = np.flatnonzero(track.hertz > 0) * hop
    places = places[places + _FRAME < len(samples)]
    if not len(places):
        return (0.0,) * (len(BANDS) - 1)
    window = np.hanning(_FRAME)
    power = np.zeros(_FRAME // 2 + 1)
    for start in range(0, len(places), 1500):
        frames = np.stack([samples[place : place + _FRAME] for place in places[start : start + 1500]])
        power += np.sum(np.abs(np.fft.rfft(frames * window, axis=1)) ** 2, axis=0)
    hertz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
    level = [10 * np.log10(power[(hertz >= low) & (hertz < high)].mean() + 1e-12) for low, high in pairwise(BANDS)]
    middle = float(np.mean(level[:9]))
    return tuple(float(one - middle) for one in level)

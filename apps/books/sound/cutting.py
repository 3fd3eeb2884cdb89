"""Where the sentences of a sound are cut apart: inside the pauses between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from apps.books.sound.reading import Samples

HOP_S = 0.005  # seconds between two measurements of level
REACH_S = 0.5  # how far from the rough end a pause is looked for
LONGEST_COUNTED_S = 0.3  # a pause longer than this is not better
AWAY = 1.5  # seconds of pause that a second's distance outweighs: a comma has a pause, too
QUIETER_DB = 12.0  # a pause is at least so much quieter than what is loud around it
SILENT_DB = -66.0  # full scale; below this everything is silence
ROOM_DB = 6.0  # above the quietest moment is still the pause
TAIL_S = 0.02  # seconds at the very end that say how it ends


class Levels:
    """How loud a sound is, in steps of `HOP_S`: told block by block, so that it is decoded once.

    17 hours are 12 million steps, 49 MB.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate  # Hz
        self.samples = 0
        self.hop = max(1, round(sample_rate * HOP_S))  # samples
        self._kept: list[npt.NDArray[np.float32]] = []
        self._rest: Samples | None = None
        self._found: npt.NDArray[np.float32] | None = None

    def add(self, block: Samples) -> None:
        self.samples += len(block)
        if self._rest is not None and len(self._rest):
            block = np.concatenate((self._rest, block))
        whole = len(block) // self.hop * self.hop
        power = np.square(block[:whole], dtype=np.float32).mean(axis=1)
        self._kept.append(power.reshape(-1, self.hop).mean(axis=1))
        self._rest = block[whole:].copy()

    @property
    def decibels(self) -> npt.NDArray[np.float32]:
        """Of full scale, for each step. Ask when everything was told."""
        if self._found is None:
            power = np.concatenate([*self._kept, np.zeros(1, np.float32)])
            self._kept.clear()
            # A breath of 15 ms, so that the moment between two swings of a low voice is no pause.
            power = np.convolve(power, np.full(3, 1 / 3, np.float32), "same")
            power /= 32768**2
            power += 1e-10
            np.log10(power, out=power)
            power *= 10
            self._found = power
        return self._found

    @property
    def ends_abruptly(self) -> bool:
        """Whether it ends in the middle of something loud, as no voice does that has said its last word."""
        heard = self.decibels[:-1]  # the last is of nothing
        tail = heard[-max(1, round(TAIL_S / HOP_S)) - 1 : -1]  # but for the one that was smoothed with nothing
        return bool(len(tail)) and float(tail.min()) > float(np.percentile(heard, 90)) - QUIETER_DB


def find_cuts(levels: Levels, rough_ends_ms: Sequence[float]) -> list[int]:
    """The samples at which sentences are cut apart: in the middle of the pause nearest to each rough end.

    One rough end for each sentence, and one cut for each; the last cut is the end of the sound, whatever was said
    about it. Cuts rise. No cut is looked for beyond half the way to its neighbours.
    """
    if not rough_ends_ms:
        return []
    found, rate, samples, hop = levels.decibels, levels.sample_rate, levels.samples, levels.hop
    ends: list[float] = []
    for end in rough_ends_ms:  # in samples, and rising
        ends.append(min(max(end * rate / 1000, ends[-1] if ends else 0.0), float(samples)))
    cuts: list[int] = []
    for number, end in enumerate(ends[:-1]):
        before = (ends[number - 1] + end) / 2 if number else end / 2
        after = (ends[number + 1] + end) / 2
        lowest = max(before, end - REACH_S * rate, cuts[-1] + 1 if cuts else 1)
        highest = max(lowest, min(after, end + REACH_S * rate))
        place = _quietest(found, end / hop, lowest / hop, highest / hop)
        cut = round(min(max(place * hop, lowest), highest))
        cuts.append(max(cut, cuts[-1] + 1 if cuts else 1))
    cuts.append(samples)
    for number in range(len(cuts) - 2, -1, -1):  # more sentences than sound: as well as can be
        cuts[number] = max(0, min(cuts[number], cuts[number + 1] - 1))
    return cuts


def _quietest(levels: npt.NDArray[np.float32], aim: float, lowest: float, highest: float) -> float:
    """The hop, with its fraction, in whose middle to cut."""
    first, last = math.ceil(lowest), math.floor(highest)
    if last <= first:
        return min(max(aim, lowest), highest)
    window = levels[first:last]
    floor = float(window.min())
    around = levels[max(0, first - 200) : last + 200]
    loud = float(np.percentile(around, 90))
    border = max(SILENT_DB, min(floor + ROOM_DB, loud - QUIETER_DB))
    is_quiet = window <= border
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_quiet, [False])).astype(np.int8)))
    best, score = aim, -math.inf
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        length = (end - start) * HOP_S
        middle = first + (start + end) / 2
        nearest = min(max(aim, first + start), first + end)
        worth = min(length, LONGEST_COUNTED_S) - AWAY * abs(nearest - aim) * HOP_S
        if worth > score:
            best, score = middle, worth
    if score > -AWAY * REACH_S / 2:
        return best
    away = np.abs(np.arange(first, last) + 0.5 - aim) * HOP_S
    return first + float((window + 60 * away).argmin()) + 0.5  # no pause: the softest moment close by

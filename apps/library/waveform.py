"""A waveform as the bars of one SVG path."""

from __future__ import annotations

from collections.abc import Sequence

LOWEST = 3.0  # of 100: silence is still a line


def resample(peaks: Sequence[float], bars: int) -> list[float]:
    """The loudest of each stretch; fewer peaks than bars are stretched."""
    if not peaks:
        return [0.0] * bars
    edges = [place * len(peaks) / bars for place in range(bars + 1)]
    spans = ((int(edges[bar]), max(int(edges[bar]) + 1, round(edges[bar + 1]))) for bar in range(bars))
    return [float(max(peaks[start:end])) for start, end in spans]


def bars_path(peaks: Sequence[float], bars: int) -> str:
    """Path data in a box `bars` wide and 100 high: one upright stroke for each bar."""
    strokes = []
    for place, level in enumerate(resample(peaks, bars)):
        half = max(level, LOWEST) * 0.47
        strokes.append(f"M{place}.5 {50 - half:.0f}V{50 + half:.0f}" if half >= 1.5 else f"M{place}.5 49V51")
    return "".join(strokes)

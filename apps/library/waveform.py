"""A waveform as the bars of one SVG path."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

LOWEST = 3  # of 100: silence is still a line


@lru_cache(64)
def _spans(count: int, bars: int) -> list[slice]:
    edges = [place * count / bars for place in range(bars + 1)]
    return [slice(int(edges[bar]), max(int(edges[bar]) + 1, round(edges[bar + 1]))) for bar in range(bars)]


def resample(peaks: Sequence[int], bars: int) -> list[int]:
    """The loudest of each stretch; fewer peaks than bars are stretched."""
    if not peaks:
        return [0] * bars
    return [max(peaks[span]) for span in _spans(len(peaks), bars)]


def _stroke(level: int) -> str:
    half = max(level, LOWEST) * 0.47
    return f" {50 - half:.0f}V{50 + half:.0f}" if half >= 1.5 else " 49V51"


STROKES = [_stroke(level) for level in range(101)]


def bars_path(peaks: Sequence[int], bars: int) -> str:
    """Path data in a box `bars` wide and 100 high: one upright stroke for each bar."""
    levels = resample(peaks, bars)
    return "".join([f"M{place}.5{STROKES[level]}" for place, level in enumerate(levels)])


def draw(peaks: Sequence[int] | None, bars: int) -> SafeString:
    """Peaks (0 to 100) as bars that fill whatever box they stand in."""
    path = bars_path(peaks or [], bars)
    return mark_safe(  # noqa: S308  (numbers only)
        f'<svg viewBox="0 0 {bars} 100" preserveAspectRatio="none" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" aria-hidden="true" focusable="false">'
        f'<path vector-effect="non-scaling-stroke" d="{path}"/></svg>'
    )

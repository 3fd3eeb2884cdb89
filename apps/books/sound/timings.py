"""When each sentence is heard: from counted samples, so nothing adds up to a drift, and written as subtitles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from apps.library.subtitles import to_srt, to_vtt


@dataclass(frozen=True)
class Timing:
    segment_id: str
    chapter: str
    text: str
    start_sample: int
    end_sample: int


def as_srt(timings: Iterable[Timing], sample_rate: int) -> str:
    return to_srt(_lines(timings, sample_rate))


def as_vtt(timings: Iterable[Timing], sample_rate: int) -> str:
    return to_vtt(_lines(timings, sample_rate))


def as_json(timings: Sequence[Timing], sample_rate: int) -> str:
    """`{"sample_rate": Hz, "segments": […]}`; each has the fields of a Timing, `start_ms` and `end_ms`."""
    segments = [
        asdict(timing)
        | {"start_ms": _ms(timing.start_sample, sample_rate), "end_ms": _ms(timing.end_sample, sample_rate)}
        for timing in timings
    ]
    return json.dumps({"sample_rate": sample_rate, "segments": segments}, ensure_ascii=False, indent=1)


def _lines(timings: Iterable[Timing], sample_rate: int) -> Iterator[dict[str, Any]]:
    for timing in timings:
        if timing.text.strip() and timing.end_sample > timing.start_sample:
            yield {
                "text": timing.text,
                "start_ms": _ms(timing.start_sample, sample_rate),
                "end_ms": _ms(timing.end_sample, sample_rate),
            }


def _ms(sample: int, sample_rate: int) -> int:
    return round(sample * 1000 / sample_rate)

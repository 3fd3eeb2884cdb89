"""Where in the sound the sentences of a text end, as far as MiniMax's subtitles tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from apps.books.sound.pieces import Cue

LOOK_AHEAD = 400  # characters in which a cue's words are looked for


def rough_ends(text: str, ends: Sequence[int], cues: Sequence[Cue], duration_ms: float) -> list[float]:
    """Milliseconds for each of `ends`, which are places in `text`; rising, the last at the end of the sound.

    Cues are found by their words: their positions may not count what we do, e.g. pauses or a byte-order mark. Between
    two places that are known, time passes with the characters.
    """
    known = [(0, 0.0), *_anchors(text, cues, duration_ms)]
    if known[-1][0] < len(text):
        known.append((len(text), max(duration_ms, known[-1][1])))
    places = [place for place, _ms in known]
    found: list[float] = []
    for end in ends:
        after = min(bisect_right(places, end), len(known) - 1)
        (first, begin_ms), (second, end_ms) = known[after - 1], known[after]
        share = min(1.0, (end - first) / (second - first)) if second > first else 1.0
        ms = begin_ms + share * (end_ms - begin_ms)
        found.append(min(duration_ms, max(ms, found[-1] if found else 0.0)))
    if found:
        found[-1] = duration_ms
    return found


def _anchors(text: str, cues: Sequence[Cue], duration_ms: float) -> Iterator[tuple[int, float]]:
    """(place in the text, milliseconds), both rising: the end of each cue that was found."""
    at, last_ms = 0, 0.0
    for cue in cues:
        words = cue.text.strip().lstrip("\ufeff")
        if not words or not last_ms <= cue.end_ms <= duration_ms + 1000:
            continue
        place = _find(text, words, at, cue.text_begin)
        if place is None:
            continue
        at, last_ms = place, min(cue.end_ms, duration_ms)
        yield at, last_ms


def _find(text: str, words: str, at: int, said: int | None) -> int | None:
    """Where the words end, looked for after `at` or where the cue says they begin."""
    for start in (at, said):
        if start is None or start < at:
            continue
        found = text.find(words, start, start + len(words) + LOOK_AHEAD)
        if found >= 0:
            return found + len(words)
    if said is not None and said >= at and said + len(words) <= len(text) and not text[said : said + 1].isspace():
        return said + len(words)
    return None

from __future__ import annotations

import json
import re
from itertools import accumulate, pairwise

import numpy as np
import pytest

from apps.books.sound.joining import join
from apps.books.sound.pieces import Piece, Silence
from apps.books.sound.receiving import receive
from apps.books.sound.timings import Timing, as_json, as_srt, as_vtt
from tests.books.sound.sounds import RATE, cues_of, decoded, speech, tar_of, tone, write
from tests.books.sound.sounds import as_json as as_bytes

CLOCK = re.compile(r"(\d+):(\d\d):(\d\d)[.,](\d{3}) --> (\d+):(\d\d):(\d\d)[.,](\d{3})")


def spans_of(subtitles: str) -> list[tuple[int, int]]:
    spans = []
    for found in CLOCK.findall(subtitles):
        numbers = [int(number) for number in found]
        start, end = ((n[0] * 3600 + n[1] * 60 + n[2]) * 1000 + n[3] for n in (numbers[:4], numbers[4:]))
        spans.append((start, end))
    return spans


def timings_of(pieces: list[Piece | Silence], texts: list[str]) -> list[Timing]:
    timings, place = [], 0
    for piece in pieces:
        if isinstance(piece, Piece):
            number = len(timings)
            timings.append(Timing(f"s{number}", "One", texts[number], place, place + piece.samples))
        place += piece.samples
    return timings


@pytest.mark.parametrize("format", ["mp3", "flac", "wav", "m4b"])
def test_subtitles_are_right_to_20_ms_in_the_file_that_is_heard(tmp_path, format):
    """Beeps that begin and end each sentence are looked for in the decoded file, across a hundred joins."""
    pieces: list[Piece | Silence] = []
    for number in range(10):
        beep = np.concatenate([tone(0.3, hertz=400 + 40 * place, level=0.5) for place in range(10)])
        made = write(tmp_path / f"part{number}", beep)
        for place in range(10):
            pieces += [Piece(made, round(0.3 * RATE) * place, round(0.3 * RATE) * (place + 1)), Silence(1601 + place)]
    texts = [f"Sentence {number}." for number in range(100)]
    target = tmp_path / "book"
    joined = join(pieces, target, format=format)
    spans = spans_of(as_srt(timings_of(pieces, texts), joined.sample_rate))
    heard = np.abs(decoded(target)[:, 0])
    loud = np.convolve(heard, np.full(64, 1 / 64), "same") > 0.05
    edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False])).astype(np.int8))) * 1000 / RATE
    assert len(spans) == 100
    assert len(edges) == 200
    assert np.abs(edges - np.array(spans).ravel()).max() < 20


def test_cues_rise_and_never_overlap_in_a_long_book():
    chance = np.random.default_rng(5)
    place, timings = 0, []
    for number in range(1500):
        length = int(chance.integers(1, 500_000))
        text = "A sentence that is somewhat long, so that it needs more than one cue to be read in. " * (number % 3 + 1)
        timings.append(Timing(str(number), "One", text, place, place + length))
        place += length
    for written in (as_srt(timings, RATE), as_vtt(timings, RATE)):
        spans = spans_of(written)
        assert all(start < end for start, end in spans)
        assert all(one[1] <= other[0] + 1 for one, other in pairwise(spans))
        assert abs(spans[-1][1] - place * 1000 / RATE) < 2


def test_json_keeps_the_samples_and_the_identities():
    given = [Timing("a", "第一章", "你好。", 0, 48_000), Timing("b", "第一章", "再见。", 48_000, 64_001)]
    found = json.loads(as_json(given, RATE))
    assert found["sample_rate"] == RATE
    assert [(one["segment_id"], one["start_sample"], one["end_sample"]) for one in found["segments"]] == [
        ("a", 0, 48_000),
        ("b", 48_000, 64_001),
    ]
    assert [(one["start_ms"], one["end_ms"]) for one in found["segments"]] == [(0, 1500), (1500, 2000)]
    assert found["segments"][0]["text"] == "你好。"


def test_sentence_without_text_has_no_cue():
    assert spans_of(as_vtt([Timing("a", "One", "  ", 0, 100), Timing("b", "One", "Yes.", 100, 9000)], RATE)) == [
        (3, 281)
    ]


def test_one_sentence_is_replaced_and_the_others_stay_as_they_were(tmp_path):
    said = speech([1.0, 1.5, 0.8, 2.0])
    made = write(tmp_path / "made", said.sound)
    again = write(tmp_path / "again", speech([2.2]).sound)
    texts = ["One.", "Number two.", "Three.", "The fourth of them."]
    members = {"a.flac": made.read_bytes(), "a.json": as_bytes(list(cues_of(said.spans, texts)))}
    ends = [*accumulate(len(text) + 1 for text in texts)]
    spoken = receive(tar_of(tmp_path / "result", members), tmp_path / "part", text=" ".join(texts) + " ", ends=ends)
    cuts = [0, *spoken.cuts]
    pieces = [Piece(spoken.received.audio, start, end) for start, end in pairwise(cuts)]
    target, changed = tmp_path / "first", tmp_path / "second"
    join(pieces, target, format="flac")
    new = Piece(again, 0, round(2.55 * RATE))
    join([pieces[0], new, *pieces[2:]], changed, format="flac")
    one, other = decoded(target)[:, 0], decoded(changed)[:, 0]
    fade = round(0.004 * RATE)
    first = pieces[0].samples
    assert np.array_equal(one[: first - fade], other[: first - fade])
    assert np.array_equal(one[cuts[2] + fade :], other[first + new.samples + fade :])

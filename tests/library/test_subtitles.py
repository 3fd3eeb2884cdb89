from __future__ import annotations

import re
from itertools import pairwise

import pytest

from apps.library.subtitles import LINE, columns, make_cues, to_srt, to_vtt


def line(text: str, start_ms: int, end_ms: int) -> dict:
    return {"text": text, "start_ms": start_ms, "end_ms": end_ms, "words": []}


def test_srt():
    assert to_srt([line("Good evening.", 0, 900), line("Second.", 3_723_004, 3_724_000)]) == (
        "1\n00:00:00,000 --> 00:00:00,900\nGood evening.\n\n2\n01:02:03,004 --> 01:02:04,000\nSecond.\n"
    )


def test_vtt():
    assert to_vtt([line("Good evening.", 0, 900)]) == "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nGood evening.\n"


def test_vtt_of_nothing_is_still_a_file():
    assert to_vtt([]) == "WEBVTT\n"
    assert to_srt([]) == ""


def test_text_cannot_become_markup_or_another_cue():
    evil = line("<b>a</b> & c --> d\n\n00:00 --> 00:09\nfake", 0, 1000)
    written = to_vtt([evil])
    assert "<b>" not in written
    assert "&lt;b&gt;a&lt;/b&gt; &amp; c --&gt; d" in written
    assert len(re.findall(r"^\d\d:\d\d:\d\d\.\d+ --> ", written, re.MULTILINE)) == 1
    assert "<b>" not in to_srt([evil])


@pytest.mark.parametrize(
    "text",
    [
        "A sentence that goes on and on, with commas, and clauses, and more words than anybody wants on a screen.",
        "今天天气很好，我们一起去公园散步吧，然后再去喝一杯咖啡，聊聊最近发生的有趣的事情。晚上回家做饭，看一部电影，早点休息。",
    ],
)
def test_long_sentences_become_cues_of_two_lines_that_fit(text):
    cues = make_cues([line(text, 1000, 9000)])
    assert len(cues) > 1
    assert all(len(cue.lines) <= 2 for cue in cues)
    assert all(columns(each) <= LINE + 2 for cue in cues for each in cue.lines)
    said = "".join(each for cue in cues for each in cue.lines)
    assert said.replace(" ", "") == text.replace(" ", "")
    assert (cues[0].start_ms, cues[-1].end_ms) == (1000, 9000)


def test_cues_are_in_order_and_do_not_overlap():
    cues = make_cues([line("b", 900, 2500), line("a", 0, 1200), line("c", 2000, 1500)])
    assert [cue.lines[0] for cue in cues] == ["a", "b", "c"]
    assert all(cue.start_ms < cue.end_ms for cue in cues)
    assert all(first.end_ms <= second.start_ms for first, second in pairwise(cues))

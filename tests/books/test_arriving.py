"""What MiniMax delivers for a part is looked at before it is taken for whole."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from apps.books import services
from apps.books.models import Part
from apps.books.pacing import Length
from apps.books.text.lasting import spoken_s
from apps.jobs.models import Job
from apps.minimax.mp3 import frame_length
from tests.books.conftest import SETTINGS, finish, make_all

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = " ".join(f"The lamp was dark on evening number {number}, and nobody came." for number in range(12))


def mp3_of(path: Path, seconds: float) -> list[bytes]:
    """Frames of a sound that never rests, as they come from an encoder that writes no count of them."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    samples = (9000 * np.sin(2 * np.pi * 200 * time)).astype(np.int16)
    with av.open(str(path), "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as made:
        out = made.add_stream("libmp3lame", rate=16_000, layout="mono")
        made.start_encoding()
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=16_000, frame_size=576)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            made.mux(out.encode(piece))
        made.mux(out.encode(None))
    data, frames = path.read_bytes(), []
    while data:
        length = frame_length(data[:4])
        assert length
        frames.append(data[:length])
        data = data[length:]
    return frames


def test_mp3_that_was_cut_between_two_frames_is_not_taken_for_the_whole_text(connected, speaker, tmp_path):
    frames = mp3_of(tmp_path / "whole.mp3", spoken_s(TEXT))
    sent = frames[: len(frames) // 2]
    speaker.refuse = lambda step, asked: b"".join(sent) if step == "fetch" and not asked else None
    book = services.create_book(connected, title="Cut", text=TEXT, settings=SETTINGS)
    make_all(connected, book)
    job = Job.objects.get()
    assert (job.status, job.charged) == ("failed", "yes")
    assert "breaks off" in job.error
    assert not Part.objects.exclude(taken_at=None).exists()
    sent = frames
    services.repeat(connected, book.chapters.get(), click="again")
    finish()
    assert services.price_of(book).is_nothing


def test_voice_that_is_only_quick_or_known_to_be_slow_is_judged_by_its_pace():
    usual, slow = Length(100, is_known=False), Length(150, is_known=True)
    assert not usual.is_not_reached(45, ends_abruptly=False)
    assert usual.is_not_reached(45, ends_abruptly=True)
    assert usual.is_not_reached(35, ends_abruptly=False)
    assert slow.is_not_reached(110, ends_abruptly=True)
    assert not Length(20, is_known=True).is_not_reached(5, ends_abruptly=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("The lighthouse had been dark for nine days when Anna came back.", 4),
        ("灯塔已经黑了九天，安娜回来的时候没有人告诉她。", 4.7),
        ("등대는 아홉 날 동안 어두웠고 아무도 안나에게 말해 주지 않았다.", 3.6),
        ("Contents ............................................... 4", 0.7),
        ("<#9.50#> ***", 0),
    ],
)
def test_length_of_a_text_follows_its_letters_and_not_its_marks(text, seconds):
    assert spoken_s(text) == pytest.approx(seconds, rel=0.12)
    assert spoken_s(text, speed=2) == spoken_s(text) / 2

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from apps.books.sound.joining import join
from apps.books.sound.pieces import Piece, Silence
from apps.library import audio
from tests.books.sound.sounds import RATE, babble, decoded, tone, write


def true_peak_dbfs(path: Path) -> float:
    """As FFmpeg's meter finds it."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter, sink = graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        found: dict[str, Any] = {}
        for frame in file.decode(stream):
            frame.pts = None
            source.push(frame)
            while True:
                try:
                    found = sink.pull().metadata
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
    return 20 * np.log10(float(found["lavfi.r128.true_peak"]) + 1e-9)


@pytest.mark.parametrize("format", ["mp3", "flac", "wav", "m4b"])
@pytest.mark.parametrize("wanted", [-23.0, -16.0])
def test_book_has_the_loudness_that_was_wished(tmp_path, format, wanted):
    loud = write(tmp_path / "loud", babble(8, level=0.5))
    soft = write(tmp_path / "soft", babble(8, seed=2, level=0.15))
    target = tmp_path / f"book.{format}"
    join(
        [Piece(loud, 0, 8 * RATE), Silence(RATE), Piece(soft, 0, 8 * RATE)],
        target,
        format=format,
        loudness_lufs=wanted,
        bitrate=128_000,
    )
    assert audio.measure(target).loudness_lufs == pytest.approx(wanted, abs=0.5)


def test_one_gain_for_all_so_a_whisper_stays_softer_than_a_shout(tmp_path):
    loud, soft = tone(4, level=0.2), tone(4, level=0.02)
    made = write(tmp_path / "made", np.concatenate((loud, soft)))
    target = tmp_path / "book.flac"
    join([Piece(made, 0, 8 * RATE)], target, format="flac", loudness_lufs=-20)
    sound, heard = np.concatenate((loud, soft)), decoded(target)[:, 0]
    plain = np.abs(sound) > 0.01
    gains = heard[plain] / sound[plain]
    assert gains.std() / gains.mean() < 0.005
    assert gains.mean() == pytest.approx(gains[-1000:].mean(), rel=0.005)


def test_peaks_are_held_down_without_touching_what_is_far_from_them(tmp_path):
    sound = babble(10, level=0.1)
    peaks = [3 * RATE, 3 * RATE + 40, 7 * RATE + 5]
    for peak in peaks:
        sound[peak : peak + 6] = 0.95 * np.array([0.4, -0.9, 1.0, -1.0, 0.9, -0.4])
    made = write(tmp_path / "made", sound)
    target = tmp_path / "book.flac"
    join([Piece(made, 0, 10 * RATE)], target, format="flac", loudness_lufs=-14)
    assert true_peak_dbfs(target) <= -1
    calm = slice(5 * RATE, 6 * RATE)
    plain = np.abs(sound[calm]) > 0.02
    gains = decoded(target)[calm, 0][plain] / sound[calm][plain]
    assert gains.std() / gains.mean() < 0.005
    assert gains.mean() > 1.5


def test_limiting_loses_and_adds_no_sample(tmp_path):
    for samples in (1, 500, 63_999, 64_000, 64_001, 70_000, 200_000):
        made = write(tmp_path / f"made{samples}", tone(samples / RATE, level=0.9))
        target = tmp_path / f"{samples}.flac"
        join([Piece(made, 0, samples), Silence(RATE)], target, format="flac", loudness_lufs=-3)
        heard = decoded(target)[:, 0]
        assert len(heard) == samples + RATE
        assert np.abs(heard[samples:]).max() == 0


def test_silence_stays_silence(tmp_path):
    made = write(tmp_path / "made", np.zeros(RATE))
    target = tmp_path / "book.wav"
    join([Piece(made, 0, RATE)], target, format="wav", loudness_lufs=-16)
    assert not decoded(target).any()

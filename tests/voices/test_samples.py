"""Files that are brought as samples of a voice: what is said about each, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.voices.checks import find_checks, find_refusal, needs_preparing
from apps.voices.samples import Found, NoSampleError, examine, prepare
from tests.voices.sounds import chords, speech, write


def sentences(found: Found, purpose="sample", **more) -> dict[str, str]:
    """Everything that is not simply in order."""
    return {check.name: check.sentence for check in find_checks(found, purpose, **more) if check.state != "ok"}


def test_good_recording_has_nothing_said_against_it(tmp_path: Path):
    found = examine(write(tmp_path / "a.wav", speech(12)))
    assert sentences(found) == {}
    assert not needs_preparing(found)
    assert len(found.peaks) == 400


def test_recording_of_a_browser_is_converted(tmp_path: Path):
    found = examine(write(tmp_path / "a.webm", speech(12, 48_000), 48_000))
    assert needs_preparing(found)
    made, now = prepare(tmp_path / "a.webm", tmp_path / "made")
    assert (made.suffix, now.channels, needs_preparing(now)) == (".wav", 1, False)
    assert now.duration_s == pytest.approx(12, abs=0.1)
    assert sentences(now, brought=found)["format"].endswith("MiniMax does not know its format.")


def test_silence_is_said_to_be_silence(tmp_path: Path):
    found = examine(write(tmp_path / "a.wav", np.zeros(12 * 44_100, np.float32)))
    assert "silence only" in find_refusal(find_checks(found, "sample"))


def test_noise_is_no_voice(tmp_path: Path):
    noise = np.random.default_rng(1).normal(0, 0.05, 12 * 44_100).astype(np.float32)
    assert "noise only" in find_refusal(find_checks(examine(write(tmp_path / "a.wav", noise)), "sample"))


def test_music_is_said_to_be_music_until_somebody_knows_better(tmp_path: Path):
    found = examine(write(tmp_path / "a.wav", chords(12)))
    assert "like music" in find_refusal(find_checks(found, "sample"))
    assert find_refusal(find_checks(found, "sample", confirmed=True)) == ""


def test_almost_ten_seconds_are_too_short(tmp_path: Path):
    found = examine(write(tmp_path / "a.wav", speech(9.9)))
    assert find_refusal(find_checks(found, "sample")).startswith("9.9 s: MiniMax needs at least 10 seconds")


def test_five_minutes_and_one_second_are_too_long_until_they_are_trimmed(tmp_path: Path):
    source = write(tmp_path / "a.mp3", speech(301, 16_000), 16_000)
    length = next(check for check in find_checks(examine(source), "sample") if check.name == "length")
    assert (length.state, length.way) == ("bad", "trim")
    assert length.sentence.startswith("5:01: MiniMax takes at most 5 minutes")
    _, found = prepare(source, tmp_path / "made", start_s=3, end_s=43)
    assert found.duration_s == pytest.approx(40, abs=0.01)
    assert find_refusal(find_checks(found, "sample")) == ""


def test_twenty_one_megabytes_are_made_smaller(tmp_path: Path):
    source = write(tmp_path / "a.wav", speech(110, 48_000), 48_000, channels=2)
    assert source.stat().st_size > 21_000_000
    brought = examine(source)
    _, found = prepare(source, tmp_path / "made")
    assert found.size < 20_000_000
    assert "it had 21.1 MB and MiniMax takes 20" in sentences(found, brought=brought)["format"]


def test_what_only_calls_itself_sound_is_not_opened(tmp_path: Path):
    (tmp_path / "a.mp3").write_bytes(b"MZ\x90\x00" + bytes(5000))
    with pytest.raises(NoSampleError, match="type"):
        examine(tmp_path / "a.mp3")


def test_list_of_other_files_is_not_opened(tmp_path: Path):
    (tmp_path / "a.m4a").write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n")
    with pytest.raises(NoSampleError, match="type"):
        examine(tmp_path / "a.m4a")


def test_truncated_m4a_is_said_to_be_damaged(tmp_path: Path):
    whole = write(tmp_path / "a.m4a", speech(12)).read_bytes()
    (tmp_path / "a.m4a").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NoSampleError, match="damaged"):
        examine(tmp_path / "a.m4a")


def test_wave_file_that_ends_early_is_said_to_be_cut_off(tmp_path: Path):
    whole = write(tmp_path / "a.wav", speech(20)).read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NoSampleError, match="cut"):
        examine(tmp_path / "a.wav")


def test_two_channels_at_96_khz_become_one_at_48(tmp_path: Path):
    source = write(tmp_path / "a.wav", speech(12, 96_000), 96_000, channels=2)
    brought = examine(source)
    assert (brought.channels, brought.sample_rate) == (2, 96_000)
    _, found = prepare(source, tmp_path / "made")
    assert (found.channels, found.sample_rate) == (1, 48_000)
    assert "it had 2 channels; it had 96 kHz" in sentences(found, brought=brought)["format"]


def test_quiet_recording_can_be_made_louder(tmp_path: Path):
    source = write(tmp_path / "a.wav", speech(12) * np.float32(0.01))
    assert "loudness" in sentences(examine(source))
    _, found = prepare(source, tmp_path / "made", normalise=True)
    assert found.loudness_lufs == pytest.approx(-19, abs=1.5)
    assert found.clipped_share == 0


def test_overdriven_recording_is_noticed(tmp_path: Path):
    found = examine(write(tmp_path / "a.wav", np.clip(speech(12) * 12, -1, 1)))
    assert "overdriven" in sentences(found)["clipping"]


def test_example_has_to_be_shorter_than_eight_seconds(tmp_path: Path):
    assert "shorter than 8 seconds" in find_refusal(
        find_checks(examine(write(tmp_path / "a.wav", speech(8.1))), "prompt")
    )
    assert find_refusal(find_checks(examine(write(tmp_path / "b.wav", speech(5))), "prompt")) == ""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import numpy as np
import pytest

from apps.books.sound import apart
from apps.books.sound.cutting import Levels, find_cuts
from apps.books.sound.pieces import Piece, SoundError
from apps.books.sound.reading import Reader
from apps.books.sound.receiving import receive
from apps.books.sound.taking import take_in
from tests.books.sound.sounds import (
    RATE,
    as_json,
    babble,
    cues_of,
    decoded,
    speech,
    tar_of,
    to_16_bit,
    tone,
    write,
)


def levels_of(sound) -> Levels:
    """Told in blocks of odd lengths, as a decoder gives them."""
    levels, samples = Levels(RATE), to_16_bit(sound)
    for start in range(0, len(samples), 4999):
        levels.add(samples[start : start + 4999])
    return levels


def read(piece: Piece) -> np.ndarray:
    with Reader() as reader:
        return np.concatenate(list(reader.read(piece)))


def test_archive_gives_sound_subtitles_and_what_is_said_about_it(tmp_path):
    said = speech([1.5, 2.0])
    flac = write(tmp_path / "made.flac", said.sound).read_bytes()
    cues = list(cues_of(said.spans, ["Hello there.", "Good bye."]))
    extra = {"audio_length": len(said.sound) / 32, "audio_sample_rate": RATE}
    members = {"1.flac": flac, "1.titles": as_json(cues), "1.extra": as_json(extra)}
    received = take_in(tar_of(tmp_path / "result", members), tmp_path / "part")
    assert (received.sample_rate, received.channels, received.samples) == (RATE, 1, len(said.sound))
    assert [(cue.text, cue.text_begin, cue.text_end) for cue in received.subtitles] == [
        ("Hello there.", 0, 12),
        ("Good bye.", 13, 22),
    ]
    assert received.extra == extra
    assert np.array_equal(np.rint(decoded(received.audio) * 32768), to_16_bit(said.sound))


@pytest.mark.parametrize(
    ("format", "codec", "most_off"),
    [("flac", "", 0), ("wav", "", 0), ("mp3", "", 0.05), ("ogg", "libopus", 0.2), ("wav", "pcm_mulaw", 0.03)],
)
def test_bare_sound_is_known_by_its_first_bytes(tmp_path, format, codec, most_off):
    rate = 48_000 if format == "ogg" else RATE
    made = write(tmp_path / "result.bin", tone(2, rate=rate), format=format, codec=codec, rate=rate)
    received = take_in(made, tmp_path / "part", sample_rate=rate)
    assert received.samples == 2 * rate
    assert np.abs(decoded(received.audio)[:, 0] - tone(2, rate=rate))[1000:-1000].max() <= most_off + 1e-4


def test_sound_without_a_head_is_read_as_it_was_ordered(tmp_path):
    sound = to_16_bit(np.stack((tone(1), tone(1, hertz=300)), axis=1))
    (tmp_path / "result").write_bytes(sound.tobytes())
    received = take_in(tmp_path / "result", tmp_path / "part", sample_rate=RATE, channels=2, format="pcm")
    assert (received.samples, received.channels) == (RATE, 2)
    assert np.array_equal(np.rint(decoded(received.audio) * 32768), sound)


def test_telephone_sound_without_a_head_is_read_as_it_was_ordered(tmp_path):
    made = write(tmp_path / "made", tone(1, rate=8000), format="mulaw", codec="pcm_mulaw", rate=8000)
    received = take_in(made, tmp_path / "part", sample_rate=8000, channels=1, format="pcmu_raw")
    assert received.samples == 8000
    assert np.abs(decoded(received.audio)[:, 0] - tone(1, rate=8000)).max() < 0.03


def test_sound_gets_the_rate_and_the_channels_of_the_book(tmp_path):
    stereo = np.stack((tone(2, rate=44_100), tone(2, rate=44_100)), axis=1)
    made = write(tmp_path / "result", stereo, rate=44_100, format="wav")
    received = take_in(made, tmp_path / "part", sample_rate=RATE, channels=1)
    assert (received.sample_rate, received.channels) == (RATE, 1)
    assert abs(received.samples - 2 * RATE) <= 1


def test_names_in_the_archive_lead_nowhere(tmp_path):
    flac = write(tmp_path / "made.flac", tone(1)).read_bytes()
    outside = tmp_path / "outside.flac"
    archive = tar_of(tmp_path / "result", {str(outside): flac, "../../escaped.json": as_json([])})
    received = take_in(archive, tmp_path / "deep" / "part")
    assert not outside.exists()
    assert [path for path in tmp_path.rglob("*") if "escaped" in path.name] == []
    assert received.audio.parent == tmp_path / "deep" / "part"


def test_link_in_the_archive_is_not_followed(tmp_path):
    secret = write(tmp_path / "secret.flac", tone(1))
    with tarfile.open(tmp_path / "result", "w") as archive:
        link = tarfile.TarInfo("sound.flac")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(link)
    with pytest.raises(SoundError, match="no sound"):
        take_in(tmp_path / "result", tmp_path / "part")


def test_archive_of_countless_files_is_refused(tmp_path):
    with pytest.raises(SoundError, match="too many"):
        take_in(tar_of(tmp_path / "result", {f"{number}.json": b"[]" for number in range(200)}), tmp_path / "part")


@pytest.mark.parametrize("content", [b"", b"<html>gone</html>", b'{"base_resp": {"status_code": 1000}}', b"fLaC" * 99])
def test_what_is_no_sound_is_refused_with_a_sentence(tmp_path, content):
    (tmp_path / "result").write_bytes(content)
    with pytest.raises(SoundError, match=r"\.$"):
        take_in(tmp_path / "result", tmp_path / "part")


def test_sound_that_was_cut_off_is_not_taken_for_whole(tmp_path):
    flac = write(tmp_path / "made.flac", babble(20)).read_bytes()
    (tmp_path / "result").write_bytes(flac[: len(flac) // 2])
    with pytest.raises(SoundError):
        take_in(tmp_path / "result", tmp_path / "part")


@pytest.mark.parametrize("format", ["wav", "mp3"])
@pytest.mark.parametrize("lost", [700, 0.5])
def test_bare_sound_that_was_cut_off_is_noticed_though_nothing_is_said_about_its_length(tmp_path, format, lost):
    codec = {"wav": "pcm_s16le", "mp3": "libmp3lame"}[format]
    whole = write(tmp_path / "whole", babble(6), format=format, codec=codec).read_bytes()
    take_in(tmp_path / "whole", tmp_path / "a")
    (tmp_path / "cut").write_bytes(whole[: -lost if lost >= 1 else int(len(whole) * lost)])
    with pytest.raises(SoundError, match="cut off"):
        take_in(tmp_path / "cut", tmp_path / "b")


@pytest.mark.parametrize("off_ms", [-180, -60, 0, 60, 180])
def test_sentences_are_cut_in_the_pauses_though_the_ends_are_rough(off_ms):
    said = speech([1.1, 0.7, 2.3, 0.5, 3.0, 1.9])
    rough = [end * 1000 / RATE + off_ms for _start, end in said.spans]
    cuts = find_cuts(levels_of(said.sound), rough)
    assert cuts[-1] == len(said.sound)
    for cut, (_, before), (after, _) in zip(cuts, said.spans, said.spans[1:], strict=False):
        assert before < cut < after


def test_cuts_rise_whatever_the_rough_ends_are():
    cuts = find_cuts(levels_of(babble(3)), [500, 400, 400, 9_999, 100, -3, 2_000])
    assert cuts == sorted(set(cuts))
    assert cuts[-1] == 3 * RATE


@pytest.mark.parametrize("cut_s", [2.0, 3.1, 5.4])
def test_sound_that_breaks_off_in_a_word_is_told_from_one_that_ends(cut_s):
    said = speech([2.5, 1.5, 2.0])
    assert not levels_of(said.sound).ends_abruptly
    assert levels_of(said.sound[: round(cut_s * RATE)]).ends_abruptly


def test_piece_is_the_same_samples_wherever_reading_began(tmp_path):
    sound = np.stack((babble(30, seed=1), babble(30, seed=2)), axis=1)
    audio = write(tmp_path / "made.flac", sound)
    spans = [(700_001, 700_500), (0, 960_000), (959_999, 960_000), (123_456, 500_000), (500_000, 500_001)]
    with Reader() as reader:
        for start, end in spans:
            found = np.concatenate(list(reader.read(Piece(audio, start, end))))
            assert np.array_equal(found, to_16_bit(sound)[start:end])


@pytest.mark.parametrize("channels", [1, 2])
def test_sentences_are_hashed_as_they_are_read_later(tmp_path, channels):
    said = speech([1.0, 2.0, 0.6])
    made = write(tmp_path / "made", np.stack([said.sound] * channels, axis=1), format="wav")
    text = "One. Number two. Three."
    cues = list(cues_of(said.spans, ["One.", "Number two.", "Three."]))
    result = tar_of(tmp_path / "result", {"a.wav": made.read_bytes(), "a.json": as_json(cues)})
    spoken = receive(result, tmp_path / "part", text=text, ends=[4, 16, 23])
    assert [file.name for file in (tmp_path / "part").iterdir()] == ["sound.flac"]
    assert spoken.received.channels == channels
    for start, end, sha256 in zip([0, *spoken.cuts], spoken.cuts, spoken.hashes, strict=False):
        samples = read(Piece(spoken.received.audio, start, end))
        assert hashlib.sha256(samples.tobytes()).hexdigest() == sha256
    for cut, (_, before), (after, _) in zip(spoken.cuts, said.spans, said.spans[1:], strict=False):
        assert before < cut < after


def test_all_of_it_works_in_a_process_of_its_own(tmp_path):
    said = speech([1.0, 2.0])
    members = {"a.wav": write(tmp_path / "made", said.sound, format="wav").read_bytes()}
    members["a.json"] = as_json(list(cues_of(said.spans, ["One.", "Two."])))
    result = tar_of(tmp_path / "result", members)
    spoken = apart.receive(result, tmp_path / "part", text="One. Two.", ends=[4, 9])
    assert spoken == receive(result, tmp_path / "part", text="One. Two.", ends=[4, 9])
    audio, cuts = spoken.received.audio, spoken.cuts
    progress = tmp_path / "progress"
    pieces = [Piece(audio, 0, cuts[0]), Piece(audio, cuts[0], cuts[1])]
    joined = apart.join(pieces, tmp_path / "book.mp3", format="mp3", progress=progress)
    assert joined.samples == spoken.received.samples == len(said.sound)
    assert progress.read_text() == "100"
    with pytest.raises(SoundError, match="not sound"):
        apart.receive(Path(__file__), tmp_path / "other", text="", ends=[])

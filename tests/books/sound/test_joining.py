from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from apps.books.sound.joining import join
from apps.books.sound.pieces import Mark, Piece, Silence, SoundError
from apps.books.sound.taking import take_in
from tests.books.sound.sounds import RATE, babble, decoded, tone, write

LOSSLESS = ["flac", "wav"]
ALL = ["mp3", "flac", "wav", "m4b"]


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """Three files as MiniMax's parts become, 7, 5 and 9 s."""
    return [
        take_in(write(tmp_path / f"{seed}", babble(seconds, seed=seed)), tmp_path / f"part{seed}").audio
        for seed, seconds in enumerate((7, 5, 9))
    ]


def samples_of(path: Path) -> np.ndarray:
    return np.rint(decoded(path) * 32768).astype(np.int64)


@pytest.mark.parametrize("format", LOSSLESS)
def test_pieces_that_follow_each_other_come_out_as_the_file_they_were_cut_from(parts, tmp_path, format):
    cuts = [0, 1, 10_000, 10_001, 99_999, 7 * RATE]
    pieces = [Piece(parts[0], start, end) for start, end in pairwise(cuts)]
    target = tmp_path / "joined"
    join(pieces, target, format=format)
    assert np.array_equal(samples_of(target), samples_of(parts[0]))


def four_pieces(parts: list[Path]) -> list[Piece | Silence]:
    return [Piece(parts[2], 100, 200_123), Silence(12_345), Piece(parts[0], 0, 77_777), Piece(parts[1], 3, 1000)]


@pytest.mark.parametrize("format", ["mp3", "flac", "wav"])
def test_joined_file_holds_exactly_the_samples_that_were_counted(parts, tmp_path, format):
    target = tmp_path / "joined"
    joined = join(four_pieces(parts), target, format=format)
    assert len(decoded(target)) == joined.samples == sum(piece.samples for piece in four_pieces(parts))
    assert joined.bytes == target.stat().st_size


def test_m4b_says_exactly_how_long_it_is_and_what_is_more_is_silent(parts, tmp_path):
    target = tmp_path / "joined"
    joined = join(four_pieces(parts), target, format="m4b")
    with av.open(str(target)) as file:
        stream = file.streams.audio[0]
        assert (stream.start_time, stream.duration * stream.time_base * RATE) == (0, joined.samples)
    more = decoded(target)[joined.samples :]
    assert len(more) < 1024
    assert np.abs(more).max(initial=0) < 0.05


@pytest.mark.parametrize("format", ALL)
def test_every_piece_is_heard_at_its_place_to_the_sample(parts, tmp_path, format):
    """Found by correlation with what was cut, so an encoder's delay would show."""
    whole = [decoded(part)[:, 0] for part in parts]
    pieces = [
        Piece(parts[1], 20_000, 60_000),
        Silence(8000),
        Piece(parts[2], 5000, 100_000),
        Piece(parts[0], 9, 50_000),
    ]
    target = tmp_path / "joined"
    join(pieces, target, format=format, bitrate=128_000)
    heard, place = decoded(target)[:, 0], 0
    for piece in pieces:
        if isinstance(piece, Piece):
            middle = (piece.start + piece.end) // 2
            known = whole[parts.index(piece.path)][middle - 4000 : middle + 4000]
            begins = place + middle - 4000 - piece.start
            around = heard[begins - 2000 : begins + 10_000]
            assert int(np.correlate(around, known).argmax()) - 2000 == 0
        place += piece.samples


@pytest.mark.parametrize("format", ["mp3", "m4b", "flac"])
def test_chapter_marks_and_cover_and_tags_are_read_back(parts, tmp_path, format):
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(picture, "JPEG")
    pieces = [Piece(part, 0, length * RATE) for part, length in zip(parts, (7, 5, 9), strict=True)]
    marks = [Mark("Вступ", 0), Mark("第二章", 7 * RATE), Mark("Three", 12 * RATE)]
    target = tmp_path / "joined"
    tags = {"title": "A book", "artist": "Someone"}
    join(pieces, target, format=format, marks=marks, cover=picture.getvalue(), tags=tags)
    with av.open(str(target)) as file:
        chapters = [
            (chapter["metadata"]["title"], float(chapter["start"] * chapter["time_base"]), chapter["end"])
            for chapter in file.chapters()
        ]
        kinds = [stream.type for stream in file.streams]
        assert [(title, start) for title, start, _ in chapters] == [("Вступ", 0), ("第二章", 7), ("Three", 12)]
        assert file.metadata["title"] == "A book"
        assert file.metadata["artist"] == "Someone"
        assert "video" in kinds
        assert next(iter(file.decode(video=0))).width == 300


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "GIF"), ("RGB", "WEBP")])
def test_cover_of_any_kind_becomes_one_that_players_know(parts, tmp_path, mode, kind):
    picture = io.BytesIO()
    Image.new(mode, (2000, 1000)).save(picture, kind)
    target = tmp_path / "book.m4b"
    join([Piece(parts[0], 0, RATE)], target, format="m4b", cover=picture.getvalue())
    with av.open(str(target)) as file:
        shown = next(iter(file.decode(video=0)))
        assert (shown.width, shown.height) == (1400, 700)
        assert file.streams.video[0].codec_context.name == "mjpeg"


@pytest.mark.parametrize("cover", [b"<svg/>", b"\xff\xd8\xff broken", b"GIF89a"])
def test_book_is_not_held_up_by_a_cover_that_cannot_be_opened(parts, tmp_path, cover):
    joined = join([Piece(parts[0], 0, RATE)], tmp_path / "book.mp3", format="mp3", cover=cover)
    assert joined.samples == RATE


def test_nothing_clicks_where_pieces_meet(tmp_path):
    """Two loud tones, cut at their crests: the worst join there can be."""
    source = take_in(write(tmp_path / "tone", tone(4, level=0.9)), tmp_path / "part").audio
    crest = round(RATE / 220 / 4)
    pieces = [Piece(source, 0, 2 * RATE + crest), Piece(source, RATE, 3 * RATE + 2 * crest), Silence(RATE)]
    target = tmp_path / "joined"
    join(pieces, target, format="flac")
    steps = np.abs(np.diff(decoded(target)[:, 0]))
    assert steps.max() < 1.05 * np.abs(np.diff(tone(1, level=0.9))).max()


def test_pieces_of_two_sample_rates_are_refused(tmp_path):
    one = take_in(write(tmp_path / "one", tone(1)), tmp_path / "a").audio
    other = take_in(write(tmp_path / "other", tone(1, rate=24_000), rate=24_000), tmp_path / "b").audio
    with pytest.raises(SoundError, match="differ"):
        join([Piece(one, 0, 100), Piece(other, 0, 100)], tmp_path / "joined", format="wav")


def test_piece_beyond_the_end_of_its_file_is_refused(parts, tmp_path):
    with pytest.raises(SoundError, match="shorter"):
        join([Piece(parts[1], 0, 5 * RATE + 1)], tmp_path / "joined", format="wav")


def test_progress_rises_to_one_hundred(parts, tmp_path):
    said: list[int] = []
    join([Piece(parts[0], 0, 7 * RATE)], tmp_path / "joined", format="wav", progress=said.append)
    assert said == sorted(said)
    assert said[-1] == 100


def test_memory_does_not_grow_with_the_length(parts, tmp_path):
    """Five minutes are 19 MB of samples, and twice that as numbers with a fraction."""
    process, seen = psutil.Process(), []
    join([Piece(parts[0], 0, 7 * RATE)], tmp_path / "warm", format="wav", loudness_lufs=-20)
    pieces = [Piece(parts[place % 2], place * 100, 5 * RATE - place) for place in range(60)]
    join(
        pieces,
        tmp_path / "joined",
        format="wav",
        loudness_lufs=-20,
        progress=lambda percent: seen.append(process.memory_info().rss),
    )
    assert len(seen) > 90
    assert max(seen) - min(seen[:5]) < 8 << 20

"""All that is done with what MiniMax sent for a text: taken in, cut into sentences, hashed. It is decoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from apps.books.sound.aligning import rough_ends
from apps.books.sound.cutting import Levels, find_cuts
from apps.books.sound.pieces import Spoken
from apps.books.sound.reading import Samples
from apps.books.sound.taking import take_in

BLOCK = 1 << 20  # bytes


def receive(
    path: Path,
    folder: Path,
    *,
    text: str,
    ends: Sequence[int],
    sample_rate: int | None = None,
    channels: int | None = None,
    format: str = "",
) -> Spoken:
    """Write the sound in `path` to `folder` as FLAC, and say where the sentences of `text` are in it; blocks.

    ends: where each sentence ends in `text`, rising. The others as in `taking.take_in`. Needs room for the samples
    beside the FLAC while it works: 230 MB for an hour of one channel at 32 kHz. Raises SoundError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    samples = folder / "samples"
    try:
        with samples.open("wb") as file:
            ear = _Ear(file)
            received = take_in(path, folder, sample_rate=sample_rate, channels=channels, format=format, hear=ear)
        cuts = find_cuts(ear.levels, rough_ends(text, ends, received.subtitles, 1000 * received.duration_s))
        hashes = list(_hashes_of(samples, [0, *cuts], 2 * received.channels))
    finally:
        samples.unlink(missing_ok=True)
    return Spoken(received, cuts, hashes, ear.levels.ends_abruptly)


class _Ear:
    """Keeps what it hears as samples, and how loud it was."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.levels = file, Levels(0)

    def __call__(self, block: Samples, rate: int) -> None:
        if not self.levels.samples:
            self.levels = Levels(rate)
        self.levels.add(block)
        self.file.write(np.ascontiguousarray(block, "<i2").data)


def _hashes_of(path: Path, edges: Sequence[int], width: int) -> Iterator[str]:
    """SHA-256 of the samples from each edge to the next (16 bit, little endian, channels in turn). width: bytes."""
    with path.open("rb") as file:
        for start, end in pairwise(edges):
            sum, left = hashlib.sha256(), (end - start) * width
            file.seek(start * width)
            while left > 0:
                block = file.read(min(BLOCK, left))
                sum.update(block)
                left -= len(block)
            yield sum.hexdigest()

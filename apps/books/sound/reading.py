"""Reads pieces, sample by sample, one after another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from apps.books.sound.pieces import Piece, SoundError

Samples: TypeAlias = npt.NDArray[np.int16]  # one row for each moment, one column for each channel

SKIP_S = 3  # decoding so far ahead is quicker than seeking
STEP_BACK = 1 << 16  # samples


class Reader:
    """Reads pieces. The file of the last one stays open, so pieces that follow each other are decoded once."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._container: Any = None
        self._frames: Iterator[Any] = iter(())
        self._rest: Samples = np.empty((0, 1), np.int16)
        self._place = 0  # the sample that `_rest` begins with
        self.sample_rate = 0  # of the file that is open
        self.channels = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._container:
            self._container.close()
        self._container = self._path = None
        self._frames = iter(())

    def open(self, path: Path) -> None:
        if self._path == path:
            return
        self.close()
        try:
            self._container = av.open(str(path))
            stream = self._container.streams.audio[0]
        except (OSError, av.error.FFmpegError, IndexError) as exc:
            raise SoundError(f"{path.name} cannot be opened as sound.") from exc
        if stream.codec_context.format.name != "s16":
            raise SoundError(f"{path.name} is not 16-bit sound.")
        self._path = path
        self.sample_rate, self.channels = stream.codec_context.sample_rate, stream.codec_context.layout.nb_channels
        self._begin()

    def read(self, piece: Piece) -> Iterator[Samples]:
        """Yield exactly the piece's samples, block by block. Raises SoundError, also when the file is too short."""
        if not 0 <= piece.start <= piece.end:
            raise SoundError(f"A piece of {piece.path.name} ends before it starts.")
        self.open(piece.path)
        self._go_to(piece.start)
        left = piece.samples
        while left:
            block = self._next()
            if len(block) > left:
                block, rest = block[:left], block[left:]
                self._rest, self._place = rest, self._place - len(rest)
            left -= len(block)
            yield block

    def read_all(self) -> Iterator[Samples]:
        """Yield the whole file that is open, from its start."""
        self._go_to(0)
        if len(self._rest):
            yield self._next()
        for frame in self._frames:
            block = self._samples_of(frame)
            self._place += len(block)
            yield block

    def _begin(self) -> None:
        self._frames = self._decoded()
        self._rest, self._place = np.empty((0, self.channels), np.int16), 0

    def _decoded(self) -> Iterator[Any]:
        try:
            yield from self._container.decode(audio=0)
        except av.error.FFmpegError as exc:
            raise SoundError(f"{self._path and self._path.name} is damaged.") from exc

    def _go_to(self, sample: int) -> None:
        if not 0 <= sample - self._place <= SKIP_S * self.sample_rate:
            self._seek(sample)
        while self._place < sample:
            block = self._next()
            over = self._place - sample
            if over > 0:
                self._rest, self._place = block[-over:], sample

    def _seek(self, sample: int) -> None:
        """Stand at `sample` or a little before it."""
        stream = self._container.streams.audio[0]
        aim = sample
        while aim > 0:
            self._container.seek(int(aim / self.sample_rate / stream.time_base), stream=stream)
            self._begin()
            frame = None
            with contextlib.suppress(SoundError):
                frame = next(self._frames, None)
            if frame is not None and frame.pts is not None:
                begins = round(frame.pts * stream.time_base * self.sample_rate)
                if begins <= sample:
                    self._rest, self._place = self._samples_of(frame), begins
                    return
            aim -= STEP_BACK
        self._container.seek(0, stream=stream)
        self._begin()

    def _next(self) -> Samples:
        if len(self._rest):
            block, self._rest = self._rest, self._rest[:0]
        else:
            frame = next(self._frames, None)
            if frame is None:
                raise SoundError(f"{self._path and self._path.name} is shorter than the pieces that were cut from it.")
            block = self._samples_of(frame)
        self._place += len(block)
        return block

    def _samples_of(self, frame: Any) -> Samples:
        return np.frombuffer(frame.planes[0], np.int16, frame.samples * self.channels).reshape(-1, self.channels)

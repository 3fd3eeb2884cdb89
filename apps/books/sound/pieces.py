"""What the sound of a book is made of, counted in samples. Nothing here needs a decoder, so anyone may import it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class SoundError(Exception):
    """The sound cannot be used; the text is a sentence that says why."""


@dataclass(frozen=True)
class Piece:
    """The samples from `start` up to, not including, `end` of a file that `taking` wrote."""

    path: Path
    start: int
    end: int

    @property
    def samples(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Silence:
    samples: int


@dataclass(frozen=True)
class Mark:
    """A chapter begins here."""

    title: str
    start_sample: int


@dataclass(frozen=True)
class Joined:
    samples: int
    sample_rate: int  # Hz
    bytes: int
    channels: int = 1
    loudness_lufs: float | None = None  # of what was written, before a codec with losses; None: silent
    peak_dbfs: float | None = None  # loudest sample; None: silent
    peaks: list[int] = field(default_factory=list)  # as a waveform is drawn from: see apps.library.audio.Waveform

    @property
    def duration_s(self) -> float:
        return self.samples / self.sample_rate


@dataclass(frozen=True)
class Cue:
    """One entry of MiniMax's subtitle file. Positions count the characters of the text that was sent."""

    text: str
    start_ms: float
    end_ms: float
    text_begin: int | None = None
    text_end: int | None = None


@dataclass(frozen=True)
class Received:
    audio: Path  # FLAC, 16 bit
    sample_rate: int  # Hz
    channels: int
    samples: int
    subtitles: list[Cue] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)  # what MiniMax says about the sound

    @property
    def duration_s(self) -> float:
        return self.samples / self.sample_rate


@dataclass(frozen=True)
class Spoken:
    """What came for a text, sentence by sentence."""

    received: Received
    cuts: list[int]  # the sample at which each sentence ends
    hashes: list[str]  # of each sentence's samples
    ends_abruptly: bool  # in the middle of something loud

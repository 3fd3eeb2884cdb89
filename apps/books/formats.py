"""What a book, or a chapter, can be written as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Format:
    label: Any
    suffix: str
    content_type: str
    bitrate: int  # bit/s; for those without loss it does not matter
    codec: str  # FFmpeg's names, as it says them when the file is opened
    container: str


FORMATS = {
    "mp3": Format(gettext_lazy("MP3"), "mp3", "audio/mpeg", 128_000, "mp3", "mp3"),
    "m4b": Format(gettext_lazy("M4B audiobook"), "m4b", "audio/mp4", 64_000, "aac", "mov,mp4,m4a,3gp,3g2,mj2"),
    "flac": Format(gettext_lazy("FLAC"), "flac", "audio/flac", 0, "flac", "flac"),
    "wav": Format(gettext_lazy("WAV"), "wav", "audio/wav", 0, "pcm_s16le", "wav"),
}
LOUDNESS_LUFS = (-23.0, -18.0, -16.0, -14.0)  # broadcast, audiobooks, podcasts, streaming
LISTEN = "listen-"  # how the click of a file begins that is to be heard on the page, not to be taken away

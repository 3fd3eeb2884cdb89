"""What comes back: audio, words with their times, and MiniMax's own count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.minimax import messages
from apps.minimax.errors import (
    BrokenAnswerError,
    MiniMaxError,
)


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True)
class Subtitle:
    text: str
    start_ms: float
    end_ms: float
    words: tuple[Word, ...]  # only for subtitle_type "word" and "word_streaming"


@dataclass(frozen=True)
class SpeechInfo:
    """`extra_info` as MiniMax measured it; 0 or "" where it said nothing."""

    audio_length_ms: float = 0
    audio_sample_rate: int = 0  # Hz
    audio_size: int = 0  # bytes
    bitrate: int = 0  # bit/s
    word_count: int = 0  # spoken units: ideographs, digits, letters
    usage_characters: int = 0  # billed
    audio_format: str = ""
    audio_channel: int = 0


@dataclass(frozen=True)
class Speech:
    audio: bytes | None  # None when a link was asked for
    url: str  # lives `catalogue.lifetimes.speech_url`
    subtitles: tuple[Subtitle, ...]
    info: SpeechInfo
    trace_id: str
    subtitles_error: MiniMaxError | None = None  # the audio is whole, only its subtitles could not be had


@dataclass(frozen=True, slots=True)
class AudioPiece:
    """The next bytes of the audio; pieces are parts of one file and cannot be decoded alone."""

    audio: bytes
    words: tuple[Word, ...] = ()  # newly covered words, where MiniMax tells; times from the start of this text's audio


@dataclass(frozen=True)
class SpeechEnd:
    """The audio is complete. From a live socket: the sums over all its texts, without subtitles."""

    info: SpeechInfo
    subtitles: tuple[Subtitle, ...]
    trace_id: str
    subtitles_error: MiniMaxError | None = None


@dataclass(frozen=True)
class TextDone:
    """A live socket has spoken one of its texts; subtitle times count from the start of this text's audio."""

    info: SpeechInfo
    subtitles: tuple[Subtitle, ...]
    trace_id: str
    subtitles_error: MiniMaxError | None = None


@dataclass(frozen=True)
class TextSkipped:
    """A live socket passed over one of its texts (empty, too long) and goes on; nothing was charged for it."""

    error: MiniMaxError


def read_subtitles(rows: Any) -> tuple[Subtitle, ...]:
    """The subtitle file's array. Raises BrokenAnswerError for anything else."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BrokenAnswerError(messages.BAD_SUBTITLES, charged="no", next_step=messages.TRY_AGAIN)
    try:
        return tuple(
            Subtitle(_text(row.get("text")), float(row["time_begin"]), float(row["time_end"]), tuple(_words(row)))
            for row in rows
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise BrokenAnswerError(messages.BAD_SUBTITLES, charged="no", next_step=messages.TRY_AGAIN) from exc


def _words(row: Mapping[str, Any]) -> list[Word]:
    return [
        Word(_text(word.get("word")), float(word["time_begin"]), float(word["time_end"]))
        for word in row.get("timestamped_words") or []
    ]


def _text(value: Any) -> str:
    return str(value or "").removeprefix("\ufeff")  # some files carry a byte-order mark inside the first text


def subtitles_from(content: bytes) -> tuple[Subtitle, ...]:
    try:
        rows = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        rows = None
    return read_subtitles(rows)


def words_in(data: Mapping[str, Any]) -> tuple[Word, ...]:
    """Word times inside a piece. Where they stand is not documented; anything unexpected is left alone."""
    rows = data.get("subtitle")
    if not rows:
        return ()
    try:
        return tuple(word for subtitle in read_subtitles(rows) for word in subtitle.words)
    except BrokenAnswerError:
        return ()


def _number(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def read_info(extra: Any) -> SpeechInfo:
    if not isinstance(extra, dict):
        return SpeechInfo()
    return SpeechInfo(
        audio_length_ms=_number(extra.get("audio_length")),
        audio_sample_rate=_number(extra.get("audio_sample_rate")),
        audio_size=_number(extra.get("audio_size")),
        bitrate=_number(extra.get("bitrate")),
        word_count=_number(extra.get("word_count")),
        usage_characters=_number(extra.get("usage_characters")),
        audio_format=str(extra.get("audio_format") or ""),
        audio_channel=_number(extra.get("audio_channel")),
    )


def subtitle_link(data: Any) -> str:
    found = data.get("subtitle_file") if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""

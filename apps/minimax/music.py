"""Songs, and words for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.minimax import messages
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import BrokenAnswerError

MUSIC_PATH = "/v1/music_generation"
LYRICS_PATH = "/v1/lyrics_generation"

OutputFormat = Literal["hex", "url"]
Mode = Literal["write_full_song", "edit"]


@dataclass(frozen=True)
class MusicRequest:
    """What a song is made from. Which of the texts a model wants stands in `catalogue.music.texts`."""

    model: str
    prompt: str = ""  # style, mood, scene
    lyrics: str = ""  # lines, with section tags such as [Verse] on lines of their own
    lyrics_optimizer: bool = False  # MiniMax writes the words from `prompt`; only without `lyrics`
    is_instrumental: bool = False
    sample_rate: int | None = None  # Hz
    bitrate: int | None = None  # bit/s
    format: str | None = None  # mp3, wav or pcm (16 bit, little endian, without a container)

    def body(self) -> dict[str, Any]:
        """The fields as the wire wants them. What is empty is left out: older models know fewer fields."""
        audio = {"sample_rate": self.sample_rate, "bitrate": self.bitrate, "format": self.format}
        told = {
            "prompt": self.prompt,
            "lyrics": self.lyrics,
            "lyrics_optimizer": self.lyrics_optimizer,
            "is_instrumental": self.is_instrumental,
            "audio_setting": {name: value for name, value in audio.items() if value is not None},
        }
        return {"model": self.model, **{name: value for name, value in told.items() if value}}


@dataclass(frozen=True)
class Song:
    """A finished song: either its bytes, or a link to them that lives 24 hours."""

    audio: bytes  # empty when it lies behind `url`
    url: str  # empty when the bytes came along
    duration_ms: int  # this and the rest as MiniMax reported them; 0: it did not
    sample_rate: int
    channel: int
    bitrate: int
    size: int  # bytes
    trace_id: str


@dataclass(frozen=True)
class Lyrics:
    """Words for a song."""

    song_title: str
    style_tags: str  # one comma-separated line, ready to be a song's `prompt`
    lyrics: str
    trace_id: str


def generate_music(client: MiniMaxClient, request: MusicRequest, *, output_format: OutputFormat = "hex") -> Song:
    """Make a song; blocks until it is ready, up to ten minutes.

    output_format: whether the bytes should come with the answer or lie behind a link. Servers of the same shape do not
    always give what was asked for, and put the link into `audio` or into `audio_url`: whatever came is in the `Song`.
    Raises ContentRejectedError for refused words, BrokenAnswerError for an answer without a whole song, else another
    MiniMaxError.
    Source: https://platform.minimax.io/docs/api-reference/music-generation
    """
    payload = client.post(MUSIC_PATH, {**request.body(), "output_format": output_format})
    data, info = _dictionary(payload, "data"), _dictionary(payload, "extra_info")
    trace_id = str(payload.get("trace_id") or "")
    audio, url = _audio_in(data, trace_id)
    size = _number(info, "music_size")
    if data.get("status") == 1:
        raise BrokenAnswerError(messages.UNFINISHED_AUDIO, trace_id=trace_id)
    if audio and len(audio) < size:
        raise BrokenAnswerError(messages.SHORT_AUDIO, trace_id=trace_id, charged="yes")
    return Song(
        audio=audio,
        url=url,
        duration_ms=_number(info, "music_duration"),
        sample_rate=_number(info, "music_sample_rate"),
        channel=_number(info, "music_channel"),
        bitrate=_number(info, "bitrate"),
        size=size,
        trace_id=trace_id,
    )


def write_lyrics(client: MiniMaxClient, *, mode: Mode, prompt: str = "", lyrics: str = "", title: str = "") -> Lyrics:
    """Have words written for a song, or words changed.

    prompt: what the song is about (empty: anything); with mode "edit" what to change or how to go on.
    lyrics: those to be changed; not sent otherwise. title: kept as it is given. The section tags of the answer are
    spelled differently from those of `generate_music` ([Pre-Chorus], [Pre Chorus]); it takes both.
    Source: https://platform.minimax.io/docs/api-reference/lyrics-generation
    """
    told = {"prompt": prompt, "lyrics": lyrics if mode == "edit" else "", "title": title}
    payload = client.post(LYRICS_PATH, {"mode": mode, **{name: value for name, value in told.items() if value}})
    trace_id = str(payload.get("trace_id") or "")
    written = payload.get("lyrics")
    if not isinstance(written, str) or not written.strip():
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    return Lyrics(
        song_title=str(payload.get("song_title") or title),
        style_tags=str(payload.get("style_tags") or ""),
        lyrics=written.strip(),
        trace_id=trace_id,
    )


def _audio_in(data: Mapping[str, Any], trace_id: str) -> tuple[bytes, str]:
    """The bytes or the link, whichever came and under whichever name."""
    found = [value for name in ("audio", "audio_url") if isinstance(value := data.get(name), str) and value]
    for value in found:
        if value.startswith(("http://", "https://")):
            return b"", value
    if not found:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    try:
        return bytes.fromhex(found[0]), ""
    except ValueError as exc:
        raise BrokenAnswerError(messages.BAD_AUDIO, trace_id=trace_id, charged="yes") from exc


def _dictionary(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _number(info: Mapping[str, Any], name: str) -> int:
    try:
        return max(0, int(info.get(name) or 0))
    except (TypeError, ValueError, OverflowError):
        return 0

"""The work, and the two kinds of job: MUSIC makes a song, LYRICS makes words for one."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from apps.jobs.kinds import Errand, Finished, Kind, Result
from apps.minimax import catalogue
from apps.minimax.errors import MiniMaxError
from apps.minimax.music import MusicRequest, Song, generate_music, write_lyrics
from apps.music.forms import LyricsForm, MusicForm
from apps.music.lyrics import read_sections
from apps.music.models import Writing
from apps.workspaces.storable import storable

PCM_BYTES = 2  # for each sample


def price(request: Mapping[str, Any]) -> Decimal | None:
    return catalogue.prices.music.get(str(request.get("model")))


def title(request: Mapping[str, Any]) -> str:
    """What a person called the song; else its first line, else its style."""
    sung = next((line for section in read_sections(request["lyrics"]) for line in section.lines), "")
    return str(request["title"] or sung or request["prompt"] or translate("Song"))


def submit(errand: Errand) -> Finished:
    """Ask MiniMax for the job's song.

    An MP3 comes with the answer, so that no link can end. A WAV of five minutes is 50 MB, twice that in hex: it comes
    as a link, which is fetched straight to the disk.
    """
    request = errand.job.request
    song = generate_music(
        errand.client, wire_request(request), output_format="url" if request["format"] == "wav" else "hex"
    )
    return Finished(
        results=[_result(errand, song)],
        trace_id=song.trace_id,
        usage={"songs": 1, **({"music_duration_ms": song.duration_ms} if song.duration_ms else {})},
    )


def wire_request(request: Mapping[str, Any]) -> MusicRequest:
    return MusicRequest(
        model=request["model"],
        prompt=request["prompt"],
        lyrics=request["lyrics"],
        lyrics_optimizer=request["lyrics_optimizer"],
        is_instrumental=request["is_instrumental"],
        sample_rate=request["sample_rate"],
        bitrate=request["bitrate"],
        format=request["format"],
    )


def _result(errand: Errand, song: Song) -> Result:
    request = errand.job.request
    if request["format"] != "pcm":
        if song.url:
            return Result("audio", url=song.url, lifetime_s=catalogue.lifetimes.music_url)
        return errand.keep(song.audio, "audio")
    audio = song.audio
    if song.url:
        try:
            audio = errand.client.download(song.url)
        except MiniMaxError as error:
            raise error.after_work("yes") from error  # the song was made: never ask for it again unseen
    return errand.keep(_in_container(audio, song.sample_rate or request["sample_rate"], song.channel), "audio")


def _in_container(samples: bytes, sample_rate: int, channel: int) -> bytes:
    """PCM says nothing about itself, and nothing could open it next year: the same samples as a WAV."""
    if samples.startswith(b"RIFF"):
        return samples
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channel or catalogue.music.default_channel)
        sound.setsampwidth(PCM_BYTES)
        sound.setframerate(sample_rate)
        sound.writeframes(samples)
    return file.getvalue()


MUSIC = Kind(
    name="music",
    label=_("Music"),
    icon="music",
    page="music:index",
    family="music",
    form=MusicForm,
    title=title,
    price=price,
    submit=submit,
)


def lyrics_price(request: Mapping[str, Any]) -> Decimal | None:
    return catalogue.prices.lyrics


def lyrics_title(request: Mapping[str, Any]) -> str:
    return str(request["title"] or request["prompt"] or translate("Lyrics about anything"))


def submit_lyrics(errand: Errand) -> Finished:
    """Ask MiniMax for words, and keep them with the job at once."""
    request = errand.job.request
    written = write_lyrics(
        errand.client,
        mode=request["mode"],
        prompt=request["prompt"],
        lyrics=request["lyrics"],
        title=request["title"],
    )
    texts = {"song_title": written.song_title[:200], "style_tags": written.style_tags, "lyrics": written.lyrics}
    Writing.objects.update_or_create(job=errand.job, defaults=storable(texts))
    return Finished(results=[], trace_id=written.trace_id, usage={"lyrics": 1})


LYRICS = Kind(
    name="lyrics",
    label=_("Lyrics"),
    icon="pen-line",
    page="music:index",
    family="music",
    form=LyricsForm,
    title=lyrics_title,
    price=lyrics_price,
    submit=submit_lyrics,
    has_files=False,
)

"""Turns the sound that was streamed into the format that was asked for.

A program of its own (`python encoding.py SOURCE TARGET …`): the encoders are native code and take memory, and neither
may trouble the process that carries live streams.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import wave
from pathlib import Path


class Container:
    """How one kept format is written. `codec` and `rate` are FFmpeg's."""

    def __init__(
        self, suffix: str, content_type: str, muxer: str, codec: str, rates: tuple[int, ...] = (), samples: str = "s16"
    ) -> None:
        self.suffix, self.content_type, self.muxer, self.codec = suffix, content_type, muxer, codec
        self.rates, self.samples = rates, samples  # empty: any rate


CONTAINERS = {
    "mp3": Container("mp3", "audio/mpeg", "mp3", "libmp3lame", samples="s16p"),
    "wav": Container("wav", "audio/wav", "wav", "pcm_s16le"),
    "flac": Container("flac", "audio/flac", "flac", "flac"),
    "opus": Container("ogg", "audio/ogg", "ogg", "libopus", rates=(8000, 12000, 16000, 24000, 48000)),
    "pcmu_wav": Container("wav", "audio/wav", "wav", "pcm_mulaw", rates=(8000,)),
}


def encode(source: Path, target: Path, *, streamed: dict, format: str, bitrate: int) -> str:
    """Write `source` (a stream: {format: "mp3"|"pcm", sample_rate, channel}) to `target` as `format`; blocks.

    Returns the format written: "wav" when the encoder failed, because nothing that was paid for may be lost.
    """
    command = [sys.executable, __file__, str(source), str(target), format, streamed["format"]]
    command += [str(streamed["sample_rate"]), str(streamed["channel"]), str(bitrate)]
    done = subprocess.run(command, check=False, capture_output=True, timeout=900)  # noqa: S603  (our own file and numbers)
    if done.returncode == 0:
        return format
    if streamed["format"] != "pcm":
        raise EncodingError(done.stderr.decode(errors="replace")[-500:])
    _wrap(source, target, streamed["sample_rate"], streamed["channel"])
    return "wav"


class EncodingError(Exception):
    """The sound could not be put into the format that was asked for."""


def _wrap(source: Path, target: Path, sample_rate: int, channel: int) -> None:
    with source.open("rb") as raw, wave.open(str(target), "wb") as file:
        file.setnchannels(channel)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        while block := raw.read(1 << 16):
            file.writeframesraw(block)


def _transcode(
    source: str, target: str, format: str, streamed: str, sample_rate: int, channel: int, bitrate: int
) -> None:
    import av  # only the child process pays for it
    from av.audio.stream import AudioStream

    container = CONTAINERS[format]
    layout = "stereo" if channel == 2 else "mono"
    raw = {"sample_rate": str(sample_rate), "ch_layout": layout} if streamed == "pcm" else {}
    rate = min(container.rates, key=lambda known: (known < sample_rate, abs(known - sample_rate)), default=sample_rate)
    with (
        av.open(source, format="s16le" if streamed == "pcm" else "mp3", options=raw) as given,
        av.open(target, "w", format=container.muxer) as made,
    ):
        out = made.add_stream(container.codec, rate=rate, layout=layout)
        assert isinstance(out, AudioStream)
        if format == "mp3":
            out.bit_rate = bitrate
        resampler = av.AudioResampler(
            format=container.samples, layout=layout, rate=rate, frame_size=out.frame_size or 0
        )
        for frame in given.decode(audio=0):
            frame.pts = None
            for piece in resampler.resample(frame):
                made.mux(out.encode(piece))
        for piece in resampler.resample(None):
            made.mux(out.encode(piece))
        made.mux(out.encode(None))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("source", "target", "format", "streamed"):
        parser.add_argument(name)
    for name in ("sample_rate", "channel", "bitrate"):
        parser.add_argument(name, type=int)
    _transcode(**vars(parser.parse_args()))

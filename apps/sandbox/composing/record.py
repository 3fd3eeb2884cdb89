"""The finished song as a file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from apps.sandbox.composing.mix import Stereo
from apps.sandbox.composing.synth import RATE
from apps.sandbox.engine.encoders import open_encoder

MADE_BY_AI = "Made by AI"


def _resampled(samples: Stereo, sample_rate: int, channel: int) -> NDArray[np.int16]:
    """Interleaved."""
    layout = "mono" if channel == 1 else "stereo"
    resampler = av.AudioResampler(format="s16", layout=layout, rate=sample_rate)
    parts = []
    for begin in range(0, samples.shape[1], 65536):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, begin : begin + 65536]), "fltp", "stereo")
        frame.sample_rate, frame.pts = RATE, begin
        parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(frame)]
    parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(None)]
    return np.concatenate(parts)


def write_song(
    samples: Stereo, path: Path, *, audio_format: str, sample_rate: int, bitrate: int, channel: int, watermark: bool
) -> dict[str, int]:
    """What the API tells about the file: milliseconds, rate, channels, bit rate, bytes."""
    plain = _resampled(samples, sample_rate, channel)
    if audio_format == "mp3":
        content, bitrate = _mp3(plain, sample_rate, bitrate, channel, watermark)
    else:
        encoder = open_encoder(
            audio_format,
            sample_rate=sample_rate,
            bitrate=bitrate,
            channel=channel,
            force_cbr=False,
            whole=True,
            header=True,
        )
        content = encoder.encode(plain) + encoder.finish()
        bitrate = encoder.bitrate(len(content))
    path.write_bytes(content)
    return {
        "music_duration": round(len(plain) / channel / sample_rate * 1000),
        "music_sample_rate": sample_rate,
        "music_channel": channel,
        "bitrate": bitrate,
        "music_size": len(content),
    }


def _mp3(plain: NDArray[np.int16], sample_rate: int, bitrate: int, channel: int, watermark: bool) -> tuple[bytes, int]:
    """With the header that tells players the length. The real bit rate: MPEG-2 stops at 160 kbit/s."""
    bitrate = min(bitrate, 160000 if sample_rate <= 24000 else 320000)
    out = BytesIO()
    with av.open(out, "w", format="mp3", options={"fflags": "+bitexact", "id3v2_version": "3"}) as container:
        if watermark:
            container.metadata["comment"] = MADE_BY_AI
        stream = container.add_stream("libmp3lame", rate=sample_rate)
        if not isinstance(stream, av.AudioStream):
            raise TypeError("libmp3lame does not encode sound")
        stream.layout = "mono" if channel == 1 else "stereo"
        stream.codec_context.format = "s16p"
        stream.bit_rate = bitrate
        stream.codec_context.options = {"compression_level": "7"}
        stream.codec_context.thread_count = 1
        stream.codec_context.open()
        size = stream.codec_context.frame_size
        channels = plain.reshape(-1, channel).T
        for begin in range(0, channels.shape[1], size):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(channels[:, begin : begin + size]), "s16p", "mono" if channel == 1 else "stereo"
            )
            frame.sample_rate, frame.pts = sample_rate, begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue(), bitrate

"""Sounds that behave like speech, music and the rest, made of nothing but sines and noise."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def speech(seconds: float, rate: int = 44_100) -> np.ndarray:
    """A voice that glides, in syllables, with a pause after every few of them, in a quiet room."""
    dice = np.random.default_rng(7)
    time = np.arange(round(seconds * rate)) / rate
    pitch = 130 + 30 * np.sin(2 * np.pi * 0.7 * time) + 12 * np.sin(2 * np.pi * 2.3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(number * phase) / number for number in range(1, 14))
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, 1) ** 0.5
    words = (time % 2.2) < 1.7
    loudness = 0.2 * syllables * words
    return (voice * loudness + dice.normal(0, 0.0006, len(time))).astype(np.float32)


def chords(seconds: float, rate: int = 44_100) -> np.ndarray:
    """Four chords, each held for two seconds, over and over."""
    time = np.arange(round(seconds * rate)) / rate
    sound = np.zeros(len(time))
    for place, root in enumerate((220.0, 174.6, 261.6, 196.0)):
        is_on = (time // 2 % 4) == place
        for interval in (1, 1.26, 1.498):
            sound += is_on * sum(np.sin(2 * np.pi * root * interval * n * time) / n for n in (1, 2, 3)) * 0.08
    return sound.astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = 44_100, *, channels: int = 1, codec: str = "") -> Path:
    """Write the samples in the format of the suffix."""
    muxers = {
        ".m4a": ("mp4", "aac", "fltp"),
        ".mp3": ("mp3", "libmp3lame", "s16p"),
        ".webm": ("webm", "libopus", "s16"),
    }
    muxer, usual, kind = muxers.get(path.suffix, ("wav", "pcm_s16le", "s16"))
    layout = "stereo" if channels == 2 else "mono"
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(codec or usual, rate=rate, layout=layout)
        container.start_encoding()
        resampler = av.AudioResampler(kind, layout, rate, frame_size=stream.codec_context.frame_size or 0)
        for start in range(0, len(samples), rate):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, start : start + rate]), "flt", "mono")
            frame.sample_rate = rate
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path

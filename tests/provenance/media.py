"""One small, real file of every kind that carries words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

SOUNDS = {
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "wav": ("wav", "pcm_s16le", "s16"),
    "flac": ("flac", "flac", "s16"),
    "opus": ("ogg", "libopus", "s16"),
    "m4a": ("ipod", "aac", "fltp"),
}
PICTURES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "mp4": "video/mp4",
}


def write_media(folder: Path, suffix: str) -> Path:
    path = folder / f"made.{suffix}"
    if suffix in PICTURES:
        shades = np.arange(64 * 48 * 3, dtype=np.uint32).reshape(48, 64, 3) % 251
        Image.fromarray(shades.astype(np.uint8)).save(path, PICTURES[suffix])
    elif suffix == "mp4":
        _write_film(path)
    else:
        _write_sound(path, *SOUNDS[suffix])
    return path


def _write_sound(path: Path, muxer: str, codec: str, samples: str) -> None:
    import av

    with av.open(str(path), "w", format=muxer) as made:
        made.metadata["artist"] = "Ada"
        stream = made.add_stream(codec, rate=48_000, layout="mono")
        tone = (np.sin(np.arange(24_000) / 20) * 9000).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(
            format=samples, layout="mono", rate=48_000, frame_size=stream.codec_context.frame_size
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            made.mux(stream.encode(piece))
        made.mux(stream.encode(None))


def _write_film(path: Path) -> None:
    import av

    with av.open(str(path), "w", options={"movflags": "faststart"}) as made:
        stream = made.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade * 20, np.uint8), format="rgb24")
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))


def decoded(data: bytes, suffix: str) -> bytes:
    """The picture or the sound itself, without what stands around it."""
    if suffix in PICTURES:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            return opened.tobytes()
    import av

    with av.open(io.BytesIO(data)) as file:
        return b"".join(frame.to_ndarray().tobytes() for frame in file.decode(file.streams[0]))

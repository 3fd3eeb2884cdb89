"""Small films with known contents."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)
SOUND_RATE = 44_100


def write_clip(
    path: Path,
    *,
    size: tuple[int, int] = (320, 180),
    fps: int = 24,
    seconds: float = 1.0,
    color: tuple[int, int, int] = RED,
    sound: bool = False,
) -> Path:
    """One colour that grows brighter picture by picture, so that each can be told from its neighbours."""
    count = round(fps * seconds)
    with av.open(str(path), "w") as made:
        out = made.add_stream("libx264", rate=fps, options={"crf": "10", "preset": "ultrafast"})
        out.width, out.height, out.pix_fmt = *size, "yuv420p"
        heard = made.add_stream("aac", rate=SOUND_RATE, layout="mono") if sound else None
        for number in range(count):
            picture = np.full((size[1], size[0], 3), color, np.uint8)
            picture[: size[1] // 4] = round(255 * number / count)
            made.mux(out.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        made.mux(out.encode(None))
        if heard:
            tone = np.sin(np.arange(round(SOUND_RATE * seconds)) * 0.06).astype(np.float32)
            for start in range(0, len(tone), 1024):
                frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
                made.mux(heard.encode(frame))
            made.mux(heard.encode(None))
    return path


def looks(path: Path, seconds: float) -> tuple[int, int, int]:
    """The colour in the middle of the picture that is seen then."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            if frame.time + 1e-6 >= seconds:
                picture = frame.to_ndarray(format="rgb24")
                return tuple(int(value) for value in picture[picture.shape[0] // 2, picture.shape[1] // 2])
    raise AssertionError(f"it ends before {seconds} s")


def is_like(one: tuple[int, ...], other: tuple[int, ...], within: int = 30) -> bool:
    return all(abs(a - b) <= within for a, b in zip(one, other, strict=True))

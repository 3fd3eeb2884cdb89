"""Opens pictures and films: measures them, and makes the small picture that stands for them.

A program of its own like `apps.library.audio`, for the same reason: decoders are native code that reads whatever came
over the network. Pillow and FFmpeg are imported by the child alone.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

POSTER_SIDE = 640  # pixels of the longer side
MOST_PIXELS = 64_000_000  # a picture that unpacks to more is refused before it is unpacked


@dataclass
class Measurements:
    """What decoding a picture, or a film from start to end, showed."""

    width: int = 0  # pixels, as it is shown
    height: int = 0
    codec: str = ""
    duration_s: float | None = None  # films only
    fps: float | None = None
    frames: int | None = None
    has_sound: bool = False
    faults: int = 0  # packets that could not be decoded


class DamagedError(Exception):
    """The file holds no picture that can be decoded; the text says what the decoder said."""


def measure(path: Path, poster: Path, *, timeout_s: float = 600) -> Measurements:
    """Decode all of `path` and write its poster, a WebP, to `poster`; blocks. Raises DamagedError."""
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    order = {"path": str(path), "poster": str(poster)}
    try:
        return Measurements(**run_child(Path(__file__), order=order, timeout_s=timeout_s))
    except ChildError as exc:
        raise DamagedError(str(exc)) from exc


# --- in the child process ---------------------------------------------------------------------------------------------


def _measure(path: str, poster: str) -> Measurements:
    with open(path, "rb") as file:  # noqa: PTH123  (a path from our own parent)
        is_film = file.read(12)[4:8] == b"ftyp"
    return _measure_film(path, poster) if is_film else _measure_picture(path, poster)


def _measure_picture(path: str, poster: str) -> Measurements:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(path) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise DamagedError("it is larger than any picture made here")
        codec = (picture.format or "").lower()
        picture.load()
        shown = ImageOps.exif_transpose(picture)
        found = Measurements(width=shown.width, height=shown.height, codec=codec)
        _write_poster(shown, poster)
    return found


def _measure_film(path: str, poster: str) -> Measurements:
    import av

    with av.open(path) as container:
        if not container.streams.video:
            raise DamagedError("there is no picture in it")
        stream: Any = container.streams.video[0]
        found = Measurements(
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            codec=stream.codec_context.name,
            fps=round(float(stream.average_rate or 0), 3),
            has_sound=bool(container.streams.audio),
        )
        count, end, first = 0, 0.0, None
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                found.faults += 1
                continue
            for frame in frames:
                first = first or frame.to_image()
                count += 1
                if frame.time is not None:
                    end = max(end, frame.time + 1 / (found.fps or 25))
        if first is None:
            raise DamagedError("not one picture of it can be decoded")
        found.frames, found.duration_s = count, round(end, 3)
        _write_poster(first, poster)
    return found


def _write_poster(picture: Any, target: str) -> None:
    small = picture.convert("RGB")
    small.thumbnail((POSTER_SIDE, POSTER_SIDE))
    small.save(target, "WEBP", quality=80, method=1)  # half the time of 4, a fifth more bytes


def main() -> None:
    order = json.load(sys.stdin)
    try:
        found = _measure(**order)
    except Exception as exc:
        sys.exit(f"{type(exc).__name__}: {exc}")
    json.dump(asdict(found), sys.stdout)


if __name__ == "__main__":
    main()

"""Pictures that people bring: opened in a process apart, turned upright, freed of what they tell about a person's life.

Like `apps.library.pictures` a program of its own: decoders are native code that reads whatever somebody sent.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_PIXELS = 64_000_000  # a picture that unpacks to more is refused before it is unpacked
READ = ("JPEG", "PNG", "WEBP")
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}  # what is written
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png"}


class NotAPictureError(Exception):
    """The file is not taken; `reason` is "type", "bomb" or "damaged"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Cleaned:
    format: str  # a key of TYPES
    width: int  # pixels, as it is shown
    height: int


def clean_picture(source: Path, target: Path, *, below_bytes: int, timeout_s: float = 60) -> Cleaned:
    """Write `source` to `target` upright, in sRGB and without metadata. Blocks.

    The name of the file counts for nothing, its content decides. Raises NotAPictureError.
    """
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    order = {"source": str(source), "target": str(target), "below_bytes": below_bytes}
    try:
        answer = run_child(Path(__file__), order=order, timeout_s=timeout_s)
    except ChildError as exc:
        raise NotAPictureError("damaged") from exc
    if answer.get("reason"):
        raise NotAPictureError(answer["reason"])
    return Cleaned(**answer)


# --- in the child process ---------------------------------------------------------------------------------------------


def _clean(source: str, target: str, below_bytes: int) -> dict[str, Any]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is unpacked
    try:
        picture: Any = Image.open(source, formats=list(READ))
    except UnidentifiedImageError:
        return {"reason": "type"}
    with picture:
        if picture.width * picture.height > MOST_PIXELS:
            return {"reason": "bomb"}
        as_png = picture.format == "PNG" or (picture.format == "WEBP" and picture.mode != "RGB")
        try:
            picture.load()
        except (OSError, SyntaxError, ValueError):
            return {"reason": "damaged"}
        upright = _in_srgb(ImageOps.exif_transpose(picture))
    size = {"width": upright.width, "height": upright.height}
    if as_png:
        plain = upright if upright.mode in ("L", "RGB", "RGBA") else upright.convert("RGBA")
        _without_notes(plain).save(target, "PNG", optimize=False)
        if Path(target).stat().st_size < below_bytes:
            return {"format": "PNG", **size}
    _without_notes(upright.convert("RGB")).save(target, "JPEG", quality=94, subsampling=0)
    if Path(target).stat().st_size >= below_bytes:
        _without_notes(upright.convert("RGB")).save(target, "JPEG", quality=88)
    return {"format": "JPEG", **size}


def _in_srgb(picture: Any) -> Any:
    """The same colours without the profile they were described with."""
    import io

    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK"):
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        return ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except ImageCms.PyCMSError:  # a broken profile says nothing about the picture
        return picture


def _without_notes(picture: Any) -> Any:
    """The samples alone: no EXIF, no place, no comment, no embedded thumbnail."""
    from PIL import Image

    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare


def main() -> None:
    json.dump(_clean(**json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()

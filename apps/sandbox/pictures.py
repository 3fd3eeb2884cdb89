"""Pictures that come with a request: fetched or decoded, then checked by their content, whatever they claim to be."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import urllib.request
from typing import Any

from PIL import Image, UnidentifiedImageError

from apps.sandbox.envelope import invalid
from apps.sandbox.rules import video

FETCH_S = 20.0
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


def _fetch(url: str, most: int) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "MiniMax-sandbox"})  # noqa: S310 - http(s) only, see below
    with urllib.request.urlopen(request, timeout=FETCH_S) as response:  # noqa: S310
        return response.read(most + 1)


async def read_picture(value: Any, field: str, limits: dict[str, Any] | None = None) -> tuple[bytes, str]:
    """The bytes and their extension. An http(s) address or a data URL; every rule of the catalogue or 2013."""
    limits = limits or video()["image"]
    if not isinstance(value, str) or not value:
        raise invalid(field, "must be an address or a data URL")
    if value.startswith("data:"):
        head, _, encoded = value.partition(",")
        if not head.startswith("data:image/") or not head.endswith(";base64"):
            raise invalid(field, "must be data:image/<type>;base64,…")
        try:
            content = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise invalid(field, "is not base64") from None
    elif value.startswith(("http://", "https://")):
        try:
            content = await asyncio.to_thread(_fetch, value, limits["below_bytes"])
        except (OSError, ValueError):
            raise invalid(field, "the address could not be fetched") from None
    else:
        raise invalid(field, "must be an address or a data URL")
    if len(content) >= limits["below_bytes"]:
        raise invalid(field, f"must be smaller than {limits['below_bytes'] >> 20} MB")
    return content, await asyncio.to_thread(_check, content, field, limits)


def _check(content: bytes, field: str, limits: dict[str, Any]) -> str:
    try:
        with Image.open(io.BytesIO(content), formats=[*FORMATS]) as image:
            extension, (width, height) = FORMATS[image.format or ""], image.size
            if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # lies on its side
                width, height = height, width
            if width * height > 120_000_000:
                raise invalid(field, "has too many pixels")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise invalid(field, "is not a JPG, PNG or WebP picture") from None
    if min(width, height) <= limits["short_side_above_px"]:
        raise invalid(field, f"the short side must be above {limits['short_side_above_px']} px")
    if "min_aspect_ratio" in limits and not limits["min_aspect_ratio"] <= width / height <= limits["max_aspect_ratio"]:
        raise invalid(field, "the aspect ratio must be between 2:5 and 5:2")
    return extension

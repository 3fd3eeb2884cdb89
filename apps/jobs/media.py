"""What a file really is, by its first bytes. Names and headers are claims."""

from __future__ import annotations

from pathlib import Path

# (offset, bytes, content type, suffix, media)
_SIGNS = (
    (0, b"\xff\xd8\xff", "image/jpeg", ".jpg", "image"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", ".png", "image"),
    (8, b"WEBP", "image/webp", ".webp", "image"),
    (4, b"ftyp", "video/mp4", ".mp4", "video"),
    (8, b"WAVE", "audio/wav", ".wav", "audio"),
    (0, b"fLaC", "audio/flac", ".flac", "audio"),
    (0, b"OggS", "audio/ogg", ".opus", "audio"),
    (0, b"ID3", "audio/mpeg", ".mp3", "audio"),
)


def media_type_of(path: Path, media: str) -> tuple[str, str]:
    """Return the content type and suffix of a file that should be an image, audio or video; empty ones if it is not."""
    with path.open("rb") as file:
        head = file.read(16)
    for offset, sign, content_type, suffix, kind in _SIGNS:
        if head.startswith(sign, offset):
            return (content_type, suffix) if kind == media else ("", "")
    if media == "audio" and len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # an MPEG frame without a tag
        return "audio/mpeg", ".mp3"
    return "", ""

"""Tells what a file is by opening it, whatever its name says.

A program of its own (JSON in, JSON out) like `apps.library.audio`: decoders are native code that reads whatever
somebody sent, and an archive may have been made to fill a machine's memory.
"""

from __future__ import annotations

import codecs
import json
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SEVERAL = 200  # lines of JSON that are read before a file counts as made of them
MOST_NAMES = 50_000  # in an archive
ODD = bytes(set(range(32)) - {9, 10, 12, 13, 27})  # control characters that no text holds


@dataclass
class Found:
    """What opening a file showed."""

    format: str = ""  # a format of the catalogue, or what else it is: "exe", "image", "video", "sheet"…; empty: unknown
    is_damaged: bool = False  # it begins as this format and cannot be read to its end
    duration_s: float | None = None  # of sound
    encoding: str = ""  # of text
    names: list[str] | None = None  # endings of what an archive holds


def recognise(path: Path, *, timeout_s: float = 120) -> Found:
    """Open `path`; blocks. A file that takes its opener down is damaged."""
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    try:
        return Found(**run_child(Path(__file__), "recognise", order={"path": str(path)}, timeout_s=timeout_s))
    except ChildError:
        return Found(is_damaged=True)


# --- in the child process ---------------------------------------------------------------------------------------------

OTHERS = (
    (0, b"MZ", "exe"),
    (0, b"\x7fELF", "exe"),
    (0, b"\xca\xfe\xba\xbe", "exe"),
    (0, b"\xcf\xfa\xed\xfe", "exe"),
    (0, b"#!", "script"),
    (0, b"\x89PNG\r\n\x1a\n", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"GIF8", "image"),
    (8, b"WEBP", "image"),
    (8, b"AVI ", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!", "rar"),
    (0, b"\xd0\xcf\x11\xe0", "doc"),
    (0, b"{\\rtf", "rtf"),
    (257, b"ustar", "tar"),
)


def look(path: Path) -> Found:
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"%PDF-"):
        return Found("pdf")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return look_into_archive(path)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return listen(path, "wav", "wav")
    if head[4:8] == b"ftyp":
        return listen(path, "mov", "m4a")
    if head.startswith(b"ID3"):
        return listen(path, "mp3", "mp3")
    for offset, sign, name in OTHERS:
        if head.startswith(sign, offset):
            return Found(name)
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and not head.startswith((b"\xff\xfe", b"\xff\xff")):
        found = listen(path, "mp3", "mp3")
        if not found.is_damaged:
            return found
    return read(path)


def listen(path: Path, demuxer: str, name: str) -> Found:
    """How long the sound is, by its packets: what a header says of it may be wrong."""
    import av

    try:
        with av.open(str(path), format=demuxer) as container:
            if not container.streams.audio or any(
                not stream.disposition & stream.disposition.attached_pic for stream in container.streams.video
            ):
                return Found("video" if container.streams.video else name, is_damaged=not container.streams.video)
            stream = container.streams.audio[0]
            base = float(stream.time_base or 0)
            packets = [packet.duration or 0 for packet in container.demux(stream)]
            opened = stream.codec_context.name
    except (av.FFmpegError, ValueError, OSError):
        return Found(name, is_damaged=True)
    seconds = sum(packets) * base
    if name == "m4a" and opened not in ("aac", "alac"):
        return Found("video")
    return Found(name, is_damaged=seconds <= 0, duration_s=seconds)


def look_into_archive(path: Path) -> Found:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return Found("zip", is_damaged=True)
    within = {*names[:MOST_NAMES]}
    if "word/document.xml" in within:
        return Found("docx")
    for sign, name in (
        ("xl/workbook.xml", "sheet"),
        ("ppt/presentation.xml", "slides"),
        ("META-INF/MANIFEST.MF", "exe"),
    ):
        if sign in within:
            return Found(name)
    if "META-INF/container.xml" in within:
        return Found("epub")
    return Found("zip", names=sorted({Path(name).suffix.lower() for name in within if not name.endswith("/")})[:20])


def read(path: Path) -> Found:
    """Text, if it is one from start to end."""
    with path.open("rb") as file:
        mark = file.read(4)
        if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding, is_wide = "utf-16", True
        else:
            encoding, is_wide = "utf-8-sig" if mark.startswith(codecs.BOM_UTF8) else "utf-8", False
        for guess in dict.fromkeys((encoding, *(() if is_wide else ("gb18030",)))):
            file.seek(0)
            decoder = codecs.getincrementaldecoder(guess)()
            try:
                while block := file.read(1 << 20):
                    if not is_wide and len(block.translate(None, ODD)) < len(block):
                        return Found()
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return Found("jsonl" if is_jsonl(path, guess) else "txt", encoding=guess)
    return Found()


def is_jsonl(path: Path, encoding: str) -> bool:
    seen = 0
    with path.open(encoding=encoding) as file:
        while seen < SEVERAL and (line := file.readline(1 << 20)):
            if not (line := line.strip()):
                continue
            if line[0] not in "{[":
                return False
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                return False
            seen += 1
    return seen > 0


def main() -> None:
    order: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(look(Path(order["path"]))), sys.stdout)


if __name__ == "__main__":
    main()

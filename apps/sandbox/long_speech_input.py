"""The texts of an uploaded file: a txt, or a zip of either txt or json members."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from apps.sandbox.envelope import RefusedError, invalid

FIELD = "text_file_id"
MOST_MEMBERS = 1000
KEYS = ("title", "content", "extra")
_LONGEST_CHARACTER = 4  # bytes of UTF-8


@dataclass(frozen=True)
class Unit:
    """What gets three files of its own in the result."""

    name: str
    text: str


def read_units(path: Path, most: int) -> list[Unit]:
    """`most`: characters in all. Raises RefusedError with 2013."""
    with path.open("rb") as file:
        is_zip = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    if not is_zip:
        if path.stat().st_size > _largest(most):
            raise _too_long(most)
        units = [Unit("content", _decode(path.read_bytes()))]
    else:
        units = _unzip(path, most)
    if sum(len(unit.text) for unit in units) > most:
        raise _too_long(most)
    return units


def _largest(most: int) -> int:
    return _LONGEST_CHARACTER * most + 3  # and a byte-order mark


def _too_long(most: int) -> RefusedError:
    return invalid(FIELD, f"the file must have less than {most + 1} characters")


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise invalid(FIELD, "the text is not UTF-8") from None


def _unzip(path: Path, most: int) -> list[Unit]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                member
                for member in archive.infolist()
                if not member.is_dir() and not member.filename.startswith("__MACOSX/")
            ]
            kinds = {PurePosixPath(member.filename).suffix.lower() for member in members}
            if kinds not in ({".txt"}, {".json"}):
                raise invalid(FIELD, "the members of a zip must all be txt, or all json")
            if len(members) > MOST_MEMBERS:
                raise invalid(FIELD, f"a zip must have at most {MOST_MEMBERS} members")
            left = _largest(most)
            units: list[Unit] = []
            for number, member in enumerate(members):
                with archive.open(member) as opened:
                    content = opened.read(left + 1)  # what the directory says of the size may be a lie
                left -= len(content)
                if left < 0:
                    raise _too_long(most)
                name = _name(member.filename, number)
                text = _decode(content)
                units += [Unit(name, text)] if kinds == {".txt"} else _fields(name, text)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
        raise invalid(FIELD, "the zip cannot be read") from None
    if not units:
        raise invalid(FIELD, "there is nothing to speak")
    return units


def _name(filename: str, number: int) -> str:
    """A folder or file of the result: nothing that leads elsewhere, and no two alike."""
    stem = re.sub(r"[^\w-]+", "_", PurePosixPath(filename).stem)[:60]
    return f"{number + 1}_{stem}"


def _fields(name: str, content: str) -> list[Unit]:
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise invalid(FIELD, "a json member must be an object")
    texts = {key: fields.get(key) or "" for key in KEYS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise invalid(FIELD, f"{', '.join(KEYS)} must be strings")
    return [Unit(f"{name}/{key}", text) for key, text in texts.items() if text.strip()]

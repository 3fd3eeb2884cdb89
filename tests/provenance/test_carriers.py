"""Words go into real files of every kind and come out again; the media themselves stay bit for bit."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from apps.provenance import carriers
from apps.provenance.carriers import NotCarriedError, Words
from tests.provenance.media import TYPES, decoded, write_media

SETTINGS = '{"format":"studio.settings","prompt":"Ein Käuzchen & 夜の歌 <b>\\"x\\"</b>"}'
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
WORDS = Words(SETTINGS, "Owl & moon", "Made with AI: Image · image-01", is_ai=True)


def written(source: bytes, words: Words = WORDS) -> bytes:
    target = io.BytesIO()
    carriers.write(io.BytesIO(source), target, words)
    return target.getvalue()


@pytest.mark.parametrize("suffix", TYPES)
def test_settings_are_found_again_and_the_medium_is_the_same(tmp_path: Path, suffix: str):
    plain = write_media(tmp_path, suffix).read_bytes()
    assert carriers.read(io.BytesIO(plain)) == ""
    marked = written(plain)
    assert carriers.read(io.BytesIO(marked)) == SETTINGS
    assert decoded(marked, suffix) == decoded(plain, suffix)


@pytest.mark.parametrize("suffix", TYPES)
def test_written_twice_they_are_there_once(tmp_path: Path, suffix: str):
    once = written(write_media(tmp_path, suffix).read_bytes(), Words("{}", "An older title", "", is_ai=True))
    again = written(once)
    assert carriers.read(io.BytesIO(again)) == SETTINGS
    assert b"An older title" not in again
    assert decoded(again, suffix) == decoded(once, suffix)


@pytest.mark.parametrize("suffix", ["mp3", "flac", "opus"])
def test_what_else_a_sound_said_of_itself_stays(tmp_path: Path, suffix: str):
    import av

    with av.open(io.BytesIO(written(write_media(tmp_path, suffix).read_bytes()))) as file:
        said = {name.lower(): value for name, value in {**file.metadata, **file.streams[0].metadata}.items()}
    assert (said["artist"], said["title"]) == ("Ada", "Owl & moon")


def test_any_program_can_read_that_a_machine_made_the_picture(tmp_path: Path):
    for suffix in ("png", "jpg", "webp"):
        with Image.open(io.BytesIO(written(write_media(tmp_path, suffix).read_bytes()))) as opened:
            said = ElementTree.fromstring(opened.info["xmp"]).find(".//{*}Description")
            assert said.attrib[f"{IPTC}DigitalSourceType"].endswith("/trainedAlgorithmicMedia"), suffix
            assert suffix != "png" or opened.text["studio.settings"] == SETTINGS


@pytest.mark.parametrize("suffix", TYPES)
def test_a_file_that_was_cut_off_is_refused_or_read_as_far_as_it_goes(tmp_path: Path, suffix: str):
    marked = written(write_media(tmp_path, suffix).read_bytes())
    for length in range(0, min(len(marked), 4_000), 97):
        try:
            assert carriers.read(io.BytesIO(marked[:length])) in ("", SETTINGS)
            written(marked[:length])
        except NotCarriedError:
            continue


def test_a_packed_text_is_unpacked_no_further_than_it_is_looked_at():
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(48)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    text = chunk(b"iTXt", b"studio.settings\0\1\0\0\0" + bomb)
    tracemalloc.start()
    found = carriers.read(io.BytesIO(b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IEND", b"")))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) <= 1 << 20
    assert most < 8 << 20


def test_a_long_film_passes_through_a_few_megabytes_of_memory(tmp_path: Path):
    """The file has holes, so it takes no room on the disk; only its beginning and end are kept of what is written."""
    size, path = 200 << 20, tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.write(struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4sQ", 1, b"mdat", size))
        file.truncate(16 + size)

    class Counting(io.RawIOBase):
        written, tail = 0, b""

        def write(self, block) -> int:
            self.written += len(block)
            self.tail = (self.tail + bytes(block[-8192:]))[-8192:]
            return len(block)

    target = Counting()
    tracemalloc.start()
    with path.open("rb") as source:
        carriers.write(source, target, WORDS)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert target.written > size
    assert b"studio:settings" in target.tail
    assert most < 8 << 20

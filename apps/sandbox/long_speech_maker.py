"""Makes the sound of a long text, part by part, straight into the file that will be given out: memory stays flat."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.billing import billed_characters, invisible_ratio, word_count
from apps.sandbox.engine.encoders import PlainEncoder
from apps.sandbox.engine.espeak import SAMPLE_RATE, Espeak, EspeakError, Spoken
from apps.sandbox.engine.performance import Performance, Step
from apps.sandbox.engine.script import Sentence, cut_into_parts, read
from apps.sandbox.engine.subtitles import subtitles

PART = 2500  # characters that are read and spoken in one go
RESULT = "result"  # as the kind in long_speech.py names it; this module is for the makers' process alone
_TUNED = 3  # sentences by which a copied voice finds its pitch for the rest
_BLOCK = 4 * SAMPLE_RATE
_TAR_BLOCK = tarfile.BLOCKSIZE


class LongPerformance(Performance):
    """A text of any length. Sentences of a part are spoken by one fork."""

    def __init__(self, espeak: Espeak, job: dict[str, Any], file: Any) -> None:
        super().__init__(espeak, {**job, "text": ""}, file)
        self._ends = False
        self._sentences = 0
        self._ahead: Iterator[Spoken] | None = None
        self._pronounced = 0

    def say(self, text: str, begin: int, end: int) -> Iterator[tuple[bytes, list[dict[str, Any]]]]:
        """Sound and subtitles of one part."""
        part = text[begin:end]
        self._job = {**self._job, "text": part}
        self._pieces = read(part, self._reading, goes_on=begin > 0)
        self._ends = end == len(text)
        self._words = []
        self._ahead = None
        for samples in self._signal():
            for step in self._blocks(samples):
                yield step.audio, []
        yield b"", self._entries(part, begin)

    def finish(self) -> bytes:
        tail = self._encoder.encode(self._mastering.push(None)) + self._encoder.finish()
        self._size += len(tail)
        return tail

    def extra_info(self, size: int) -> dict[str, Any]:
        self._size = size
        return self.result()["extra_info"]

    @property
    def encoder(self) -> Any:
        return self._encoder

    def _entries(self, part: str, offset: int) -> list[dict[str, Any]]:
        entries = subtitles(part, self._words, with_words=False)
        for entry in entries:
            for name in ("text_begin", "text_end"):
                entry[name] += offset
            for name in ("pronounce_text_begin", "pronounce_text_end"):
                entry[name] += self._pronounced
        if entries:
            self._pronounced = entries[-1]["pronounce_text_end"]
        return entries

    def _blocks(self, samples: NDArray[np.float32]) -> Iterator[Step]:
        for place in range(0, len(samples), _BLOCK):
            block = samples[place : place + _BLOCK]
            self._said += len(block)
            audio = self._encoder.encode(self._mastering.push(block))
            self._size += len(audio)
            yield Step(audio, [])

    def _in_tune(self, piece: Sentence) -> Spoken:
        self._sentences += 1
        if self._sentences <= _TUNED:
            return super()._in_tune(piece)
        if self._ahead is None:
            following = [one for one in self._pieces if isinstance(one, Sentence)]
            following = following[next(number for number, one in enumerate(following) if one is piece) :]
            self._ahead = self._speak_ahead(following)
        return next(self._ahead)

    def _speak_ahead(self, pieces: list[Sentence]) -> Iterator[Spoken]:
        done = 0
        texts = [(piece.text, self._language_of(piece)) for piece in pieces]
        try:
            for spoken in self._espeak.speak_in_turn(texts, variant=self._variant, rate=self._rate):
                done += 1
                yield spoken
        except EspeakError:  # one sentence has broken the rest of its part
            for piece in pieces[done:]:
                yield self._say(piece)


class _Within:
    """A file of its own inside another one, from `base` to the end, as a container's writer needs it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._base = file, file.tell()

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset + self._base if whence == 0 else offset, whence) - self._base

    def tell(self) -> int:
        return self._file.tell() - self._base


class _Archive:
    """A tar whose members are written without knowing their length before; or, raw, nothing but its first member."""

    def __init__(self, file: BinaryIO, *, raw: bool, mtime: int) -> None:
        self._file, self._raw, self._mtime = file, raw, mtime
        self._header = 0

    def begin(self) -> None:
        self._header = self._file.tell()
        if not self._raw:
            self._file.write(bytes(_TAR_BLOCK))

    def end(self, name: str) -> int:
        """Close the member; its size."""
        end = self._file.seek(0, 2)
        if self._raw:
            return end
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = end - self._header - _TAR_BLOCK, self._mtime, 0o644
        self._file.write(bytes(-member.size % _TAR_BLOCK))
        self._file.seek(self._header)
        # The form of POSIX for whatever fits into it, the one of GNU for a size above 8 GiB.
        self._file.write(member.tobuf(tarfile.USTAR_FORMAT if member.size < 8 << 30 else tarfile.GNU_FORMAT))
        self._file.seek(0, 2)
        return member.size

    def add(self, name: str, source: Path) -> None:
        if self._raw:
            return
        self.begin()
        with source.open("rb") as content:
            while block := content.read(1 << 20):
                self._file.write(block)
        self.end(name)

    def close(self) -> None:
        if not self._raw:
            self._file.write(bytes(2 * _TAR_BLOCK))


@cache
def _espeak(data: str) -> Espeak:
    return Espeak(Path(data))


def make_speech(order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Speak every unit of text into one archive, or the only one into a bare sound file."""
    espeak = _espeak(str(folder.parents[1]))
    infos = []
    with (folder / RESULT).open("wb") as file:
        archive = _Archive(file, raw=order["raw"], mtime=order["created_at"])
        for unit in order["units"]:
            text = (folder / unit["text"]).read_bytes().decode()  # line ends as they were sent: places are counted
            titles, extra = folder / "titles.json", folder / "extra.json"
            sound = f"{unit['name']}.{order['extension']}"
            info = _speak_unit(espeak, order["job"], text, file, archive, titles, sound)
            extra.write_text(json.dumps(info, ensure_ascii=False))
            archive.add(f"{unit['name']}_titles.json", titles)
            archive.add(f"{unit['name']}_extra.json", extra)
            infos.append(info)
        archive.close()
    return {"audio_length": sum(info["audio_length"] for info in infos), "units": len(infos)}


def _speak_unit(
    espeak: Espeak, job: dict[str, Any], text: str, file: BinaryIO, archive: _Archive, titles: Path, sound: str
) -> dict[str, Any]:
    archive.begin()
    begin = file.tell()
    performance = LongPerformance(espeak, {**job, "stream": True, "header": False}, _Within(file))
    encoder = performance.encoder
    riff = isinstance(encoder, PlainEncoder) and job["format"] in ("wav", "pcmu_wav")
    if riff:
        file.write(encoder.header(0, roomy=True))
    head = file.tell() - begin if riff else 0
    separator = "["
    with titles.open("w", encoding="utf-8") as list_of_titles:
        for start, end in cut_into_parts(text, PART):
            for audio, entries in performance.say(text, start, end):
                file.write(audio)
                for entry in entries:
                    list_of_titles.write(separator + json.dumps(entry, ensure_ascii=False))
                    separator = ",\n"
        list_of_titles.write("]" if separator != "[" else "[]")
    file.write(performance.finish())
    if riff:
        size = file.seek(0, 2) - begin - head
        if size % 2:
            file.write(b"\0")  # chunks of RIFF have an even length
        file.seek(begin)
        file.write(encoder.header(size, roomy=True))
    size = archive.end(sound)
    return {
        **performance.extra_info(size),
        "word_count": word_count(text),
        "invisible_character_ratio": round(invisible_ratio(text), 4),
        "usage_characters": billed_characters(text),
    }

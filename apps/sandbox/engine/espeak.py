"""Speech from espeak-ng.

The library keeps state between sentences (flutter, noise, echo), is not safe in threads and may crash in the middle of
one. So each sentence is spoken in a fork of the engine: the same request always gives the same samples, and a crash
costs one request.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import signal
import struct
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22050
LONGEST_DATA_PATH = 120  # the library fails at 158 characters and more
SYNCHRONOUS = 2
RATE, RANGE = 1, 4
UTF8, PHONEMES = 1, 0x100
WORD_EVENT = 1
LONGEST_WORK_S = 30  # a sentence takes milliseconds
SLOWEST, FASTEST = 80, 450  # words a minute that the library can do


class EspeakError(Exception):
    """The library refused the voice, or crashed."""


@dataclass(frozen=True)
class Spoken:
    samples: NDArray[np.float32]  # 22,050 Hz, mono, -1 to 1
    words: list[tuple[int, float]]  # where a word begins in the text, and when (seconds)


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    def __init__(self, folder: Path) -> None:
        self._variants = self._prepare_data(folder)
        self._last = 0
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Synth.argtypes = [
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        data = self._variants.parent.parent
        if self._library.espeak_Initialize(SYNCHRONOUS, 60, os.fsencode(data), 0) != SAMPLE_RATE:
            raise EspeakError(f"espeak-ng did not start with {data}")
        # Known here, the list of languages need not be made in every fork. It holds no more than 350 entries: the
        # variants in the folder would count.
        self._library.espeak_ListVoices.restype = ctypes.c_void_p
        self._library.espeak_ListVoices(None)
        self._samples: list[bytes] = []
        self._words: list[tuple[int, int]] = []
        self._callback = _Callback(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)

    def _prepare_data(self, folder: Path) -> Path:
        """The library's data by links, with a folder of our own for the variants."""
        if len(os.fsencode(folder.resolve())) > LONGEST_DATA_PATH:
            folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        data = folder.resolve() / "espeak"
        variants = data / "voices" / "!v"
        variants.mkdir(parents=True, exist_ok=True)
        for left in variants.iterdir():  # by an engine that was killed
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - LONGEST_WORK_S:
                    left.unlink()
        for source in Path(espeakng_loader.get_data_path()).resolve().iterdir():
            link = data / source.name
            if source.name != "voices" and not (link.is_symlink() and link.readlink() == source):
                fresh = data / f".{source.name}.{os.getpid()}"
                fresh.symlink_to(source)
                fresh.replace(link)
        return variants

    @contextmanager
    def _variant(self, text: str) -> Iterator[str]:
        """The name of a variant that lasts for one sentence: no folder could hold all that are ever asked for."""
        self._last += 1
        name = f"v{os.getpid()}x{self._last}"  # a leading digit would be read as a number
        path = self._variants / name
        path.write_text(f"language variant\nname {name}\n{text}")
        try:
            yield name
        finally:
            path.unlink(missing_ok=True)

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if count > 0:
            self._samples.append(ctypes.string_at(samples, count * 2))
        index = 0
        while events[index].type:
            if events[index].type == WORD_EVENT:
                self._words.append((events[index].text_position - 1, events[index].sample))
            index += 1
        return 0

    def speak(self, text: str, *, language: str, variant: str, rate: int) -> Spoken:
        """`variant` is the body of an espeak-ng voice file. Text between [[ ]] is read as espeak phonemes.

        Raises EspeakError, also when the library crashed.
        """
        with self._variant(variant) as name:
            voice = f"{language}+{name}".encode()
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                self._speak_in_child(writer, text, voice, rate)
            os.close(writer)
            try:
                with os.fdopen(reader, "rb") as pipe:
                    answer = pipe.read()
            finally:
                _, status = os.waitpid(child, 0)
        if status != 0 or len(answer) < 4:
            raise EspeakError(f"espeak-ng failed ({status}) with voice {voice.decode()}")
        return _unpack(answer)

    def speak_in_turn(self, texts: Sequence[tuple[str, str]], *, variant: str, rate: int) -> Iterator[Spoken]:
        """As `speak`, for many sentences with their languages: one fork speaks them while the first ones are worked on.

        What is said may differ by a hair from the same sentence alone. Raises EspeakError where the library crashed.
        """
        with self._variant(variant) as name:
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                self._speak_many_in_child(writer, texts, name, rate)
            os.close(writer)
            try:
                with os.fdopen(reader, "rb") as pipe:
                    for _ in texts:
                        size = struct.unpack("!I", pipe.read(4).ljust(4, b"\0"))[0]
                        answer = pipe.read(size)
                        if size < 4 or len(answer) < size:
                            raise EspeakError(f"espeak-ng failed with variant {name}")
                        yield _unpack(answer)
            finally:
                os.waitpid(child, 0)  # without its reader it ends

    def _speak_many_in_child(self, writer: int, texts: Sequence[tuple[str, str]], name: str, rate: int) -> None:
        status = 1
        os.closerange(3, writer)
        os.closerange(writer + 1, 1024)
        try:
            for text, language in texts:
                signal.alarm(LONGEST_WORK_S)
                answer = self._synthesise(text, f"{language}+{name}".encode(), rate)
                signal.alarm(0)  # its reader may take its time
                if not answer:
                    break
                view = memoryview(struct.pack("!I", len(answer)) + answer)
                while view:
                    view = view[os.write(writer, view) :]
            else:
                status = 0
        finally:
            os._exit(status)

    def _synthesise(self, text: str, voice: bytes, rate: int) -> bytes:
        """Words and samples, packed; nothing when the voice is refused: the old one would stay, silently."""
        self._samples.clear()
        self._words.clear()
        if self._library.espeak_SetVoiceByName(voice) != 0:
            return b""
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(7))
        self._library.espeak_SetParameter(RATE, max(SLOWEST, min(FASTEST, rate)), 0)
        self._library.espeak_SetParameter(RANGE, 50, 0)
        encoded = text.encode() + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, UTF8 | PHONEMES, None, None)
        words = [word for word in self._words if word[0] >= 0]
        answer = struct.pack("!I", len(words)) + b"".join(struct.pack("!II", *word) for word in words)
        return answer + b"".join(self._samples)

    def _speak_in_child(self, writer: int, text: str, voice: bytes, rate: int) -> None:
        status = 1
        # A child must not keep the engine's channel or its own pipe's other end open, should the engine be killed.
        os.closerange(3, writer)
        os.closerange(writer + 1, 1024)
        try:
            signal.alarm(LONGEST_WORK_S)  # the default action ends the child, and the request with it
            view = memoryview(self._synthesise(text, voice, rate))
            status = 0 if view else 1
            while view:
                view = view[os.write(writer, view) :]
        finally:
            os._exit(status)


def _unpack(answer: bytes) -> Spoken:
    (count,) = struct.unpack_from("!I", answer)
    words = [struct.unpack_from("!II", answer, 4 + 8 * index) for index in range(count)]
    samples = np.frombuffer(answer, np.int16, offset=4 + 8 * count).astype(np.float32) / np.float32(32768)
    return Spoken(samples, [(position, sample / SAMPLE_RATE) for position, sample in words])

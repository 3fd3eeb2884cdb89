"""Samples to clone, made with the engine itself, and what is measured in a voice."""

from __future__ import annotations

import io
import secrets
import tempfile
import wave
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from apps.sandbox.cloning.likeness import speak
from apps.sandbox.cloning.portrait import Portrait, measure
from apps.sandbox.engine.characters import Character, make_character
from apps.sandbox.rules import system_voices
from tests.sandbox.conftest import Answer, Caller

RATE = 22050
Wave = NDArray[np.float32]

PASSAGE = (
    "Please call Stella. Ask her to bring these things with her from the store: six spoons of fresh snow peas, "
    "five thick slabs of blue cheese, and maybe a snack for her brother Bob. We also need a small plastic snake "
    "and a big toy frog for the kids."
)
OTHER_PASSAGE = (
    "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow. "
    "The rainbow is a division of white light into many beautiful colours."
)
DEFAULT_VOICE = "English_expressive_narrator"


@cache
def spoken_by(voice_id: str, **changes: Any) -> Wave:
    return _spoken(replace(make_character(system_voices()[voice_id]), **changes))


@cache
def _spoken(character: Character) -> Wave:
    return speak(character, PASSAGE, "English", _data())


@cache
def _data() -> Path:
    return Path(tempfile.mkdtemp(prefix="voicing-"))


def as_wav(samples: Wave, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def as_compressed(samples: Wave, container: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def lasting(samples: Wave, seconds: float) -> Wave:
    """The sample again and again, or its beginning."""
    return np.resize(samples, round(seconds * RATE)).astype(np.float32)


def portrait_of(answer: Answer) -> Portrait:
    assert answer.code == 0, answer.message
    return measure(answer.heard().mono.astype(np.float32))


def new_voice_id() -> str:
    return f"studio-voice-{secrets.token_hex(5)}"


@dataclass(frozen=True)
class Cloner:
    """Uploads and clones, as a client does."""

    caller: Caller

    def __post_init__(self) -> None:
        self.caller.http.timeout = 300  # a clone takes seconds of work, which steps back for everything else

    def upload(self, content: bytes, name: str = "sample.wav", purpose: str = "voice_clone", **parts: str) -> Answer:
        response = self.caller.http.post(
            self.caller.sandbox.url + "/v1/files/upload",
            files={"file": (name, content)},
            data={"purpose": purpose, **parts},
            headers=self.caller.sandbox.headers,
        )
        return Answer(response.json(), response.headers, response.status_code)

    def upload_id(self, content: bytes, name: str = "sample.wav", purpose: str = "voice_clone") -> int:
        answer = self.upload(content, name, purpose)
        assert answer.code == 0, answer.message
        return answer.payload["file"]["file_id"]

    def clone(self, sample: bytes | int, name: str = "sample.wav", **fields: Any) -> Answer:
        file_id = sample if isinstance(sample, int) else self.upload_id(sample, name)
        return self.caller.post("/v1/voice_clone", {"file_id": file_id, "voice_id": new_voice_id(), **fields})

    def cloned(self, sample: bytes | int, **fields: Any) -> str:
        voice_id = fields.pop("voice_id", new_voice_id())
        answer = self.clone(sample, voice_id=voice_id, **fields)
        assert answer.code == 0, answer.message
        return voice_id

    def speak(self, voice_id: str, text: str = OTHER_PASSAGE, **changes: Any) -> Portrait:
        return portrait_of(
            self.caller.speak(text, voice={"voice_id": voice_id}, audio={"sample_rate": RATE}, **changes)
        )

    def design(self, prompt: str, text: str = OTHER_PASSAGE, **fields: Any) -> Answer:
        return self.caller.post("/v1/voice_design", {"prompt": prompt, "preview_text": text, **fields})

    def designed(self, prompt: str, text: str = OTHER_PASSAGE) -> str:
        answer = self.design(prompt, text)
        assert answer.code == 0, answer.message
        return answer.payload["voice_id"]

    def listed(self, kind: str = "voice_cloning") -> list[str]:
        return [voice["voice_id"] for voice in self.caller.post("/v1/get_voice", {"voice_type": kind}).payload[kind]]

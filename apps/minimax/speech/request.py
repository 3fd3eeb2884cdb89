"""What is asked for: a text, a voice, and how it should sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PATH = "/v1/t2a_v2"


@dataclass(frozen=True)
class TimbreWeight:
    voice_id: str
    weight: int


@dataclass(frozen=True)
class VoiceModify:
    pitch: int = 0
    intensity: int = 0
    timbre: int = 0
    sound_effects: str | None = None

    @property
    def changes_anything(self) -> bool:
        return bool(self.pitch or self.intensity or self.timbre or self.sound_effects)


@dataclass(frozen=True)
class SpeechRequest:
    """What to say and how. Limits and choices: `catalogue.speech`; nothing is checked here."""

    text: str = ""
    model: str = "speech-2.8-hd"
    voice_id: str = "English_expressive_narrator"
    speed: float = 1
    vol: float = 1
    pitch: int = 0
    emotion: str | None = None  # None: the model chooses
    text_normalization: bool = False
    latex_read: bool = False
    timbre_weights: tuple[TimbreWeight, ...] = ()  # replace voice_id
    language_boost: str | None = None
    voice_modify: VoiceModify | None = None
    pronunciation: tuple[str, ...] = ()  # "source/replacement"
    format: str = "mp3"
    sample_rate: int = 32000  # Hz
    bitrate: int = 128000  # bit/s, mp3 only
    channel: int = 1
    subtitle_type: str | None = None  # "sentence", "word", or while streaming "word_streaming"
    continuous_sound: bool = False  # live socket with 2.8 only: better prosody, later start

    def http_body(self, *, stream: bool, output_format: str = "hex") -> dict[str, Any]:
        body = self._body("text_normalization") | {"text": self.text, "stream": stream}
        if stream:
            body["stream_options"] = {"exclude_aggregated_audio": True}
        else:
            body["output_format"] = output_format
        return body

    def socket_body(self) -> dict[str, Any]:
        body = {"event": "task_start"} | self._body("english_normalization")
        if self.continuous_sound:
            body["continuous_sound"] = True
        return body

    def long_body(self) -> dict[str, Any]:
        """Without the text. This endpoint spells the sample rate its own way, and takes no mix of voices."""
        body = self._body("english_normalization")
        audio = body["audio_setting"]
        audio["audio_sample_rate"] = audio.pop("sample_rate")
        return body

    def _body(self, normalization: str) -> dict[str, Any]:
        voice: dict[str, Any] = {
            "voice_id": "" if self.timbre_weights else self.voice_id,
            "speed": self.speed,
            "vol": self.vol,
            "pitch": self.pitch,
            normalization: self.text_normalization,
            "latex_read": self.latex_read,
        }
        if self.emotion:
            voice["emotion"] = self.emotion
        audio: dict[str, Any] = {"sample_rate": self.sample_rate, "format": self.format, "channel": self.channel}
        if self.format == "mp3":
            audio["bitrate"] = self.bitrate
        body: dict[str, Any] = {"model": self.model, "voice_setting": voice, "audio_setting": audio}
        if self.timbre_weights:
            body["timbre_weights"] = [{"voice_id": one.voice_id, "weight": one.weight} for one in self.timbre_weights]
        if self.language_boost:
            body["language_boost"] = self.language_boost
        if self.pronunciation:
            body["pronunciation_dict"] = {"tone": list(self.pronunciation)}
        if (modify := self.voice_modify) and modify.changes_anything:
            body["voice_modify"] = {"pitch": modify.pitch, "intensity": modify.intensity, "timbre": modify.timbre}
            if modify.sound_effects:
                body["voice_modify"]["sound_effects"] = modify.sound_effects
        if self.subtitle_type:
            body |= {"subtitle_enable": True, "subtitle_type": self.subtitle_type}
        return body

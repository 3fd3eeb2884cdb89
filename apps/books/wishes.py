"""How a book is to sound: what of it every sentence is asked for with, and when a sound no longer fits the wish."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apps.minimax import catalogue
from apps.minimax.speech import SpeechRequest, VoiceModify

speech = catalogue.speech

FORMAT = "flac"  # without loss: everything that is heard is cut and joined from it
DEFAULTS: dict[str, Any] = {
    "model": speech.default_model,
    "voice_id": speech.default_voice_id,
    "language_boost": "",
    "emotion": "",
    "speed": speech.speed.default,
    "vol": speech.vol.default,
    "pitch": int(speech.pitch.default),
    "modify_pitch": 0,
    "modify_intensity": 0,
    "modify_timbre": 0,
    "sound_effects": "",
    "text_normalization": False,
    "use_dictionary": True,
    "sample_rate": speech.default_sample_rate,
    "channel": speech.default_channel,
}
FIXED = ("sample_rate", "channel")  # one for all of a book: its sounds are joined
NOT_HEARD = ("use_dictionary",)  # switching it on makes no sound wrong that is there already


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, those not given at their defaults, nothing else."""
    return {name: default if given.get(name) is None else given[name] for name, default in DEFAULTS.items()}


def hash_of(settings: Mapping[str, Any]) -> str:
    """Two sounds of one text are exchangeable when this is the same for both."""
    heard = {name: value for name, value in sorted(settings.items()) if name not in NOT_HEARD}
    return hashlib.sha256(json.dumps(heard, sort_keys=True, default=str).encode()).hexdigest()


def speech_request(
    settings: Mapping[str, Any], text: str, *, voice_id: str, pronunciation: tuple[str, ...]
) -> SpeechRequest:
    """As the wire wants it. voice_id: MiniMax's own, not an alias."""
    modify = VoiceModify(
        pitch=settings["modify_pitch"],
        intensity=settings["modify_intensity"],
        timbre=settings["modify_timbre"],
        sound_effects=settings["sound_effects"] or None,
    )
    return SpeechRequest(
        text=text,
        model=settings["model"],
        voice_id=voice_id,
        speed=settings["speed"],
        vol=settings["vol"],
        pitch=settings["pitch"],
        emotion=settings["emotion"] or None,
        text_normalization=settings["text_normalization"],
        language_boost=settings["language_boost"] or None,
        voice_modify=modify if modify.changes_anything else None,
        pronunciation=pronunciation,
        format=FORMAT,
        sample_rate=settings["sample_rate"],
        channel=settings["channel"],
    )

"""Reads a request for speech: tolerant in form (numbers as text, unknown fields), strict in range (2013 names it)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apps.sandbox import rules, store
from apps.sandbox.billing import billed_characters, invisible_ratio, word_count
from apps.sandbox.envelope import RefusedError, invalid

PAUSE = re.compile(r"<#([^#>]*)#>")
PAUSE_VALUE = re.compile(r"\d{1,2}(?:\.\d{1,2})?|\.\d{1,2}")
NEIGHBOURS = re.compile(r"<#[^#>]*#>\s*<#[^#>]*#>")
EFFECT_FORMATS = ("mp3", "wav", "flac")
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


@dataclass(frozen=True)
class SpeechRequest:
    """Everything but the text, checked, in the form that the engine takes."""

    job: dict[str, Any]
    model: str
    voice_ids: list[str]
    stream: bool
    exclude_aggregated_audio: bool
    output_format: str

    def with_text(self, text: str, *, header: bool = True) -> dict[str, Any]:
        return {**self.job, "text": text, "header": header}


def measure(text: str) -> dict[str, Any]:
    """The part of `extra_info` that comes from the text."""
    return {
        "word_count": word_count(text),
        "invisible_character_ratio": round(invisible_ratio(text), 4),
        "usage_characters": billed_characters(text),
    }


def check_text(text: Any, *, most: int | None = None, field: str = "text") -> str:
    most = rules.speech()["max_characters"] if most is None else most
    if not isinstance(text, str):
        raise invalid(field, "must be a string")
    if len(text) > most:
        raise invalid(field, f"{len(text)} characters, must be less than {most + 1}")
    if not any(char.isalnum() for char in PAUSE.sub("", text)):
        raise invalid(field, "there is nothing to speak")
    if invisible_ratio(text) > rules.speech()["max_invisible_ratio"]:
        raise RefusedError(1042, "invisible characters exceed 10% of text")
    limits = rules.speech()["pause"]
    for found in PAUSE.finditer(text):
        if not PAUSE_VALUE.fullmatch(found.group(1)) or float(found.group(1)) < limits["minimum"]:
            raise invalid(field, f"the pause {found.group()} must be between 0.01 and 99.99 seconds")
    if NEIGHBOURS.search(text):
        raise invalid(field, "two pauses in a row")
    return text


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise invalid(name, "must be an object")
    return part


def _number(value: Any, name: str, low: float, high: float, default: float, *, above: bool = False) -> float:
    if value is None or value == "":
        return default
    if isinstance(value, bool):
        raise invalid(name, "must be a number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise invalid(name, "must be a number") from None
    if not low <= number <= high or (above and number == low):
        raise invalid(name, f"must be {'above' if above else 'from'} {low:g} to {high:g}")
    return number


def _integer(value: Any, name: str, low: int, high: int, default: int) -> int:
    number = _number(value, name, low, high, default)
    if number != int(number):
        raise invalid(name, "must be an integer")
    return int(number)


def _flag(value: Any, name: str) -> bool:
    if value in (None, ""):
        return False
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "1"):
        return True
    if str(value).lower() in ("false", "0"):
        return False
    raise invalid(name, "must be true or false")


def _choice(value: Any, name: str, choices: Any, default: str | None) -> str | None:
    if value in (None, ""):
        return default
    if value not in choices:
        raise invalid(name, f"must be one of {', '.join(choices)}")
    return str(value)


async def read_request(body: dict[str, Any], *, socket: bool = False) -> SpeechRequest:
    known = rules.speech()
    model = body.get("model")
    if model not in rules.models():
        raise invalid("model", "unknown model" if model else "is required")
    about = rules.models()[str(model)]
    stream = socket or _flag(body.get("stream"), "stream")
    voice = _part(body, "voice_setting")
    emotions = [*about["emotions"], *known["accepted_emotions"]]
    audio = _audio(body, stream)
    modify = _modify(body, str(audio["format"]), stream)
    latex = _flag(voice.get("latex_read"), "voice_setting.latex_read")
    normalise = next(
        (
            _flag(place[name], name)
            for place in (voice, body)
            for name in ("text_normalization", "english_normalization")
            if place.get(name) is not None
        ),
        False,
    )
    boost = _choice(body.get("language_boost"), "language_boost", [*sorted(rules.languages()), "auto"], None)
    if boost in about.get("languages_without", []):
        raise invalid("language_boost", f"{model} does not speak {boost}")
    subtitle_type = None
    if _flag(body.get("subtitle_enable"), "subtitle_enable"):
        subtitle_type = _choice(body.get("subtitle_type"), "subtitle_type", known["subtitle_types"], "sentence")
        if subtitle_type == "word_streaming" and not stream:
            raise invalid("subtitle_type", "word_streaming needs stream")
    voices = await _voices(body, voice)
    options = _part(body, "stream_options")
    output_format = _choice(body.get("output_format"), "output_format", known["output_formats"], "hex") or "hex"
    ranges = {name: known[name] for name in ("speed", "vol", "pitch")}
    return SpeechRequest(
        job={
            "voices": voices,
            "speed": _number(voice.get("speed"), "voice_setting.speed", 0.5, ranges["speed"]["maximum"], 1.0),
            "vol": _number(voice.get("vol"), "voice_setting.vol", 0, ranges["vol"]["maximum"], 1.0, above=True),
            "pitch": _integer(voice.get("pitch"), "voice_setting.pitch", -12, ranges["pitch"]["maximum"], 0),
            "emotion": _choice(voice.get("emotion"), "voice_setting.emotion", emotions, None),
            "text_normalization": normalise,
            "latex_read": latex,
            "voice_modify": modify,
            "language_boost": boost or (None if voices[0]["language"] else "auto"),
            "pronunciation": _pronunciation(body),
            "sound_tags": bool(about.get("sound_tags")),
            "stream": stream,
            "aigc_watermark": _flag(body.get("aigc_watermark"), "aigc_watermark") and not stream,
            "subtitle_type": subtitle_type,
            **audio,
        },
        model=str(model),
        voice_ids=[one["voice_id"] for one in voices],
        stream=stream,
        exclude_aggregated_audio=_flag(
            options.get("exclude_aggregated_audio"), "stream_options.exclude_aggregated_audio"
        ),
        output_format="hex" if stream else output_format,
    )


def _audio(body: dict[str, Any], stream: bool) -> dict[str, Any]:
    known = rules.speech()
    audio = _part(body, "audio_setting")
    audio_format = _choice(audio.get("format"), "audio_setting.format", known["formats"], known["default_format"])
    rates = [*known["sample_rates"], *(OPUS_RATES if audio_format == "opus" else ())]
    sample_rate = _integer(
        audio.get("sample_rate"), "audio_setting.sample_rate", 8000, 48000, known["default_sample_rate"]
    )
    if sample_rate not in rates:
        raise invalid("audio_setting.sample_rate", f"must be one of {', '.join(map(str, known['sample_rates']))}")
    # Clients offer more bitrates than the page: the next one that the codec has is taken.
    bitrate = _integer(audio.get("bitrate"), "audio_setting.bitrate", 8000, 320000, known["default_bitrate"])
    return {
        "format": audio_format,
        "sample_rate": sample_rate,
        "bitrate": bitrate,
        "channel": _integer(audio.get("channel"), "audio_setting.channel", 1, 2, known["default_channel"]),
        "force_cbr": _flag(audio.get("force_cbr"), "audio_setting.force_cbr") and stream,
    }


def _modify(body: dict[str, Any], audio_format: str, stream: bool) -> dict[str, Any] | None:
    given = _part(body, "voice_modify")
    if not given:
        return None
    modify: dict[str, Any] = {
        name: _integer(given.get(name), f"voice_modify.{name}", -100, 100, 0)
        for name in ("pitch", "intensity", "timbre")
    }
    effects = rules.speech()["sound_effects"]
    modify["sound_effects"] = _choice(given.get("sound_effects"), "voice_modify.sound_effects", effects, None)
    if not any(modify.values()):
        return None
    if audio_format not in (("mp3",) if stream else EFFECT_FORMATS):
        raise invalid(
            "voice_modify", f"does not work with the format {audio_format}{' while streaming' if stream else ''}"
        )
    return modify


def _pronunciation(body: dict[str, Any]) -> list[str]:
    given = body.get("pronunciation_dict")
    if not isinstance(given, dict):  # early clients sent a list of another shape, which MiniMax ignored
        return []
    rules_given = given.get("tone") or []
    if not isinstance(rules_given, list) or not all(isinstance(rule, str) and "/" in rule for rule in rules_given):
        raise invalid("pronunciation_dict.tone", "must be a list of source/replacement")
    return rules_given


async def _voices(body: dict[str, Any], voice: dict[str, Any]) -> list[dict[str, Any]]:
    weights = body.get("timbre_weights") or body.get("timber_weights")
    voice_id = voice.get("voice_id")
    if voice_id is not None and not isinstance(voice_id, str | int):
        raise invalid("voice_setting.voice_id", "must be a string")
    if weights and not voice_id:
        if not isinstance(weights, list) or not 1 <= len(weights) <= rules.speech()["timbre_weights"]["max_items"]:
            raise invalid("timbre_weights", "must be a list of 1 to 4 voices")
        mixed = []
        for item in weights:
            if not isinstance(item, dict) or not item.get("voice_id"):
                raise invalid("timbre_weights.voice_id", "is required")
            weight = _integer(item.get("weight"), "timbre_weights.weight", 1, 100, 1)
            mixed.append({**await find_voice(str(item["voice_id"])), "weight": weight})
        return sorted(mixed, key=lambda one: -one["weight"])
    if "voice_setting" in body and not voice_id:
        raise invalid("voice_setting.voice_id", "is required")
    return [{**await find_voice(str(voice_id or rules.speech()["default_voice_id"])), "weight": 1}]


async def find_voice(voice_id: str) -> dict[str, Any]:
    voices = rules.system_voices()
    for spelling in (voice_id, voice_id.rstrip(), voice_id + " "):
        if spelling in voices:
            return voices[spelling]
    row = await store.stored(store.find_voice, voice_id)
    if row is None:
        raise RefusedError(20132, "invalid samples or voice_id")
    return {
        "voice_id": voice_id,
        "name": "",
        "language": row.language,
        "gender": row.gender,
        "tags": [],
        "character": row.character,
        "accent": row.accent,
    }

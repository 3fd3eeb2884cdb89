"""Voices: listed, cloned from a sample, designed by a description, deleted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import shutil
import string
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from apps.sandbox import rules, store, work
from apps.sandbox.api import body_of, endpoint, entry_of, fault_of, url_of
from apps.sandbox.cloning import texts
from apps.sandbox.cloning.description import design
from apps.sandbox.envelope import DroppedError, RefusedError, answer, invalid
from apps.sandbox.files import asked_file
from apps.sandbox.models import CustomVoice, new_task_id
from apps.sandbox.pool import EngineError, Finished, Piece, pool
from apps.sandbox.runtime import runtime
from apps.sandbox.speech_request import check_text, measure, read_request

CUSTOM_TYPES = ("voice_cloning", "voice_generation")
ALL_TYPES = ("system", *CUSTOM_TYPES, "all")
SHORTEST_S, LONGEST_S, PROMPT_LONGEST_S = 10.0, 300.0, 8.0
VOICE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{6,254}[A-Za-z0-9]")
VALIDATED_CHARACTERS, DEMO_CHARACTERS, PREVIEW_CHARACTERS, PROMPT_CHARACTERS = 200, 1000, 500, 2000
DEFAULT_ACCURACY = 0.7
DESIGN_MODEL = "speech-02-hd"  # recommended for designed voices
PUNCTUATION = ".!?…。！？;；,，、:：\"'”’)）」』~～"


# --- list and delete --------------------------------------------------------------------------------------------------


def _system_voice(voice: dict[str, Any]) -> dict[str, Any]:
    description = [f"{voice['name']}, {voice['language']}", *voice["tags"]]
    return {
        "voice_id": voice["voice_id"],
        "voice_name": voice["name"],
        "description": description,
        "created_time": "1970-01-01",
    }


def _custom_voice(row: CustomVoice) -> dict[str, Any]:
    return {"voice_id": row.voice_id, "description": [], "created_time": f"{row.created_at:%Y-%m-%d}"}


@endpoint("POST")
async def get_voice(request: ASGIRequest) -> HttpResponse:
    wanted = body_of(request).get("voice_type")
    if wanted not in ALL_TYPES:
        raise invalid("voice_type", f"must be one of {', '.join(ALL_TYPES)}")
    payload: dict[str, Any] = {}
    if wanted in ("system", "all"):
        payload["system_voice"] = [_system_voice(voice) for voice in rules.system_voices().values() if voice["listed"]]
    for kind in CUSTOM_TYPES:
        if wanted in (kind, "all"):
            payload[kind] = [_custom_voice(row) for row in await store.stored(store.listed_voices, kind)]
    return answer(payload)


@endpoint("POST")
async def delete_voice(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    kind, voice_id = body.get("voice_type"), body.get("voice_id")
    if kind not in CUSTOM_TYPES:
        raise invalid("voice_type", "must be voice_cloning or voice_generation")
    row = await store.stored(store.delete_voice, str(voice_id or ""), kind)
    if row is None:
        raise invalid("voice_id", "there is no such voice")
    return answer({"voice_id": row.voice_id, "created_time": str(int(row.created_at.timestamp()))})


# --- what clone and design share --------------------------------------------------------------------------------------


def _text(body: dict[str, Any], field: str, most: int) -> str:
    value = body.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(field, "must be a string")
    if len(value) > most:
        raise invalid(field, f"{len(value)} characters, must be at most {most}")
    return value.strip()


def _flag(body: dict[str, Any], field: str) -> bool:
    value = body.get(field)
    if value not in (None, "", True, False, "true", "false"):
        raise invalid(field, "must be true or false")
    return value in (True, "true")


async def _check_new_id(voice_id: Any) -> str:
    if not isinstance(voice_id, str) or not VOICE_ID.fullmatch(voice_id):
        raise invalid(
            "voice_id",
            "must have 8 to 256 characters: letters, digits, - and _, a letter first, and neither - nor _ last",
        )
    if voice_id in rules.system_voices() or await store.stored(store.voice_exists, voice_id):
        raise RefusedError(2039, "voice clone voice id duplicate")
    return voice_id


async def _add(voice: CustomVoice) -> None:
    """Somebody may have taken the id while the voice was being made."""
    if not await store.stored(store.add_voice, voice):
        raise RefusedError(2039, "voice clone voice id duplicate")


async def _say(
    voice: CustomVoice, text: str, model: str, *, language_boost: str | None = None, watermark: bool = False
) -> tuple[bytes, Finished]:
    wanted = await read_request({"model": model, "language_boost": language_boost, "aigc_watermark": watermark})
    speaker = {
        "voice_id": voice.voice_id,
        "name": "",
        "language": voice.language,
        "gender": voice.gender,
        "tags": [],
        "character": voice.character,
        "accent": voice.accent,
        "weight": 1,
    }
    parts: list[bytes] = []
    try:
        async for event in pool().speak({**wanted.with_text(text), "voices": [speaker]}):
            if isinstance(event, Piece):
                parts.append(event.audio)
            else:
                return b"".join(parts), event
    except EngineError:
        pass
    raise RefusedError(1013, "internal service error")


async def _charge_preview(request: ASGIRequest, model: str, text: str) -> None:
    """Billed as speech, but no use of the voice."""
    characters = measure(text)["usage_characters"]
    entry = entry_of(request)
    entry.texts, entry.usage_characters = 1, characters
    await store.stored(
        store.charge,
        trace_id=entry.trace_id,
        path=request.path,
        model=model,
        voice_ids=[],
        usage_characters=characters,
    )


# --- clone ------------------------------------------------------------------------------------------------------------

_REFUSALS = {
    "sample": (20132, "invalid samples or voice_id"),
    "prompt": (20132, "invalid samples or voice_id"),
    "duration": (2037, "voice clone audio duration too short or too long, must be from 10 seconds to 5 minutes"),
    "prompt_duration": (2048, "prompt audio too long, must be less than 8 seconds"),
}


@endpoint("POST")
async def clone_voice(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    voice_id = await _check_new_id(body.get("voice_id"))
    sample = await asked_file(body.get("file_id"), purpose="voice_clone")
    text, model = _text(body, "text", DEMO_CHARACTERS), body.get("model")
    if text:
        check_text(text)
        if not model:
            raise invalid("model", "is required with text")
    if model and model not in rules.models():
        raise invalid("model", "unknown model")
    boost = body.get("language_boost") or None
    if boost is not None and boost != "auto" and boost not in rules.languages():
        raise invalid("language_boost", "unknown language")
    expected, accuracy = _text(body, "text_validation", VALIDATED_CHARACTERS), _accuracy(body)
    prompt, prompt_text = await _clone_prompt(body)
    watermark = _flag(body, "aigc_watermark")
    language = boost if boost and boost != "auto" else texts.language_of(expected or prompt_text or text)
    order = {
        "sample": str(store.path_of(sample)),
        "prompt": prompt,
        "shortest_s": SHORTEST_S,
        "longest_s": LONGEST_S,
        "prompt_longest_s": PROMPT_LONGEST_S,
        "noise_reduction": _flag(body, "need_noise_reduction"),
        "volume_normalization": _flag(body, "need_volume_normalization"),
        "language": language,
        "data": str(runtime.data),
    }
    found = await _make(order)
    if prompt and texts.similarity(prompt_text, found["prompt_syllables"]) < DEFAULT_ACCURACY:
        raise RefusedError(1044, "clone prompt similarity check failed")
    if expected and texts.similarity(expected, found["syllables"]) < accuracy:
        raise RefusedError(1043, "asr similarity check failed")
    voice = CustomVoice(
        voice_id=voice_id,
        kind="voice_cloning",
        language=language,
        gender=found["gender"],
        character=found["character"],
    )
    payload: dict[str, Any] = {"input_sensitive": {"type": 0}, "demo_audio": ""}
    if text:
        audio, finished = await _say(voice, text, str(model), language_boost=boost, watermark=watermark)
        name = f"{entry_of(request).trace_id}.mp3"
        row = await store.stored(store.keep_file, audio, name, purpose="voice_demo", media_type="audio/mpeg")
        payload["demo_audio"] = url_of(request, f"/files/{row.token}/{row.filename}")
        payload["extra_info"] = {**finished.extra_info, **measure(text)}
    await _add(voice)
    if text:
        await _charge_preview(request, str(model), text)
    _break_off(request)
    return answer(payload)


def _accuracy(body: dict[str, Any]) -> float:
    given = body.get("accuracy")
    if given in (None, "", 0):
        return DEFAULT_ACCURACY
    try:
        accuracy = float(given) if not isinstance(given, bool) else -1.0
    except (TypeError, ValueError):
        accuracy = -1.0
    if not 0 <= accuracy <= 1:
        raise invalid("accuracy", "must be a number from 0 to 1")
    return accuracy or DEFAULT_ACCURACY


async def _clone_prompt(body: dict[str, Any]) -> tuple[str, str]:
    """Where the example lies, and what is said in it; both empty without one."""
    given = body.get("clone_prompt")
    if given in (None, {}, ""):
        return "", ""
    if not isinstance(given, dict):
        raise invalid("clone_prompt", "must be an object")
    audio, text = given.get("prompt_audio"), given.get("prompt_text")
    if not audio or not isinstance(text, str) or not text.strip():
        raise invalid("clone_prompt", "prompt_audio and prompt_text are required together")
    if text.strip()[-1] not in PUNCTUATION:
        raise invalid("clone_prompt.prompt_text", "must end with a punctuation mark")
    row = await asked_file(audio, "clone_prompt.prompt_audio", purpose="prompt_audio")
    return str(store.path_of(row)), text.strip()


class _Known:
    """What samples gave, since a sample that comes again, for a voice that was lost, gives the same voice."""

    MOST = 200
    found: ClassVar[OrderedDict[str, dict[str, Any]]] = OrderedDict()

    @staticmethod
    def key(order: dict[str, Any]) -> str:
        """By the content of the files, whatever they are called."""
        named = {name: value for name, value in order.items() if name not in ("sample", "prompt")}
        digest = hashlib.sha256(json.dumps(named, sort_keys=True).encode())
        for name in ("sample", "prompt"):
            if order[name]:
                with Path(order[name]).open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @classmethod
    def keep(cls, key: str, found: dict[str, Any]) -> None:
        cls.found[key] = found
        while len(cls.found) > cls.MOST:
            cls.found.popitem(last=False)


async def _make(order: dict[str, Any]) -> dict[str, Any]:
    try:
        key = await asyncio.to_thread(_Known.key, order)
    except FileNotFoundError:  # deleted since it was found
        raise invalid("file_id", "there is no such file") from None
    found = _Known.found.get(key)
    if found is None:
        folder = work.folder_of(new_task_id())
        try:
            found = await work.make("apps.sandbox.cloning.likeness:clone", order, folder, lane="voice")
        except work.MakerError:
            raise RefusedError(1013, "internal service error") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _Known.keep(key, found)
    if "refused" in found:
        raise RefusedError(*_REFUSALS[found["refused"]])
    return found


def _break_off(request: ASGIRequest) -> None:
    """The fault that leaves its caller in doubt: the work is done, and the answer is lost."""
    fault = fault_of(request)
    if fault and fault.name == "drop_stream":
        raise DroppedError


# --- design -----------------------------------------------------------------------------------------------------------


@endpoint("POST")
async def design_voice(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    prompt = _text(body, "prompt", PROMPT_CHARACTERS)
    text = _text(body, "preview_text", PREVIEW_CHARACTERS)
    if not prompt:
        raise invalid("prompt", "is required")
    if not text:
        raise invalid("preview_text", "is required")
    check_text(text)
    voice_id = await _check_new_id(body["voice_id"]) if body.get("voice_id") else _new_design_id()
    number = await store.stored(store.count_designs, prompt)
    designed = design(prompt, number)
    voice = CustomVoice(
        voice_id=voice_id,
        kind="voice_generation",
        language=designed.language or texts.language_of(text),
        gender=designed.gender,
        character=designed.character,
        accent=designed.accent,
        prompt=prompt,
    )
    audio, _ = await _say(voice, text, DESIGN_MODEL, watermark=_flag(body, "aigc_watermark"))
    await _add(voice)
    await _charge_preview(request, DESIGN_MODEL, text)
    _break_off(request)
    fault = fault_of(request)
    trial = audio.hex()
    if fault and fault.name in ("odd_hex", "truncate_hex"):
        trial = trial[:-1] if fault.name == "odd_hex" else trial[: len(trial) // 4 * 2]
    return answer({"voice_id": voice_id, "trial_audio": trial})


def _new_design_id() -> str:
    letters = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))
    return f"ttv-voice-{runtime.now():%Y%m%d%H%M%S}{secrets.randbelow(100):02}-{letters}"


# --- knob -------------------------------------------------------------------------------------------------------------


@endpoint("POST", knob=True)
async def sandbox_voices(request: ASGIRequest) -> HttpResponse:
    """A voice as if it had been cloned or designed just now: hidden until it is used."""
    body = body_of(request)
    kind, voice_id = body.get("voice_type", "voice_cloning"), str(body.get("voice_id") or "")
    if kind not in CUSTOM_TYPES:
        raise invalid("voice_type", "must be voice_cloning or voice_generation")
    if not voice_id:
        raise invalid("voice_id", "is required")
    language = body.get("language", "English")
    if language not in rules.languages():
        raise invalid("language", "unknown language")
    voice = CustomVoice(voice_id=voice_id, kind=kind, language=language, gender=str(body.get("gender", ""))[:6])
    if voice_id in rules.system_voices():
        raise RefusedError(2039, "voice clone voice id duplicate")
    await _add(voice)
    return answer({"voice_id": voice_id})

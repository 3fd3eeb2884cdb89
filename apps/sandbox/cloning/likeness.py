"""From a sample to a voice: looked at, copied, and then heard and corrected until it resembles its model.

The makers run in a process of their own (`apps.sandbox.work`).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from apps.sandbox.cloning import cleaning
from apps.sandbox.cloning.portrait import Portrait, Wave, measure
from apps.sandbox.engine.characters import Character
from apps.sandbox.engine.espeak import SAMPLE_RATE, Espeak
from apps.sandbox.engine.performance import Performance

ROUNDS = 4
LEAST_VOICED_S = 2.0
_USUAL = -18.0  # LUFS of the sandbox's speech
_PLAYED = "English"

TEXTS = {
    "English": "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It is easy to tell the depth of a well. Four hours of steady work faced us, and a large size in stockings "
    "is hard to sell.",
    "Chinese": "今天早上我们一起去公园散步，看见很多人在湖边打太极拳。天气不错，阳光照在水面上，大家都很高兴。",
}


class UnusableError(Exception):
    """Nothing can be heard in the file."""


def decode(path: Path, most_s: float) -> tuple[Wave, float]:
    """Samples of at most `most_s` seconds and a little, and the length that was found. Raises UnusableError."""
    parts: list[Wave] = []
    count, declared = 0, 0.0
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise UnusableError("no sound in it")
            stream = container.streams.audio[0]
            if stream.duration and stream.time_base:
                declared = float(stream.duration * stream.time_base)
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(stream):
                for part in resampler.resample(frame):
                    samples = part.to_ndarray()[0]
                    parts.append(samples)
                    count += len(samples)
                if count > (most_s + 2) * SAMPLE_RATE:
                    break
            else:
                for part in resampler.resample(None):
                    samples = part.to_ndarray()[0]
                    parts.append(samples)
                    count += len(samples)
    except (av.error.FFmpegError, ValueError, OSError) as exc:
        raise UnusableError(str(exc)) from None
    seconds = count / SAMPLE_RATE
    if not parts:
        raise UnusableError("no sound in it")
    if declared and seconds < most_s and seconds < declared * 0.9 - 0.5:
        raise UnusableError("the file is cut off")
    return np.concatenate(parts).astype(np.float32), seconds


def clone(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A maker: {"refused": …} or the length, the syllables that were heard and the character."""
    try:
        samples, seconds = decode(Path(request["sample"]), request["longest_s"])
    except UnusableError:
        return {"refused": "sample"}
    if not request["shortest_s"] <= round(seconds, 2) <= request["longest_s"]:
        return {"refused": "duration", "seconds": seconds}
    result: dict[str, Any] = {"seconds": seconds}
    prompt: Portrait | None = None
    if request.get("prompt"):
        try:
            example, length = decode(Path(request["prompt"]), request["prompt_longest_s"])
        except UnusableError:
            return {"refused": "prompt"}
        if length >= request["prompt_longest_s"]:
            return {"refused": "prompt_duration", "seconds": length}
        prompt = measure(example)
        result |= {"prompt_syllables": prompt.syllables, "prompt_f0": prompt.f0}
    if request["noise_reduction"]:
        samples = cleaning.without_noise(samples)
    model = measure(samples)
    if model.voiced_s < LEAST_VOICED_S or not model.f0:
        return {"refused": "sample", "seconds": seconds}
    result |= {"syllables": model.syllables, "f0": model.f0}
    if prompt is not None and prompt.voiced_s > 0.5 and abs(np.log2(prompt.f0 / model.f0)) < 0.5:
        model = _together(model, prompt)
    character = _copy(model, request["language"], Path(request["data"]))
    if not request["volume_normalization"]:
        character = replace(character, gain_db=float(np.clip((model.loudness - _USUAL) * 0.6, -8, 3)))
    result["character"] = asdict(character)
    result["gender"] = "male" if model.f0 < 165 else "female"
    return result


def _together(sample: Portrait, prompt: Portrait) -> Portrait:
    """The example counts as much as it lasts, but three times: it was chosen to be typical."""
    weight = 3 * prompt.voiced_s / (3 * prompt.voiced_s + sample.voiced_s)

    def between(one: float, other: float) -> float:
        return one + weight * (other - one)

    return replace(
        sample,
        f0=between(sample.f0, prompt.f0),
        semitones=between(sample.semitones, prompt.semitones),
        pace=between(sample.pace, prompt.pace),
    )


@cache
def _synthesiser(data: Path) -> Espeak:
    return Espeak(data)


def speak(character: Character, text: str, language: str, data: Path) -> Wave:
    """What a request with this voice would sound like."""
    job = {
        "voices": [
            {
                "voice_id": "",
                "gender": "",
                "tags": [],
                "language": language,
                "weight": 1,
                "character": asdict(character),
            }
        ],
        "text": text,
        "speed": 1.0,
        "vol": 1.0,
        "pitch": 0,
        "emotion": None,
        "text_normalization": False,
        "latex_read": False,
        "voice_modify": None,
        "language_boost": None,
        "pronunciation": [],
        "sound_tags": False,
        "stream": False,
        "aigc_watermark": False,
        "subtitle_type": None,
        "format": "pcm",
        "sample_rate": SAMPLE_RATE,
        "bitrate": 128000,
        "channel": 1,
        "force_cbr": False,
        "header": True,
    }
    sound = b"".join(step.audio for step in Performance(_synthesiser(data), job).steps())
    return (np.frombuffer(sound, "<i2") / 32768).astype(np.float32)


def _copy(model: Portrait, language: str, data: Path) -> Character:
    played = language if language in TEXTS else _PLAYED
    high = float(np.clip(np.log2(model.f0 / 110), 0, 1))
    character = Character(
        f0=float(np.clip(model.f0, 65, 420)),
        tract=100 + 14 * high,
        flutter=2.0,
        exactness=1.0,
    )
    for number in range(ROUNDS):
        heard = measure(speak(character, TEXTS[played], played, data))
        character = _nearer(character, model, heard, last=number == ROUNDS - 1)
    return character


def _nearer(character: Character, model: Portrait, heard: Portrait, *, last: bool) -> Character:
    throat = _ratios(model, heard)
    tract = float(np.clip(character.tract * throat[1:].mean() ** 0.7, 80, 140))
    formants = np.clip(np.array(character.formants) * (throat / throat[1:].mean()) ** 0.5, 0.85, 1.18)
    span = character.span * float(np.clip(model.semitones / max(heard.semitones, 0.5), 0.6, 1.6))
    pace = character.pace * float(np.clip(model.pace / max(heard.pace, 0.5), 0.75, 1.35))
    difference = np.clip(np.array(model.bands) - np.array(heard.bands), -8, 8)
    bands = np.clip(np.array(character.bands) + 0.8 * difference, -20, 16)
    breath = character.breath + 90 * (heard.clarity - model.clarity) if not last else character.breath
    dynamics = character.dynamics * float(np.clip(model.dynamics / max(heard.dynamics, 0.5), 0.7, 1.4)) ** 0.7
    return replace(
        character,
        tract=tract if not last else character.tract,
        formants=tuple(formants.tolist()) if not last else character.formants,
        span=float(np.clip(span, 0.08, 2.4)),
        pace=float(np.clip(pace, 95, 300)),
        bands=tuple(bands.tolist()),
        breath=float(np.clip(breath, 0, 28)),
        dynamics=float(np.clip(dynamics, 0.6, 1.8)),
    )


def _ratios(model: Portrait, heard: Portrait) -> Any:
    wanted, present = np.array(model.formants), np.array(heard.formants)
    usable = (wanted > 0) & (present > 0)
    ratios = np.where(usable, wanted / np.where(present > 0, present, 1), 1.0)
    return np.clip(np.where(ratios > 0, ratios, 1), 0.7, 1.4)

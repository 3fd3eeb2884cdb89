"""The catalogue's data as the sandbox needs it.

The files are read as they are, without the catalogue's validation: pydantic alone would cost 20 MiB in this process.
"""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import apps.minimax

_DATA = Path(apps.minimax.__file__).parent / "catalogue" / "data"

# Ids of the first generation, which samples and older clients still send.
_OLDER_VOICES = {
    "female": "Wise_Woman Inspirational_girl Calm_Woman Lively_Girl Lovely_Girl Sweet_Girl_2 Exuberant_Girl Abbess "
    "presenter_female audiobook_female_1 audiobook_female_2",
    "male": "Friendly_Person Deep_Voice_Man Casual_Guy Patient_Man Young_Knight Determined_Man Decent_Boy "
    "Imposing_Manner Elegant_Man presenter_male audiobook_male_1 audiobook_male_2 doc_commentary",
}


@cache
def catalogue_file(name: str) -> str:
    return (_DATA / name).read_text()


@cache
def speech() -> dict[str, Any]:
    return tomllib.loads((_DATA / "speech.toml").read_text())


@cache
def models() -> dict[str, dict[str, Any]]:
    """Each speech model with what its family can do."""
    families = speech()["families"]
    return {model["id"]: {**families[model["family"]], **model} for model in speech()["models"]}


@cache
def languages() -> frozenset[str]:
    return frozenset(
        language["name"] for language in tomllib.loads((_DATA / "languages.toml").read_text())["languages"]
    )


@cache
def price_per_million(model: str) -> Decimal:
    prices = tomllib.loads((_DATA / "prices.toml").read_text(), parse_float=Decimal)["speech"]
    return Decimal(prices.get(model, 0))


@cache
def price_of_voice(kind: str) -> Decimal:
    """Of a cloned or designed voice, due with its first synthesis."""
    prices = tomllib.loads((_DATA / "prices.toml").read_text(), parse_float=Decimal)
    return Decimal(prices["voice_clone" if kind == "voice_cloning" else "voice_design"])


@cache
def image() -> dict[str, Any]:
    return tomllib.loads((_DATA / "image.toml").read_text())


@cache
def price_of_image(model: str) -> Decimal:
    prices = tomllib.loads((_DATA / "prices.toml").read_text(), parse_float=Decimal)["image"]
    return Decimal(prices.get(model, prices[image()["default_model"]]))


@cache
def music() -> dict[str, Any]:
    return tomllib.loads((_DATA / "music.toml").read_text())


@cache
def price_of_music(model: str) -> Decimal:
    prices = tomllib.loads((_DATA / "prices.toml").read_text(), parse_float=Decimal)["music"]
    return Decimal(prices.get(model, 0))


@cache
def price_of_lyrics() -> Decimal:
    return Decimal(tomllib.loads((_DATA / "prices.toml").read_text(), parse_float=Decimal)["lyrics"])


@cache
def system_voices() -> dict[str, dict[str, Any]]:
    """By id: voice_id, name, language, gender, tags, and `listed`: whether get_voice shows it."""
    voices = {}
    for group in json.loads((_DATA / "voices.json").read_text())["groups"]:
        for voice in group["voices"]:
            voices[voice["id"]] = {
                "voice_id": voice["id"],
                "name": voice["name"],
                "language": group["language"],
                "gender": voice["gender"],
                "tags": voice["tags"],
                "listed": not group["unlisted"],
            }
    for gender, ids in _OLDER_VOICES.items():
        for voice_id in ids.split():
            name = voice_id.replace("_", " ")
            older = {
                "voice_id": voice_id,
                "name": name,
                "language": "English",
                "gender": gender,
                "tags": [],
                "listed": False,
            }
            voices.setdefault(voice_id, older)
    return voices


@cache
def video() -> dict[str, Any]:
    return tomllib.loads((_DATA / "video.toml").read_text())


@cache
def video_prices() -> dict[tuple[str, str, int], Decimal]:
    """By model, resolution and seconds."""
    rows = tomllib.loads((_DATA / "prices.toml").read_text(), parse_float=Decimal)["video"]
    return {(row["model"], row["resolution"], row["duration_s"]): Decimal(row["price"]) for row in rows}


@cache
def templates() -> dict[str, dict[str, Any]]:
    rows = tomllib.loads((_DATA / "templates.toml").read_text(), parse_float=Decimal)["templates"]
    return {row["id"]: row for row in rows}

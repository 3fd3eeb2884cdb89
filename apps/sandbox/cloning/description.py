"""A description, in English or Chinese, becomes the numbers of a voice.

The same description gives the same voices in the same order: the first design of it, the second, and so on differ a
little, as two people who fit one description do. No numpy here: this runs in the server's own process.
"""

from __future__ import annotations

import hashlib
import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Design:
    character: dict[str, Any]  # fields of apps.sandbox.engine.characters.Character
    gender: str
    language: str  # "" when the description names none
    accent: str  # espeak-ng's name of the English it speaks, "" for the usual one


_DATA: dict[str, list[dict[str, Any]]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text())
# Middle pitch in Hz and throat in percent of espeak-ng's grown man.
_BODIES = {
    ("male", "child"): (245.0, 122.0),
    ("male", "teen"): (142.0, 106.0),
    ("male", "young"): (124.0, 102.0),
    ("male", "middle"): (110.0, 98.0),
    ("male", "old"): (101.0, 97.0),
    ("female", "child"): (272.0, 125.0),
    ("female", "teen"): (236.0, 118.0),
    ("female", "young"): (214.0, 115.0),
    ("female", "middle"): (192.0, 112.0),
    ("female", "old"): (170.0, 109.0),
}
_PACES = {"child": 172.0, "teen": 176.0, "young": 172.0, "middle": 166.0, "old": 148.0}

_VERY = r"(?:very|extremely|really|super|incredibly|so|quite|remarkably|非常|十分|极其|极度|特别|很|超)\s*(?:的)?"
_SLIGHTLY = r"(?:slightly|a (?:little|bit|touch)|somewhat|a hint of|略微|略带|略|稍微|稍|有点|微微)\s*"
_NOT = (
    r"(?:\bnot|\bnever|\bwithout|\bno|n't|不要|不是|不会|不|没有|别)\s*"
    r"(?:too|very|so|overly|at all|a|any|太|很|那么)?\s*"
)

_LIMITS = {
    "f0": (68.0, 360.0),
    "tract": (84.0, 134.0),
    "pace": (95.0, 260.0),
    "span": (0.1, 2.2),
    "breath": (0.0, 26.0),
    "roughness": (0.0, 7.0),
    "flutter": (0.0, 20.0),
    "narrow": (55.0, 130.0),
    "consonants": (70.0, 150.0),
    "low_db": (-8.0, 8.0),
    "mid_db": (-8.0, 8.0),
    "high_db": (-8.0, 8.0),
    "gain_db": (-5.0, 4.0),
}


def design(prompt: str, number: int = 0) -> Design:
    """`number`: how many voices this description has given before."""
    text = prompt.lower()
    seed = hashlib.sha256(f"{' '.join(text.split())}\n{number}".encode()).digest()
    dice = random.Random(int.from_bytes(seed[:8], "big"))  # noqa: S311 - nothing is kept secret by it
    gender = _gender(text) or dice.choice(("female", "male"))
    age = _age(text)
    f0, tract = _BODIES[gender, age]
    values = {
        "f0": f0 * 2 ** (dice.uniform(-0.8, 0.8) / 12),
        "tract": tract + dice.uniform(-1.5, 1.5),
        "span": 1.0 + dice.uniform(-0.08, 0.08),
        "pace": _PACES[age] + dice.uniform(-4, 4),
        "breath": (1.5 if gender == "female" else 0.0) + dice.uniform(0, 1.5),
        "roughness": (2.5 if age == "old" else 0.0) + dice.uniform(0, 0.8),
        "flutter": (8.0 if age == "old" else 2.0) + dice.uniform(0, 1.5),
        "narrow": 100 + dice.uniform(-10, 10),
        "consonants": 100.0,
        "low_db": dice.uniform(-1, 1),
        "mid_db": dice.uniform(-1, 1),
        "high_db": dice.uniform(-1.2, 1.2),
        "gain_db": 0.0,
    }
    for row in _DATA["words"]:
        strength = _strength(row, text)
        for name, by in row["adds"].items() if strength else ():
            if name == "semitones":
                values["f0"] *= 2 ** (by * strength / 12)
            else:
                values[name] += by * strength
    character: dict[str, Any] = {name: min(high, max(low, values[name])) for name, (low, high) in _LIMITS.items()}
    character |= {"lilt": dice.uniform(-5, 5), "exactness": 1.0}
    return Design(character, gender, _first("languages", text), _first("accents", text))


def _pattern(row: dict[str, Any]) -> str:
    words = [rf"(?<![a-z])(?:{'|'.join(row['en'])})(?![a-z])"] if "en" in row else []
    return "|".join([*words, *row.get("zh", [])])


def _strength(row: dict[str, Any], text: str) -> float:
    """0 when none of the words is there, or only denied; else how strongly it is meant."""
    strength = 0.0
    for found in re.finditer(_pattern(row), text):
        before = text[: found.start()]
        if re.search(_NOT + "$", before):
            continue
        meant = 1.6 if re.search(_VERY + "$", before) else 0.5 if re.search(_SLIGHTLY + "$", before) else 1.0
        strength = max(strength, meant)
    return strength


def _gender(text: str) -> str:
    """That of the first word that tells one."""
    found = [(match.start(), row["name"]) for row in _DATA["sexes"] if (match := re.search(_pattern(row), text))]
    return min(found)[1] if found else ""


def _age(text: str) -> str:
    years = re.search(r"(\d{1,3})[- ]?(?:years?|yrs?|岁)", text)
    if years:
        for limit, age in ((13, "child"), (20, "teen"), (36, "young"), (60, "middle")):
            if int(years.group(1)) < limit:
                return age
        return "old"
    return _first("ages", text) or "young"


def _first(kind: str, text: str) -> str:
    return next((row["name"] for row in _DATA[kind] if re.search(_pattern(row), text)), "")

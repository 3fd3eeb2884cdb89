"""What the guide may quote: the project's own pages, and the catalogue put into sentences."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apps.sandbox.chatting.guide.language import grouped, joined, sentences

_ROOT = Path(__file__).parents[4]
_DATA = _ROOT / "apps" / "minimax" / "catalogue" / "data"


@dataclass(frozen=True)
class Section:
    page: str
    title: str
    passages: tuple[str, ...]

    @property
    def source(self) -> str:
        return f"{self.page}, “{self.title}”" if self.title else self.page


@cache
def sections() -> tuple[Section, ...]:
    found: list[Section] = []
    paths = [
        _ROOT / "README.md",
        *sorted((_ROOT / "docs").glob("*.md")),
        *sorted((_ROOT / "docs/decisions").glob("*.md")),
    ]
    for path in paths:
        if path.is_file():
            found += _of_page(path.relative_to(_ROOT).as_posix(), path.read_text())
    return (*found, *_of_catalogue())


def _of_page(page: str, text: str) -> Iterator[Section]:
    title = ""
    lines: list[str] = []
    fenced = False
    for line in [*text.splitlines(), "# end"]:
        if line.startswith("```"):
            fenced = not fenced
        if re.match(r"#{1,4} ", line) and not fenced:
            passages = tuple(_passages(lines))
            if passages:
                yield Section(page, title, passages)
            title, lines = line.lstrip("# ").strip(), []
        else:
            lines.append(line)


def _passages(lines: list[str]) -> Iterator[str]:
    for block in re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines)):
        block = block.strip("\n")
        if not block.strip():
            continue
        if block.startswith("```"):
            yield block
        elif block.startswith("|"):
            yield from _rows(block)
        elif re.match(r"\s*(?:[-*]|\d+\.) ", block):
            for item in re.split(r"\n(?=\s*(?:[-*]|\d+\.) )", block):
                yield re.sub(r"^\s*(?:[-*]|\d+\.) ", "", " ".join(item.split()))
        elif not block.startswith(("![", "<")):
            yield from sentences(" ".join(block.split()))


def _rows(block: str) -> Iterator[str]:
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in block.splitlines()]
    for row in rows[2:]:
        head, *rest = row
        filled = [
            f"{name.lower()} {cell}" if name and number > 1 else cell
            for number, (name, cell) in enumerate(zip(rows[0][1:], rest, strict=False), 1)
            if cell
        ]
        yield f"{head}: {'; '.join(filled)}." if filled else head


# --- the catalogue ----------------------------------------------------------------------------------------------------


def _file(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text())


@cache
def chat_models() -> dict[str, dict[str, Any]]:
    """By id: label, description, window, output, inputs, thinking, speed, and the prices of the first tier."""
    prices: dict[str, dict[str, Any]] = {}
    for row in _file("prices.toml")["chat"]:
        if "tier" not in row and "above_input_tokens" not in row:
            prices[row["model"]] = row
    found = {}
    for row in _file("chat.toml")["models"]:
        found[row["id"]] = {
            "label": row["label"],
            "description": row["description"],
            "window": row.get("context_tokens", 204_800),
            "output": row.get("max_output_tokens", 204_800),
            "inputs": row.get("inputs", ["text", "tools"]),
            "thinking": row.get("thinking", "always"),
            "speed": row.get("tokens_per_second") or 60,
            "price": prices.get(row["id"], {}),
        }
    return found


THINKING = {"switchable": "thinking can be switched", "always": "it always thinks", "none": "it does not think aloud"}


def price_sentence(model: str) -> str:
    price = chat_models()[model]["price"]
    if not price:
        return f"No price of {model} is in the catalogue."
    text = f"{model} costs ${price['input']:.2f} per million input tokens"
    text += f" and ${price['output']:.2f} per million output tokens"
    return f"{text}; reading from the cache ${price['cache_read']:.2f}." if "cache_read" in price else f"{text}."


def _of_catalogue() -> Iterator[Section]:
    for name, model in chat_models().items():
        yield Section(
            "the catalogue",
            f"chat model {name}",
            (
                f"{name} ({model['label']}): {model['description']}",
                f"Its window holds {grouped(model['window'])} tokens, "
                f"of which at most {grouped(model['output'])} are output.",
                f"It takes {joined(model['inputs'])}; {THINKING[model['thinking']]}; "
                f"it writes about {model['speed']} tokens a second.",
                price_sentence(name),
            ),
        )
    prices = _file("prices.toml")
    yield _speech(prices)
    yield _voices()
    yield _images(prices)
    yield from _moving(prices)
    yield _limits()


def _speech(prices: dict[str, Any]) -> Section:
    speech = _file("speech.toml")
    lines = [
        f"Speech models: {joined(model['id'] for model in speech['models'])}.",
        f"A text to speak may have at most {grouped(speech['max_characters'])} characters.",
        f"Formats of sound: {joined(speech['formats'])}; speed "
        f"{speech['speed']['minimum']} to {speech['speed']['maximum']}.",
    ]
    lines += [
        f"{name} costs ${cost} per million characters; a Chinese character counts as two."
        for name, cost in prices["speech"].items()
    ]
    lines.append(f"Cloning a voice costs ${prices['voice_clone']:.2f}, designing one ${prices['voice_design']:.2f}.")
    return Section("the catalogue", "speech models, limits and prices", tuple(lines))


@cache
def voices() -> dict[str, list[dict[str, str]]]:
    """Listed system voices by language."""
    found: dict[str, list[dict[str, str]]] = {}
    for group in json.loads((_DATA / "voices.json").read_text())["groups"]:
        if not group["unlisted"]:
            found.setdefault(group["language"], []).extend(group["voices"])
    return found


def _voices() -> Section:
    total = sum(len(group) for group in voices().values())
    lines = [f"There are {total} system voices in {len(voices())} languages."]
    lines += [
        f"{language} has {len(group)} voices, for example {group[0]['name']}." for language, group in voices().items()
    ]
    return Section("the catalogue", "system voices", tuple(lines))


def _images(prices: dict[str, Any]) -> Section:
    image = _file("image.toml")
    cost = prices["image"][image["default_model"]]
    return Section(
        "the catalogue",
        "image models, limits and prices",
        (
            f"Image models: {joined(model['id'] for model in image['models'])}.",
            f"A picture, an image, costs ${cost}; a prompt for a picture "
            f"may have {grouped(image['prompt_characters'])} characters.",
            f"One request makes {image['n']['minimum']} to {image['n']['maximum']} pictures.",
            f"Aspect ratios: {joined(image['aspect_ratios'])}.",
        ),
    )


def _moving(prices: dict[str, Any]) -> Iterator[Section]:
    video, music = _file("video.toml"), _file("music.toml")
    lines = [
        f"Video models: {joined(model['id'] for model in video['models'])}.",
        f"A prompt for a video may have {grouped(video['prompt_characters'])} characters; a video lasts "
        f"{joined(map(str, video['durations_s']), 'or')} seconds.",
    ]
    lines += [
        f"A video by {row['model']} in {row['resolution']}, {row['duration_s']} seconds, costs ${row['price']:.2f}."
        for row in prices["video"]
    ]
    yield Section("the catalogue", "video models, limits and prices", tuple(lines))
    lines = [
        f"Music models: {joined(model['id'] for model in music['models'])}.",
        f"A song lasts at most {music['max_minutes']} minutes; its lyrics "
        f"may have {grouped(music['texts']['song']['lyrics'][1])} characters.",
        f"Lyrics written by the platform cost ${prices['lyrics']} per call.",
        f"Tags for sections of lyrics: {joined(music['section_tags'])}.",
    ]
    lines += [
        f"A song by {name} costs {'nothing' if not cost else f'${cost}'}." for name, cost in prices["music"].items()
    ]
    yield Section("the catalogue", "music models, limits and prices", tuple(lines))
    rows = _file("templates.toml")["templates"]
    lines = [f"{row['name']}: needs {row.get('media_hint', 'no picture').lower()}." for row in rows]
    yield Section("the catalogue", "video templates (agents)", tuple(lines))


def _limits() -> Section:
    service = _file("service.toml")
    lines = []
    for row in service["rate_limits"]:
        if "rpm" in row:
            text = f"Rate limit of {row['family']}: {row['rpm']} requests a minute"
            text += f", {grouped(row['tpm'])} tokens a minute" if "tpm" in row and "MiniMax" in row["family"] else ""
            lines.append(f"{text}.")
    lines += [f"Error {row['code']} means: {row['meaning']}." for row in service["errors"]]
    return Section("the catalogue", "rate limits and error codes", tuple(lines))

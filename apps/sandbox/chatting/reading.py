"""The fields that both kinds of request have, read and checked."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping
from typing import Any

from PIL import Image, UnidentifiedImageError

from apps.sandbox.chatting import tokens
from apps.sandbox.chatting.conversation import Ask, Picture, Segment, Tool
from apps.sandbox.chatting.door import StatusError
from apps.sandbox.chatting.models import Model, chat, models
from apps.sandbox.envelope import invalid

TOKENS_PER_MESSAGE = 4
PATCH = 28  # pixels: a picture costs one token for each patch of this side
PICTURE_TOKENS = {"low": (64, 600), "default": (64, 3000), "high": (64, 15_000)}
UNSEEN_PICTURE_TOKENS = {"low": 300, "default": 1500, "high": 5000}
VIDEO_TOKENS = 5000
DEFAULT_OUTPUT_TOKENS = 131_072


def read_model(body: Mapping[str, Any], surface: str) -> Model:
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise invalid("model", "is required")
    model = models().get(name)
    if model is None or surface not in model.surfaces:
        raise StatusError(404, 2013, f"invalid params, unknown model '{name[:100]}'")
    return model


def number(
    body: Mapping[str, Any], name: str, default: float, low: float, high: float, *, above: bool = False
) -> float:
    """`above`: the lower end itself is not allowed."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(name, f"must be a number from {low} to {high}")
    if above and value == low:
        raise invalid(name, f"must be above {low}")
    return float(value)


def whole_number(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 1:
        raise invalid(name, "must be a whole number of at least 1")
    return int(value)


def switch(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(name, "must be true or false")
    return bool(value)


def wants_thinking(body: Mapping[str, Any], model: Model, *, default: bool) -> bool:
    given = body.get("thinking")
    kind = given.get("type") if isinstance(given, dict) else None
    if given is not None and kind not in ("adaptive", "enabled", "disabled"):
        raise invalid("thinking", 'must be {"type": "adaptive"} or {"type": "disabled"}')
    if model.thinking != "switchable":
        return model.thinking == "always"
    return default if kind is None else kind != "disabled"


def is_priority(body: Mapping[str, Any]) -> bool:
    tier = body.get("service_tier")
    if tier not in (None, "auto", "default", "standard_only", *chat()["service_tiers"]):
        raise invalid("service_tier", "must be standard or priority")
    return tier == "priority"


def seed_of(body: Mapping[str, Any]) -> int | None:
    value = body.get("seed")
    return value if isinstance(value, int) else None


def read_tool(name: Any, description: Any, schema: Any) -> Tool:
    if not isinstance(name, str) or not name:
        raise invalid("tools", "each needs a name")
    if not isinstance(schema, dict):
        raise invalid("tools", f"{name}: the schema of the parameters is required")
    return Tool(name, description if isinstance(description, str) else "", schema)


def need_pictures(model: Model) -> None:
    if "image" not in model.inputs:
        raise invalid("messages", f"model '{model.id}' does not take images or videos")


def read_picture(url_or_data: str, detail: str, media_type: str = "") -> Picture:
    """A data URL, base64 bytes (with their media type), or an address, which is not fetched."""
    detail = detail if detail in PICTURE_TOKENS else "default"
    if url_or_data.startswith("data:"):
        head, _, data = url_or_data.partition(",")
        media_type = head[5:].partition(";")[0]
    elif media_type:
        data = url_or_data
    elif url_or_data.startswith(("http://", "https://")):
        return Picture(UNSEEN_PICTURE_TOKENS[detail], "")
    else:
        raise invalid("image", "must be an http address or a data URL")
    if media_type not in chat()["image_types"]:
        raise invalid("image", "must be " + ", ".join(chat()["image_types"]))
    if len(data) * 3 // 4 > chat()["max_image_bytes"]:
        raise StatusError(413, 2013, "invalid params, image: is larger than 10 MB")
    try:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            width, height = image.size
            colour = _main_colour(image)
            about = f"{image.format} of {width} × {height} pixels, mostly {colour}"
    except (binascii.Error, ValueError, UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise invalid("image", "cannot be read") from None
    low, high = PICTURE_TOKENS[detail]
    return Picture(min(high, max(low, -(-width // PATCH) * -(-height // PATCH))), about)


_COLOURS = {
    "black": (20, 20, 20),
    "white": (240, 240, 240),
    "grey": (128, 128, 128),
    "red": (200, 40, 40),
    "orange": (235, 140, 40),
    "yellow": (230, 215, 60),
    "green": (60, 150, 70),
    "blue": (50, 90, 190),
    "purple": (130, 60, 160),
    "brown": (120, 80, 50),
    "pink": (235, 150, 180),
    "light blue": (150, 195, 235),
}


def _main_colour(image: Image.Image) -> str:
    image.draft("RGB", (64, 64))
    small = image.convert("RGB").resize((1, 1), Image.Resampling.BOX)
    pixel = small.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return min(_COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(_COLOURS[name], pixel, strict=False)))


def tool_segments(tools: Any) -> list[Segment]:
    segments = []
    for tool in tools if isinstance(tools, list) else []:
        content = json.dumps(tool, ensure_ascii=False, sort_keys=True)
        marked = isinstance(tool, dict) and bool(tool.get("cache_control"))
        segments.append(Segment(content, tokens.count(content), marked))
    return segments


def prompt_tokens(ask: Ask) -> int:
    return sum(segment.tokens for segment in ask.segments)


def check_context(ask: Ask, model: Model) -> None:
    if prompt_tokens(ask) >= model.context_tokens:
        raise invalid("messages", "context window exceeds limit")


def most_output(body: Mapping[str, Any], model: Model, *names: str) -> int:
    """Asked for too much: as much as there is."""
    for name in names:
        if body.get(name) is not None:
            return min(whole_number(body, name, 1), model.max_output_tokens)
    return min(DEFAULT_OUTPUT_TOKENS, model.max_output_tokens)


def stop_texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    return tuple(text for text in value if isinstance(text, str) and text) if isinstance(value, list) else ()

"""POST /v1/image_generation: pictures from words, and around a subject."""

from __future__ import annotations

import asyncio
import base64
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase, StreamingHttpResponse

from apps.sandbox import rules, store, work
from apps.sandbox.api import body_of, endpoint, entry_of, fault_of, url_of
from apps.sandbox.envelope import DroppedError, RefusedError, answer, base_resp, dumps, invalid
from apps.sandbox.pictures import read_picture

MAKER = "apps.sandbox.painting.painter:make_picture"
LINK_HOURS = 24


@dataclass(frozen=True)
class ImageRequest:
    model: str
    n: int
    response_format: str
    reference: Any
    painted: dict[str, Any]  # what the painter needs to know


def _whole_number(body: dict[str, Any], field: str) -> int | None:
    value = body.get(field)
    if isinstance(value, str) and value.lstrip("-").isdigit() and value.isascii():
        value = int(value)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise invalid(field, "must be a whole number")
    return value


def _in_range(body: dict[str, Any], field: str, limits: dict[str, Any]) -> int | None:
    value = _whole_number(body, field)
    if value is not None and not limits["minimum"] <= value <= limits["maximum"]:
        raise invalid(field, f"must be between {limits['minimum']} and {limits['maximum']}")
    return value


def _flag(body: dict[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise invalid(field, "must be true or false")
    return bool(value)


def _size(body: dict[str, Any], model: dict[str, Any]) -> tuple[int, int]:
    """The ratio wins over width and height, as the page says."""
    limits = rules.image()
    sides: dict[str, int | None] = {}
    for field in ("width", "height"):
        sides[field] = side = _in_range(body, field, limits["side_px"])
        if side is not None:
            if not model.get("own_size"):
                raise invalid(field, f"is not accepted by {model['id']}")
            if side % limits["side_px"]["step"]:
                raise invalid(field, f"must be a multiple of {limits['side_px']['step']}")
    if (sides["width"] is None) != (sides["height"] is None):
        raise invalid("height" if sides["height"] is None else "width", "width and height go together")
    ratio = body.get("aspect_ratio") or None
    if ratio is not None and ratio not in limits["aspect_ratios"]:
        raise invalid("aspect_ratio", "must be one of " + ", ".join(limits["aspect_ratios"]))
    if ratio in model.get("without_ratios", ()):
        raise invalid("aspect_ratio", f"{ratio} is not available with {model['id']}")
    if ratio is None and sides["width"] and sides["height"]:
        return sides["width"], sides["height"]
    width, height = limits["aspect_ratios"][ratio or limits["default_aspect_ratio"]]
    return width, height


def _style(body: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    style = body.get("style")
    if style in (None, {}):
        return {}
    if not model.get("styles"):
        raise invalid("style", f"is not accepted by {model['id']}")
    if not isinstance(style, dict):
        raise invalid("style", "must be an object")
    limits = rules.image()
    if style.get("style_type") not in limits["style_types"]:
        raise invalid("style_type", "must be one of " + ", ".join(limits["style_types"]))
    weight = style.get("style_weight", limits["style_weight"]["default"])
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 < weight <= 1:
        raise invalid("style_weight", "must be above 0 and at most 1")
    return {"style_type": style["style_type"], "style_weight": float(weight)}


def _reference(body: dict[str, Any]) -> Any:
    """`image_file` (the page), `image_url` (the CLI), or the picture itself as a string (the JavaScript MCP server)."""
    given = body.get("subject_reference")
    if given in (None, [], ""):
        return None
    if isinstance(given, str):
        return given
    if not isinstance(given, list) or len(given) != 1:
        raise invalid("subject_reference", "must have exactly one element")
    (subject,) = given
    if isinstance(subject, str):
        return subject
    if not isinstance(subject, dict):
        raise invalid("subject_reference", "must be an object with type and image_file")
    if subject.get("type", "character") not in rules.image()["reference"]["kinds"]:
        raise invalid("subject_reference", "type must be character")
    picture = subject.get("image_file") or subject.get("image_url")
    if not picture:
        raise invalid("subject_reference", "image_file is required")
    return picture


def read_request(body: dict[str, Any]) -> ImageRequest:
    limits = rules.image()
    known = {model["id"]: model for model in limits["models"]}
    name = body.get("model")
    if not isinstance(name, str) or name not in known:
        raise invalid("model", "unknown model" if name else "is required")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise invalid("prompt", "is required")
    if len(prompt) > limits["prompt_characters"]:
        raise invalid("prompt", f"must have at most {limits['prompt_characters']} characters")
    width, height = _size(body, known[name])
    n = _in_range(body, "n", limits["n"])
    response_format = body.get("response_format") or "url"
    if response_format not in limits["response_formats"]:
        raise invalid("response_format", "must be url or base64")
    seed = _in_range(body, "seed", limits["seed"])
    painted = {
        "prompt": prompt,
        "width": width,
        "height": height,
        "seed": secrets.randbits(63) if seed is None else seed,
        "prompt_optimizer": _flag(body, "prompt_optimizer"),
        "aigc_watermark": _flag(body, "aigc_watermark"),
        **_style(body, known[name]),
    }
    return ImageRequest(name, n or 1, response_format, _reference(body), painted)


async def _paint(wanted: ImageRequest, folder: Path, number: int) -> bytes | None:
    try:
        await work.make(MAKER, {**wanted.painted, "number": number}, folder, lane="images")
        return await asyncio.to_thread((folder / f"{number}.jpg").read_bytes)
    except work.MakerError:
        return None


@endpoint("POST")
async def create_images(request: ASGIRequest) -> HttpResponseBase:
    wanted = read_request(body_of(request))
    entry, fault = entry_of(request), fault_of(request)
    withheld = wanted.n - wanted.n // 2 if fault and fault.name == "partial" else 0
    folder = work.folder_of(f"image-{entry.trace_id}")
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    try:
        if wanted.reference is not None:
            content = await _read_reference(wanted.reference)
            path = folder / "reference"
            await asyncio.to_thread(path.write_bytes, content)
            wanted.painted["reference"] = str(path)
        pictures = [
            content
            for content in await asyncio.gather(
                *(_paint(wanted, folder, number) for number in range(wanted.n - withheld))
            )
            if content
        ]
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    if not pictures:
        raise RefusedError(1027, "output new_sensitive") if withheld else RefusedError(1033, "system error")
    price = rules.price_of_image(wanted.model) * len(pictures)
    await store.stored(store.charge_work, entry.trace_id, request.path, wanted.model, price)
    data: dict[str, Any] = {}
    if wanted.response_format == "base64":
        encoded = [base64.b64encode(content).decode() for content in pictures]
        half = fault is not None and fault.name == "truncate_hex"
        data["image_base64"] = [text[: len(text) // 8 * 4] if half else text for text in encoded]
    else:
        data["image_urls"] = [
            await _link(request, content, f"{entry.trace_id}-{number}.jpeg") for number, content in enumerate(pictures)
        ]
    counts = {"success_count": str(len(pictures)), "failed_count": str(wanted.n - len(pictures))}
    payload = {"id": entry.trace_id, "data": data, "metadata": counts}
    if fault and fault.name == "drop_stream":
        sent = dumps({**payload, **base_resp()}).encode()
        return StreamingHttpResponse(_broken(sent[: len(sent) // 2]), content_type="application/json")
    return answer(payload)


async def _link(request: ASGIRequest, content: bytes, name: str) -> str:
    row = await store.stored(
        store.keep_file, content, name, purpose="image_generation", media_type="image/jpeg", hours=LINK_HOURS
    )
    return url_of(request, f"/files/{row.token}/{row.filename}")


async def _read_reference(given: Any) -> bytes:
    limits = rules.image()["reference"]
    content, extension = await read_picture(
        given, "subject_reference", {"below_bytes": limits["below_bytes"], "short_side_above_px": 15}
    )
    if extension not in limits["extensions"]:
        raise invalid("subject_reference", "must be a JPG or PNG picture")
    return content


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise DroppedError

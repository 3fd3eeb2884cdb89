"""POST /v1/music_generation: a song from a style and lyrics, and POST /v1/lyrics_generation: lyrics from a theme."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from apps.sandbox import rules, store, work
from apps.sandbox.api import body_of, endpoint, entry_of, fault_of, url_of
from apps.sandbox.composing import writer
from apps.sandbox.envelope import DroppedError, RefusedError, answer, base_resp, dumps, invalid
from apps.sandbox.faults import Fault

MAKER = "apps.sandbox.composing.song:make_song"
FILENAME = "song"
MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "application/octet-stream"}
LINK_HOURS = 24
PIECE_BYTES = 64 * 1024
PIECES_BEFORE_FAULT = 3
# The vendor's JavaScript MCP server offers more bit rates than the page names.
BITRATES = (32000, 64000, 96000, 128000, 160000, 192000, 224000, 256000, 320000)


@dataclass(frozen=True)
class MusicRequest:
    model: str
    stream: bool
    output_format: str
    exclude_aggregated_audio: bool
    made: dict[str, Any]  # what the maker needs to know


def _text(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise invalid(field, "must be a string")
    return (value or "").strip()


def _flag(body: dict[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise invalid(field, "must be true or false")
    return bool(value)


def _whole_number(body: dict[str, Any], field: str, default: int) -> int:
    value = body.get(field)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(field, "must be a whole number")
    return value


def _audio_setting(body: dict[str, Any]) -> dict[str, Any]:
    given, limits = body.get("audio_setting"), rules.music()
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise invalid("audio_setting", "must be an object")
    sample_rate = _whole_number(given, "sample_rate", limits["default_sample_rate"])
    bitrate = _whole_number(given, "bitrate", limits["default_bitrate"])
    channel = _whole_number(given, "channel", limits["default_channel"])
    audio_format = given.get("format") or limits["default_format"]
    for field, value, allowed in (
        ("sample_rate", sample_rate, limits["sample_rates"]),
        ("bitrate", bitrate, BITRATES),
        ("channel", channel, limits["channels"]),
        ("format", audio_format, limits["formats"]),
    ):
        if value not in allowed:
            raise invalid(f"audio_setting.{field}", "must be one of " + ", ".join(map(str, allowed)))
    return {"sample_rate": sample_rate, "bitrate": bitrate, "channel": channel, "format": audio_format}


def _length(field: str, text: str, limits: list[int]) -> None:
    fewest, most = limits
    if not text and fewest:
        raise invalid(field, "is required")
    if not fewest <= len(text) <= most:
        raise invalid(field, f"must have {fewest} to {most} characters")


def _texts(body: dict[str, Any], model: dict[str, Any]) -> tuple[str, str]:
    """Prompt and lyrics. An instrumental has no lyrics; the optimiser writes them."""
    limits = rules.music()["texts"]
    prompt, lyrics = _text(body, "prompt"), _text(body, "lyrics")
    instrumental, optimise = _flag(body, "is_instrumental"), _flag(body, "lyrics_optimizer")
    if instrumental and not model.get("instrumental"):
        raise invalid("is_instrumental", f"is not accepted by {model['id']}")
    if optimise and not model.get("lyrics_optimizer"):
        raise invalid("lyrics_optimizer", f"is not accepted by {model['id']}")
    if optimise and (lyrics or instrumental):
        raise invalid("lyrics_optimizer", "does not go together with lyrics or is_instrumental")
    kind = "instrumental" if instrumental else model.get("texts", "song")
    _length("prompt", prompt, limits[kind]["prompt"])
    if instrumental:
        return prompt, ""
    if optimise:
        if not prompt:
            raise invalid("prompt", "is required by lyrics_optimizer")
        return prompt, writer.write_full_song(prompt).lyrics
    _length("lyrics", lyrics, limits[kind]["lyrics"])
    return prompt, lyrics


def read_request(body: dict[str, Any]) -> MusicRequest:
    known = {model["id"]: model for model in rules.music()["models"]}
    name = body.get("model")
    if not isinstance(name, str) or name not in known:
        raise invalid("model", "unknown model" if name else "is required")
    if known[name].get("cover"):
        raise invalid("model", f"{name} is not part of the sandbox")
    stream = _flag(body, "stream")
    output_format = body.get("output_format") or "hex"
    if output_format not in rules.music()["output_formats"]:
        raise invalid("output_format", "must be hex or url")
    if stream and output_format != "hex":
        raise invalid("output_format", "must be hex with stream")
    watermark = _flag(body, "aigc_watermark")
    seeds = rules.music()["cover_seed"]
    seed = _whole_number(body, "seed", 0)
    if not seeds["minimum"] <= seed <= seeds["maximum"]:
        raise invalid("seed", f"must be between {seeds['minimum']} and {seeds['maximum']}")
    setting = _audio_setting(body)
    prompt, lyrics = _texts(body, known[name])
    made = {"prompt": prompt, "lyrics": lyrics, "seed": seed, "aigc_watermark": watermark and not stream, **setting}
    return MusicRequest(name, stream, output_format, _flag(body, "exclude_aggregated_audio"), made)


async def _compose(wanted: MusicRequest, trace_id: str) -> tuple[bytes, dict[str, Any]]:
    folder = work.folder_of(f"music-{trace_id}")
    try:
        info = await work.make(MAKER, wanted.made, folder, lane="music")
        return await asyncio.to_thread((folder / FILENAME).read_bytes), info
    except work.MakerError as exc:
        print(f"music {trace_id}: {exc}", flush=True)  # noqa: T201 - the log is stdout
        raise RefusedError(1033, "system error") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@endpoint("POST")
async def create_music(request: ASGIRequest) -> HttpResponseBase:
    wanted = read_request(body_of(request))
    entry, fault = entry_of(request), fault_of(request)
    content, info = await _compose(wanted, entry.trace_id)
    price = rules.price_of_music(wanted.model)
    await store.stored(store.charge_work, entry.trace_id, request.path, wanted.model, price)
    if wanted.stream and not (fault and fault.name == "json_instead_of_sse"):
        response = StreamingHttpResponse(
            _pieces(content, info, entry.trace_id, wanted, fault), content_type="text/event-stream"
        )
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        return response
    data: dict[str, Any] = {"status": 2}
    if wanted.output_format == "url":
        audio_format = wanted.made["format"]
        row = await store.stored(
            store.keep_file,
            content,
            f"{entry.trace_id}.{audio_format}",
            purpose="music_generation",
            media_type=MEDIA_TYPES[audio_format],
            hours=LINK_HOURS,
        )
        data["audio"] = data["audio_url"] = url_of(request, f"/files/{row.token}/{row.filename}")
    else:
        data["audio"] = _damaged(content.hex(), fault)
    payload = {"data": data, "trace_id": entry.trace_id, "extra_info": info, "analysis_info": None}
    if fault and fault.name == "drop_stream":
        sent = dumps({**payload, **base_resp()}).encode()
        return StreamingHttpResponse(_broken(sent[: len(sent) // 2]), content_type="application/json")
    return answer(payload)


def _damaged(text: str, fault: Fault | None) -> str:
    if fault and fault.name == "truncate_hex":
        return text[: len(text) // 4 * 2]
    return text[:-1] if fault and fault.name == "odd_hex" else text


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise DroppedError


def _event(data: dict[str, Any] | None, trace_id: str, code: int, message: str, **more: Any) -> bytes:
    return f"data: {dumps({'data': data, 'trace_id': trace_id, **more, **base_resp(code, message)})}\n\n".encode()


async def _pieces(
    content: bytes, info: dict[str, Any], trace_id: str, wanted: MusicRequest, fault: Fault | None
) -> AsyncIterator[bytes]:
    """Pieces with status 1, then the whole with status 2, as in the stream of speech."""
    name = fault.name if fault else ""
    for number, begin in enumerate(range(0, len(content), PIECE_BYTES), 1):
        text = content[begin : begin + PIECE_BYTES].hex()
        if number == PIECES_BEFORE_FAULT:
            text = _damaged(text, fault)
        yield _event({"audio": text, "status": 1}, trace_id, 0, "")
        if number == PIECES_BEFORE_FAULT and fault:
            if name == "drop_stream":
                raise DroppedError
            if name == "no_final":
                return
            if name == "stall":
                await fault.wait()
            if name == "error_midway":
                yield _event(None, trace_id, 1033, "system error")
                return
    last = {"audio": "" if wanted.exclude_aggregated_audio else content.hex(), "status": 2}
    yield _event(last, trace_id, 0, "success", extra_info=info, analysis_info=None)


@endpoint("POST")
async def create_lyrics(request: ASGIRequest) -> HttpResponse:
    body, limits = body_of(request), rules.music()["lyrics_writer"]
    mode = body.get("mode")
    if mode not in limits["modes"]:
        raise invalid("mode", "must be " + " or ".join(limits["modes"]))
    prompt, lyrics, title = _text(body, "prompt"), _text(body, "lyrics"), _text(body, "title")
    if len(prompt) > limits["prompt_characters"]:
        raise invalid("prompt", f"must have at most {limits['prompt_characters']} characters")
    if len(lyrics) > limits["lyrics_characters"]:
        raise invalid("lyrics", f"must have at most {limits['lyrics_characters']} characters")
    if mode == "edit":
        if not lyrics:
            raise invalid("lyrics", "is required by edit")
        song = writer.edit(lyrics, prompt, title=title)
    else:
        song = writer.write_full_song(prompt, title=title)
    await store.stored(store.charge_work, entry_of(request).trace_id, request.path, "lyrics", rules.price_of_lyrics())
    return answer({"song_title": song.title, "style_tags": song.style_tags, "lyrics": song.lyrics})

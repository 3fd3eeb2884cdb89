"""T2A over HTTP: POST /v1/t2a_v2, whole or as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase, StreamingHttpResponse

from apps.sandbox import store
from apps.sandbox.api import body_of, endpoint, entry_of, fault_of, url_of
from apps.sandbox.envelope import DroppedError, RefusedError, answer, base_resp, dumps, refusal
from apps.sandbox.pool import EngineError, Finished, Piece, pool
from apps.sandbox.rules import speech
from apps.sandbox.speech_request import SpeechRequest, check_text, measure, read_request

PIECES_BEFORE_FAULT = 2
STREAM_TYPE = "text/event-stream"


@endpoint("POST")
async def text_to_audio(request: ASGIRequest) -> HttpResponseBase:
    body = body_of(request)
    wanted = await read_request(body)
    text = check_text(body.get("text"))
    entry = entry_of(request)
    entry.texts, entry.usage_characters = 1, measure(text)["usage_characters"]
    if wanted.stream:
        return await _stream(request, wanted, text)
    parts: list[bytes] = []
    finished: Finished | None = None
    charged = asyncio.create_task(charge(request.path, entry.trace_id, wanted, text))
    try:
        async for event in pool().speak(wanted.with_text(text)):
            if isinstance(event, Piece):
                parts.append(event.audio)
            else:
                finished = event
    except EngineError:
        raise RefusedError(1033, "system error") from None
    finally:
        await charged
    if finished is None:
        raise RefusedError(1033, "system error")
    return await _whole(request, wanted, text, b"".join(parts), finished)


async def charge(path: str, trace_id: str, wanted: SpeechRequest, text: str) -> None:
    await store.stored(
        store.charge,
        trace_id=trace_id,
        path=path,
        model=wanted.model,
        voice_ids=wanted.voice_ids,
        usage_characters=measure(text)["usage_characters"],
    )


async def _whole(
    request: ASGIRequest, wanted: SpeechRequest, text: str, audio: bytes, finished: Finished
) -> HttpResponseBase:
    fault = fault_of(request)
    trace_id = entry_of(request).trace_id
    data: dict[str, Any] = {"status": 2}
    if wanted.output_format == "url":
        about = speech()["formats"][wanted.job["format"]]
        name = f"{trace_id}.{about['extension']}"
        row = await store.stored(store.keep_file, audio, name, purpose="t2a", media_type=about["media_type"])
        data["audio"] = url_of(request, f"/files/{row.token}/{row.filename}")
    else:
        data["audio"] = _damage(audio.hex(), fault.name if fault else "")
    data |= await subtitle_file(url_of(request, ""), trace_id, wanted, finished)
    payload = {"data": data, "extra_info": {**finished.extra_info, **measure(text)}, "trace_id": trace_id}
    if fault and fault.name == "drop_stream":
        content = dumps({**payload, **base_resp()}).encode()
        return StreamingHttpResponse(_broken(content[: len(content) // 2]), content_type="application/json")
    return answer(payload)


def _damage(audio: str, fault: str) -> str:
    if fault == "truncate_hex":
        return audio[: len(audio) // 4 * 2]
    return audio[:-1] if fault == "odd_hex" else audio


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise DroppedError


async def subtitle_file(base: str, trace_id: str, wanted: SpeechRequest, finished: Finished) -> dict[str, str]:
    if not wanted.job["subtitle_type"]:
        return {}
    content = dumps(finished.subtitles).encode()
    name = f"{trace_id}.json"
    row = await store.stored(store.keep_file, content, name, purpose="t2a_subtitle", media_type="application/json")
    return {"subtitle_file": f"{base}/files/{row.token}/{row.filename}"}


async def _stream(request: ASGIRequest, wanted: SpeechRequest, text: str) -> HttpResponseBase:
    fault = fault_of(request)
    if fault and fault.name == "json_instead_of_sse":
        entry_of(request).code = 1033
        return refusal(1033, "system error", payload={"data": None, "trace_id": entry_of(request).trace_id})
    events = pool().speak(wanted.with_text(text))
    try:
        first = await anext(events)  # an engine that fails before the first sound is told of in plain JSON
    except (EngineError, StopAsyncIteration):
        raise RefusedError(1033, "system error") from None
    chunks = _chunks(request, wanted, text, first, events)
    response = StreamingHttpResponse(chunks, content_type=STREAM_TYPE)
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def _chunks(
    request: ASGIRequest,
    wanted: SpeechRequest,
    text: str,
    first: Piece | Finished,
    events: AsyncGenerator[Piece | Finished],
) -> AsyncIterator[bytes]:
    entry, fault = entry_of(request), fault_of(request)
    charged = asyncio.create_task(charge(request.path, entry.trace_id, wanted, text))
    name = fault.name if fault else ""
    whole: list[bytes] = []
    number = 0
    try:
        async for event in _from(first, events):
            if isinstance(event, Finished):
                data: dict[str, Any] = {"status": 2, "audio": b"".join(whole).hex()}
                data |= await subtitle_file(url_of(request, ""), entry.trace_id, wanted, event)
                yield _event(data, entry.trace_id, "success", {**event.extra_info, **measure(text)})
                break
            number += 1
            if not wanted.exclude_aggregated_audio:
                whole.append(event.audio)
            yield _event(_data(event, number, name), entry.trace_id, "")
            if number == PIECES_BEFORE_FAULT and fault:
                if name == "drop_stream":
                    raise DroppedError
                if name == "no_final":
                    return
                if name == "stall":
                    await fault.wait()
                if name == "error_midway":
                    raise EngineError
    except EngineError:
        entry.code = 1033
        failure = {"data": None, "trace_id": entry.trace_id, **base_resp(1033, "system error")}
        yield f"data: {dumps(failure)}\n\n".encode()
    finally:
        await events.aclose()  # a listener who left must not cost work
        await charged


async def _from(first: Piece | Finished, events: AsyncIterator[Piece | Finished]) -> AsyncIterator[Piece | Finished]:
    yield first
    async for event in events:
        yield event


def _data(piece: Piece, number: int, fault: str) -> dict[str, Any]:
    damaged = number == PIECES_BEFORE_FAULT
    data: dict[str, Any] = {"audio": _damage(piece.audio.hex(), fault if damaged else ""), "status": 1}
    if piece.entries:
        data["subtitle"] = piece.entries
    return data


def _event(data: dict[str, Any], trace_id: str, message: str, extra_info: dict[str, Any] | None = None) -> bytes:
    value: dict[str, Any] = {"data": data, "trace_id": trace_id, **base_resp(0, message)}
    if extra_info:
        value["extra_info"] = extra_info
    return f"data: {dumps(value)}\n\n".encode()

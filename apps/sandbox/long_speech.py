"""POST /v1/t2a_async_v2 and its query: texts of up to a million characters, spoken by a process that steps back."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from apps.sandbox import rules, store, work
from apps.sandbox.api import body_of, endpoint, entry_of, url_of
from apps.sandbox.billing import billed_characters
from apps.sandbox.envelope import RefusedError, answer, invalid
from apps.sandbox.files import asked_file
from apps.sandbox.long_speech_input import Unit, read_units
from apps.sandbox.models import Task, new_file_id, new_task_id
from apps.sandbox.runtime import runtime
from apps.sandbox.speech_request import OPUS_RATES, SpeechRequest, check_text, read_request
from apps.sandbox.videos import given, late_fault, tell

KEPT_HOURS = 24 * 7.0  # then the file is gone and the task says Expired; MiniMax's pages do not say when
WORDS = {"Success": "Success", "Fail": "Failed"}
RESULTS = ("tar", "raw")


def describe(task: Task) -> dict[str, Any]:
    status = WORDS.get(task.status, "Processing")
    code, message = 0, "success"
    gone = task.created_at + timedelta(hours=KEPT_HOURS) <= runtime.now()
    if status != "Processing" and (gone or task.late_fault == "late_expired"):
        status = "Expired"
    elif status == "Failed":
        code, message = task.error_code, task.error_message
    told = {"task_id": int(task.task_id), "status": status, "file_id": task.request["file_id"]}
    return {**told, "base_resp": {"status_code": code, "status_msg": message}}


def _about_file(task: Task) -> dict[str, Any]:
    order = task.request
    about = rules.speech()["formats"][order["job"]["format"]]
    return {
        "file_id": order["file_id"],
        "filename": f"{order['file_id']}.{about['extension'] if order['raw'] else 'tar'}",
        "media_type": about["media_type"] if order["raw"] else "application/x-tar",
    }


work.register(
    work.Kind(
        name="long_speech",
        maker="apps.sandbox.long_speech_maker:make_speech",
        filename="result",
        media_type="application/x-tar",
        purpose="t2a_async",
        hours=KEPT_HOURS,
        describe=describe,
        queueing=False,
        charge=store.charge_long_speech,
        about_file=_about_file,
    )
)


async def _request(body: dict[str, Any]) -> SpeechRequest:
    """The names of this endpoint, in the words of the other one."""
    for name in ("voice_setting", "audio_setting"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise invalid(name, "must be an object")
    if not body.get("voice_setting") and not body.get("timbre_weights"):
        raise invalid("voice_setting", "is required")
    known = rules.speech()
    voice = {name: value for name, value in (body.get("voice_setting") or {}).items() if name != "text_normalization"}
    audio = {name: value for name, value in (body.get("audio_setting") or {}).items() if name != "sample_rate"}
    audio["sample_rate"] = audio.pop("audio_sample_rate", None)
    if audio.get("channel") in (None, ""):
        audio["channel"] = known["long_text"]["default_channel"]
    opus = audio.get("format") == "opus"
    if opus and audio["sample_rate"] in (None, ""):
        audio["sample_rate"] = OPUS_RATES[-1]
    if opus and str(audio["sample_rate"]) not in map(str, OPUS_RATES):
        raise invalid("audio_setting.audio_sample_rate", f"must be one of {', '.join(map(str, OPUS_RATES))} for opus")
    left_out = ("stream", "text_normalization", "output_format", "subtitle_type")
    body = {name: value for name, value in body.items() if name not in left_out}
    try:
        return await read_request({**body, "voice_setting": voice, "audio_setting": audio, "subtitle_enable": True})
    except RefusedError as refused:
        raise RefusedError(
            refused.code, refused.message.replace("audio_setting.sample_rate", "audio_setting.audio_sample_rate")
        ) from None


async def _units(body: dict[str, Any]) -> list[Unit]:
    limits = rules.speech()["long_text"]
    if given(body, "text") and given(body, "text_file_id"):
        raise invalid("text", "does not go together with text_file_id")
    if not given(body, "text_file_id"):
        if not given(body, "text"):
            raise invalid("text", "or text_file_id is required")
        return [Unit("content", check_text(body["text"], most=limits["max_characters"]))]
    file = await asked_file(body["text_file_id"], "text_file_id", "t2a_async_input")
    units = await asyncio.to_thread(read_units, store.path_of(file), limits["max_file_characters"])
    for unit in units:
        check_text(unit.text, most=limits["max_file_characters"], field="text_file_id")
    return units


def _keep_texts(folder: Path, units: list[Unit]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, unit in enumerate(units):
        (folder / f"text-{number}").write_bytes(unit.text.encode())


def _result(request: ASGIRequest) -> str:
    wanted = request.headers.get("X-Sandbox-Result", runtime.long_speech_result)
    if wanted not in RESULTS:
        raise invalid("X-Sandbox-Result", "must be tar or raw")
    return wanted


@endpoint("POST")
async def create_long_speech(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    wanted = await _request(body)
    units = await _units(body)
    try:
        usage = sum(billed_characters(unit.text) for unit in units)
        task_id, file_id = new_task_id(), new_file_id()
        await asyncio.to_thread(_keep_texts, work.folder_of(task_id), units)
    except UnicodeEncodeError:
        raise invalid("text", "has a lone surrogate") from None
    entry = entry_of(request)
    entry.texts, entry.usage_characters = len(units), usage
    order = {
        "job": wanted.job,
        "units": [{"text": f"text-{number}", "name": f"{file_id}/{unit.name}"} for number, unit in enumerate(units)],
        "extension": rules.speech()["formats"][wanted.job["format"]]["extension"],
        "raw": _result(request) == "raw" and len(units) == 1,
        "created_at": int(runtime.now().timestamp()),
        "file_id": file_id,
        "voice_ids": wanted.voice_ids,
        "usage_characters": usage,
    }
    await work.begin(
        Task(
            task_id=task_id,
            kind="long_speech",
            request=order,
            path=request.path,
            model=wanted.model,
            trace_id=entry.trace_id,
            origin=url_of(request, ""),
            late_fault=late_fault(request),
        )
    )
    token = secrets.token_urlsafe(48)
    return answer({"task_id": task_id, "task_token": f"eyJ{token}", "file_id": file_id, "usage_characters": usage})


_asked: deque[float] = deque()  # when; of the last second


def _count_query() -> None:
    now = time.monotonic()
    while _asked and _asked[0] <= now - 1:
        _asked.popleft()
    if len(_asked) >= rules.speech()["long_text"]["queries_per_second"]:
        raise RefusedError(1002, "rate limit exceeded(RPM)")
    _asked.append(now)


@endpoint("GET")
async def query_long_speech(request: ASGIRequest) -> HttpResponse:
    _count_query()
    return await tell(request, work.kind("long_speech"))

"""POST /v1/video_generation and its query. The mode follows from the fields that are sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from apps.sandbox import callbacks, faults, rules, store, work
from apps.sandbox.api import body_of, endpoint, entry_of, fault_of, url_of
from apps.sandbox.envelope import answer, invalid, refusal
from apps.sandbox.models import Task, new_task_id
from apps.sandbox.pictures import read_picture

FRAMES = ("first_frame_image", "last_frame_image")


def describe(task: Task) -> dict[str, Any]:
    told: dict[str, Any] = {"task_id": task.task_id, "status": task.status, "file_id": ""}
    if task.status == "Success" and task.file:
        told["file_id"] = str(task.file.file_id)
        told["video_width"], told["video_height"] = task.result["width"], task.result["height"]
    code, message = (task.error_code, task.error_message) if task.status == "Fail" else (0, "success")
    return {**told, "base_resp": {"status_code": code, "status_msg": message}}


work.register(
    work.Kind(
        name="video",
        maker="apps.sandbox.filming.film:make_film",
        filename="output.mp4",
        media_type="video/mp4",
        purpose="video_generation",
        hours=1,
        describe=describe,
    )
)


def given(body: dict[str, Any], field: str) -> bool:
    """Clients also send null or an empty string for what they leave out."""
    return body.get(field) not in (None, "", [])


def _mode(body: dict[str, Any]) -> str:
    if given(body, "subject_reference"):
        for frame in FRAMES:
            if given(body, frame):
                raise invalid(frame, "does not go together with subject_reference")
        return "s2v"
    if given(body, "last_frame_image"):
        return "fl2v"
    return "i2v" if given(body, "first_frame_image") else "t2v"


def _mix(mode: str, model: str, body: dict[str, Any]) -> tuple[str, int]:
    """Resolution and seconds, by the one table of what goes together."""
    duration = body.get("duration")
    resolution = body.get("resolution")
    if isinstance(duration, str) and duration.isascii() and duration.isdigit():
        duration = int(duration)
    if duration is not None and (not isinstance(duration, int) or isinstance(duration, bool)):
        raise invalid("duration", "must be a whole number of seconds")
    if resolution is not None and not isinstance(resolution, str):
        raise invalid("resolution", "must be a string")
    rows = rules.video()["mixes"][mode][model]
    if not rows:
        for field in ("duration", "resolution"):
            if body.get(field) is not None:
                raise invalid(field, f"is not accepted by {model}")
        return "720P", 6
    resolution = resolution.upper() if resolution else None
    fitting = [row for row in rows if resolution in (None, row["resolution"])]
    if not fitting:
        raise invalid("resolution", f"{model} gives {' or '.join(row['resolution'] for row in rows)} here")
    seconds = fitting[0]["durations"][0] if duration is None else duration
    fitting = [row for row in fitting if seconds in row["durations"]]
    if not fitting:
        raise invalid("duration", f"{seconds} s is not available at {resolution or 'any resolution'} for {model}")
    return fitting[0]["resolution"], seconds


def _subject(body: dict[str, Any]) -> Any:
    subjects = body["subject_reference"]
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise invalid("subject_reference", "must have exactly one element")
    if subjects[0].get("type") != "character":
        raise invalid("subject_reference", "type must be character")
    images = subjects[0].get("image")
    if not isinstance(images, list) or len(images) != 1:
        raise invalid("subject_reference", "image must have exactly one element")
    return images[0]


def _flag(body: dict[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise invalid(field, "must be true or false")
    return bool(value)


def late_fault(request: ASGIRequest) -> str:
    """The failure ordered for the end of this task, if any."""
    fault = fault_of(request)
    return fault.name if fault and fault.name in faults.TASKS else ""


def keep_picture(task_id: str, name: str, content: bytes) -> None:
    path: Path = work.folder_of(task_id) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@endpoint("POST")
async def create_video(request: ASGIRequest) -> HttpResponse:
    body, limits = body_of(request), rules.video()
    mode = _mode(body)
    model = body.get("model")
    if not isinstance(model, str) or model not in {row["id"] for row in limits["models"]}:
        raise invalid("model", "is required" if not model else "unknown model")
    if model not in limits["mixes"][mode]:
        if mode != "t2v":
            raise invalid("model", f"{model} does not make {mode.upper()} videos")
        raise invalid("subject_reference" if model == "S2V-01" else FRAMES[0], f"is required by {model}")
    prompt = body.get("prompt")
    if prompt is not None and not isinstance(prompt, str):
        raise invalid("prompt", "must be a string")
    prompt = (prompt or "").strip()
    if mode == "t2v" and not prompt:
        raise invalid("prompt", "is required")
    if len(prompt) > limits["prompt_characters"]:
        raise invalid("prompt", f"must have at most {limits['prompt_characters']} characters")
    _flag(body, "prompt_optimizer")
    _flag(body, "aigc_watermark")
    if _flag(body, "fast_pretreatment") and (
        model not in limits["fast_pretreatment_models"] or mode in ("fl2v", "s2v")
    ):
        raise invalid("fast_pretreatment", f"is not accepted by {model} for {mode.upper()}")
    resolution, seconds = _mix(mode, model, body)

    task_id = new_task_id()
    order: dict[str, Any] = {"prompt": prompt, "resolution": resolution, "seconds": seconds}
    wanted = {"first": (body.get(FRAMES[0]), FRAMES[0]), "last": (body.get(FRAMES[1]), FRAMES[1])}
    if mode == "s2v":
        wanted = {"subject": (_subject(body), "subject_reference")}
    pictures = {name: await read_picture(value, field) for name, (value, field) in wanted.items() if value}
    callback = await callbacks.check(body["callback_url"]) if given(body, "callback_url") else ""
    for name, (content, extension) in pictures.items():
        order[name] = f"{name}.{extension}"
        await asyncio.to_thread(keep_picture, task_id, order[name], content)
    asked_seconds = 0 if mode == "s2v" else seconds
    price = rules.video_prices().get((model, "" if mode == "s2v" else resolution, asked_seconds), 0)
    await work.begin(
        Task(
            task_id=task_id,
            kind="video",
            request=order,
            path=request.path,
            model=model,
            trace_id=entry_of(request).trace_id,
            price=price,
            origin=url_of(request, ""),
            callback_url=callback,
            late_fault=late_fault(request),
        )
    )
    return answer({"task_id": task_id})


async def tell(request: ASGIRequest, kind: work.Kind) -> HttpResponse:
    task_id = request.GET.get("task_id", "")
    task = await store.stored(store.find_task, task_id, kind.name)
    if task is None:
        raise invalid("task_id", "there is no such task" if task_id else "is required")
    told = kind.describe(task)
    status = told.pop("base_resp")
    if status["status_code"]:
        entry_of(request).code = status["status_code"]
        return refusal(status["status_code"], status["status_msg"], payload=told)
    return answer(told)


@endpoint("GET")
async def query_video(request: ASGIRequest) -> HttpResponse:
    return await tell(request, work.kind("video"))

"""POST /v1/video_template_generation and its query: a subject acts in a scene that is given by the template."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from apps.sandbox import callbacks, rules, work
from apps.sandbox.api import body_of, endpoint, entry_of, url_of
from apps.sandbox.envelope import answer, invalid
from apps.sandbox.models import Task, new_task_id
from apps.sandbox.pictures import read_picture
from apps.sandbox.videos import given, keep_picture, late_fault, tell

TEXT_CHARACTERS = 2000  # not stated; as for a prompt


def describe(task: Task) -> dict[str, Any]:
    link = ""
    if task.status == "Success" and task.file:
        link = f"{task.origin}/files/{task.file.token}/{task.file.filename}"
    code, message = (task.error_code, task.error_message) if task.status == "Fail" else (0, "success")
    return {
        "task_id": task.task_id,
        "status": task.status,
        "video_url": link,
        "base_resp": {"status_code": code, "status_msg": message},
    }


work.register(
    work.Kind(
        name="template",
        maker="apps.sandbox.filming.acts:make_act",
        filename="output.mp4",
        media_type="video/mp4",
        purpose="video_template",
        hours=9,
        describe=describe,
        queueing=False,
    )
)


def _value(body: dict[str, Any], field: str, rule: str) -> str:
    """The one value of an input; `rule` yes: required, no: left out, unknown: as the client likes."""
    inputs = body.get(field)
    if not given(body, field):
        if rule == "yes":
            raise invalid(field, "is required by this template")
        return ""
    if rule == "no":
        raise invalid(field, "is not used by this template")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise invalid(field, 'must be a list of one {"value": …}')
    value = inputs[0].get("value")
    if not isinstance(value, str) or not value.strip():
        raise invalid(field, "value must be a text")
    return value


@endpoint("POST")
async def create_template_video(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    template_id = body.get("template_id")
    if not isinstance(template_id, str) or template_id not in rules.templates():
        raise invalid("template_id", "must be the id of a template, as a string")
    template = rules.templates()[template_id]
    text = _value(body, "text_inputs", template.get("text", "no")).strip()
    if len(text) > TEXT_CHARACTERS:
        raise invalid("text_inputs", f"must have at most {TEXT_CHARACTERS} characters")
    media = _value(body, "media_inputs", template.get("media", "no"))
    picture = await read_picture(media, "media_inputs") if media else None
    callback = await callbacks.check(body["callback_url"]) if given(body, "callback_url") else ""
    task_id = new_task_id()
    order: dict[str, Any] = {"template_id": template_id, "name": template["name"], "text": text, "subject": ""}
    if picture:
        order["subject"] = f"subject.{picture[1]}"
        await asyncio.to_thread(keep_picture, task_id, order["subject"], picture[0])
    await work.begin(
        Task(
            task_id=task_id,
            kind="template",
            request=order,
            path=request.path,
            model=template_id,
            trace_id=entry_of(request).trace_id,
            price=template.get("price", 0),
            origin=url_of(request, ""),
            callback_url=callback,
            late_fault=late_fault(request),
        )
    )
    return answer({"task_id": task_id})


@endpoint("GET")
async def query_template_video(request: ASGIRequest) -> HttpResponse:
    return await tell(request, work.kind("template"))

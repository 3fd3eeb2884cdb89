"""Films of a template: a picture, or words, in a scene that is given. Created, then asked for until a link is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from apps.minimax import messages
from apps.minimax.client import QUICK_S, MiniMaxClient
from apps.minimax.errors import BrokenAnswerError, TaskFailedError
from apps.minimax.video import DONE, OVER, raise_if_over, status_of

CREATE = "/v1/video_template_generation"
QUERY = "/v1/query/video_template_generation"


@dataclass(frozen=True)
class TemplateTask:
    """MiniMax took the request: from here on it costs."""

    task_id: str  # text although MiniMax may send numbers: they outgrow what JavaScript can hold
    trace_id: str


@dataclass(frozen=True)
class TemplateState:
    status: Literal["running", "done"]
    word: str  # MiniMax's own, e.g. "Processing"
    video_url: str = ""  # when done; lives 9 hours
    trace_id: str = ""


def create_template_video(
    client: MiniMaxClient,
    template_id: str,
    *,
    media: Sequence[str] = (),
    texts: Sequence[str] = (),
    callback_url: str = "",
) -> TemplateTask:
    """Ask for a film of a template. Returns at once; the work takes minutes.

    template_id: 18 digits. media: pictures as links or data URLs. texts: e.g. the name of an animal. Every known
    template takes one of each at most; inputs that are not there are left out of the request.
    Raises BrokenAnswerError (may have been charged) when success comes without a task id, else another MiniMaxError.
    Source: https://platform.minimax.io/docs/api-reference/video-agent-create
    """
    body: dict[str, object] = {"template_id": template_id}
    if media:
        body["media_inputs"] = [{"value": value} for value in media]
    if texts:
        body["text_inputs"] = [{"value": value} for value in texts]
    if callback_url:
        body["callback_url"] = callback_url
    payload = client.post(CREATE, body)
    task_id, trace_id = payload.get("task_id"), str(payload.get("trace_id") or "")
    if not isinstance(task_id, str | int) or isinstance(task_id, bool) or not str(task_id).strip():
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    return TemplateTask(str(task_id).strip(), trace_id)


def query_template_video(client: MiniMaxClient, task_id: str) -> TemplateState:
    """Ask how far a film is. Free. Raises TaskFailedError or ContentRejectedError when MiniMax gave it up.

    Words are compared without regard to case, and one that is not known means that it still runs.
    Source: https://platform.minimax.io/docs/api-reference/video-agent-query
    """
    payload = client.get(QUERY, {"task_id": task_id}, read_s=QUICK_S, judge=raise_if_over)
    word, trace_id = status_of(payload), str(payload.get("trace_id") or "")
    if word.lower() in OVER:
        raise TaskFailedError(messages.TASK_FAILED, trace_id=trace_id)
    if word.lower() not in DONE:
        return TemplateState("running", word, trace_id=trace_id)
    link = payload.get("video_url")
    if not isinstance(link, str) or not link.strip():
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id, charged="yes")
    return TemplateState("done", word, link.strip(), trace_id)

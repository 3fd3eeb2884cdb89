"""Videos: created, asked for until they are done, then fetched by `apps.minimax.files.retrieve_file`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.minimax import messages
from apps.minimax.client import QUICK_S, MiniMaxClient
from apps.minimax.errors import BrokenAnswerError, ContentRejectedError, MiniMaxError, TaskFailedError

CREATE = "/v1/video_generation"
QUERY = "/v1/query/video_generation"

DONE = {"success", "succeeded", "finished"}
OVER = {"fail", "failed", "failure", "expired", "cancelled", "canceled", "unknown"}


@dataclass(frozen=True)
class VideoTask:
    """MiniMax took the request: from here on it costs."""

    task_id: str  # text although MiniMax may send numbers: they outgrow what JavaScript can hold
    trace_id: str


@dataclass(frozen=True)
class VideoState:
    status: Literal["running", "done"]
    word: str  # MiniMax's own, e.g. "Queueing"
    file_id: str = ""  # when done
    width: int = 0  # pixels, when done; 0: not told
    height: int = 0
    trace_id: str = ""


def create_video(client: MiniMaxClient, body: Mapping[str, Any]) -> VideoTask:
    """Ask for a video. The mode follows from the pictures: none, a first frame, first and last frame, a subject.

    body: the fields of the pages below. Pictures are links or data URLs. Returns at once; the work takes minutes.
    Raises BrokenAnswerError (may have been charged) when success comes without a task id, else another MiniMaxError.
    Source: https://platform.minimax.io/docs/api-reference/video-generation-t2v (-i2v, -fl2v, -s2v)
    """
    payload = client.post(CREATE, body)
    task_id, trace_id = payload.get("task_id"), str(payload.get("trace_id") or "")
    if not isinstance(task_id, str | int) or isinstance(task_id, bool) or not str(task_id).strip():
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    return VideoTask(str(task_id).strip(), trace_id)


def query_video(client: MiniMaxClient, task_id: str) -> VideoState:
    """Ask how far a video is. Free. Raises TaskFailedError or ContentRejectedError when MiniMax gave it up.

    Words are compared without regard to case, and one that is not known means that it still runs.
    Source: https://platform.minimax.io/docs/api-reference/video-generation-query
    """
    payload = client.get(QUERY, {"task_id": task_id}, read_s=QUICK_S, judge=raise_if_over)
    word, trace_id = status_of(payload), str(payload.get("trace_id") or "")
    if word.lower() in OVER:
        raise TaskFailedError(messages.TASK_FAILED, trace_id=trace_id)
    if word.lower() not in DONE:
        return VideoState("running", word, trace_id=trace_id)
    file_id = str(payload.get("file_id") or "").strip()
    if not file_id:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id, charged="yes")
    width, height = _pixels(payload.get("video_width")), _pixels(payload.get("video_height"))
    return VideoState("done", word, file_id, width, height, trace_id)


def status_of(payload: Mapping[str, Any]) -> str:
    return str(payload.get("status") or "").strip()


def raise_if_over(payload: Mapping[str, Any], error: MiniMaxError) -> None:
    """A code beside the word "Fail" is a verdict on the task; without that word it only refuses the question."""
    if status_of(payload).lower() not in OVER or isinstance(error, ContentRejectedError):
        return
    message = messages.TASK_FAILED_DETAIL if error.detail else messages.TASK_FAILED
    raise TaskFailedError(message, code=error.code, trace_id=error.trace_id, detail=error.detail) from error


def _pixels(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError):
        return 0

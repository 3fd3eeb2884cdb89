"""Long speech: created, asked for until it is done, then fetched by `apps.minimax.files.retrieve_file`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.minimax import catalogue, messages
from apps.minimax.client import QUICK_S, MiniMaxClient
from apps.minimax.errors import BrokenAnswerError, ContentRejectedError, MiniMaxError, TaskFailedError
from apps.minimax.files import file_number, upload_file
from apps.minimax.speech import SpeechRequest

CREATE = "/v1/t2a_async_v2"
QUERY = "/v1/query/t2a_async_query_v2"

DONE = {"success", "succeeded", "finished"}
FAILED = {"fail", "failed", "failure", "cancelled", "canceled"}
EXPIRED = {"expired"}


@dataclass(frozen=True)
class LongSpeechTask:
    """MiniMax took the request: from here on it costs."""

    task_id: str  # text although MiniMax may send numbers: they outgrow what JavaScript can hold
    file_id: str  # where the result will be; "" if not told
    usage_characters: int  # billed; 0 if not told
    trace_id: str


@dataclass(frozen=True)
class LongSpeechState:
    status: Literal["running", "done"]
    word: str  # MiniMax's own, e.g. "Processing"
    file_id: str = ""  # when done
    trace_id: str = ""


def create_long_speech(client: MiniMaxClient, request: SpeechRequest) -> LongSpeechTask:
    """Have a long text spoken. Returns at once; the work takes minutes.

    request: its text may have up to `catalogue.speech.long_text.max_characters`, or, sent as a file first, up to
    `max_file_characters`. The answer's file is audio, or a tar of audio, subtitles and extra information.
    Raises InvalidRequestError (1042) when more than a tenth of the characters are invisible, BrokenAnswerError (may
    have been charged) when success comes without a task id, else another MiniMaxError.
    Source: https://platform.minimax.io/docs/api-reference/speech-t2a-async-create
    """
    body = request.long_body()
    if len(request.text) <= catalogue.speech.long_text.max_characters:
        body["text"] = request.text
    else:
        content = io.BytesIO(request.text.encode())
        file = upload_file(
            client, purpose="t2a_async_input", filename="text.txt", content=content, content_type="text/plain"
        )
        body["text_file_id"] = file_number(file.file_id)
    payload = client.post(CREATE, body)
    trace_id = str(payload.get("trace_id") or "")
    task_id = _id(payload.get("task_id"))
    if not task_id:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    return LongSpeechTask(task_id, _id(payload.get("file_id")), _count(payload.get("usage_characters")), trace_id)


def query_long_speech(client: MiniMaxClient, task_id: str) -> LongSpeechState:
    """Ask how far a text is; at most 10 such questions a second. Free.

    Words are compared without regard to case, and one that is not known means that it still runs. Raises
    TaskFailedError when MiniMax gave the task up, or forgot it; ContentRejectedError when it refuses the text.
    Source: https://platform.minimax.io/docs/api-reference/speech-t2a-async-query
    """
    payload = client.get(QUERY, {"task_id": task_id}, read_s=QUICK_S, judge=_raise_if_over)
    word, trace_id = _status_of(payload), str(payload.get("trace_id") or "")
    if word.lower() in EXPIRED:
        raise TaskFailedError(messages.TASK_EXPIRED, trace_id=trace_id, charged="yes")
    if word.lower() in FAILED:
        raise TaskFailedError(messages.TASK_FAILED, trace_id=trace_id)
    if word.lower() not in DONE:
        return LongSpeechState("running", word, trace_id=trace_id)
    file_id = _id(payload.get("file_id"))
    if not file_id:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id, charged="yes")
    return LongSpeechState("done", word, file_id, trace_id)


def _status_of(payload: Mapping[str, Any]) -> str:
    return str(payload.get("status") or "").strip()


def _raise_if_over(payload: Mapping[str, Any], error: MiniMaxError) -> None:
    """A code beside "Failed" is a verdict on the task; without that word it only refuses the question."""
    if _status_of(payload).lower() not in FAILED | EXPIRED or isinstance(error, ContentRejectedError):
        return
    message = messages.TASK_FAILED_DETAIL if error.detail else messages.TASK_FAILED
    raise TaskFailedError(message, code=error.code, trace_id=error.trace_id, detail=error.detail) from error


def _id(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) and value else ""


def _count(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError):
        return 0

"""The two ways in which a failure is told on these surfaces."""

from __future__ import annotations

import json
from typing import Any

from apps.minimax import messages
from apps.minimax.client import error_from_answer, error_in
from apps.minimax.errors import InvalidRequestError, MiniMaxError

# https://platform.minimax.io/docs/api-reference/text-chat-anthropic
STATUS_BY_TYPE = {
    "invalid_request_error": 400,
    "bad_request_error": 400,
    "authentication_error": 401,
    "insufficient_balance_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "unprocessable_entity_error": 422,
    "rate_limit_error": 429,
    "api_error": 500,
    "overloaded_error": 529,
}


def error_of_answer(status: int, content: bytes, *, trace_id: str = "") -> MiniMaxError:
    """The failure that an answer other than a stream tells."""
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        payload = None
    told = error_told(payload, status=status, trace_id=trace_id) if isinstance(payload, dict) else None
    return told or error_from_answer(status, content, trace_id=trace_id)


def error_told(payload: dict[str, Any], *, status: int = 0, trace_id: str = "") -> MiniMaxError | None:
    """The failure in an error body or in an event of a stream; None where there is none. status: 0 inside a stream."""
    told = payload.get("error")
    if not isinstance(told, dict):
        return error_in(payload, trace_id=trace_id)
    kind = str(told.get("type") or "")
    if status in (0, 200):
        status = STATUS_BY_TYPE.get(kind) or _number(told.get("http_code")) or _number(told.get("code")) or 500
    trace_id = trace_id or str(payload.get("request_id") or "")
    if status == 404:
        detail = str(told.get("message") or "")
        return InvalidRequestError(
            messages.MODEL_UNKNOWN, trace_id=trace_id, detail=detail, next_step=messages.CHOOSE_MODEL
        )
    return error_from_answer(status, json.dumps({"error": told}).encode(), trace_id=trace_id)


def _number(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return 0
    return number if 400 <= number < 600 else 0

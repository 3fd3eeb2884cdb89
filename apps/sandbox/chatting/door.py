"""What the two LLM surfaces share: the key, faults, delay, and failures with a status in each one's shape."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase

from apps.sandbox import account, faults
from apps.sandbox.api import View, account_of, entry_of
from apps.sandbox.envelope import DroppedError, RefusedError, dumps, invalid
from apps.sandbox.journal import Entry
from apps.sandbox.runtime import runtime

BAD_GATEWAY = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)
OVERLOADED = "the server is overloaded, please retry later"

_STATUS = {
    **dict.fromkeys((1004, 2049), 401),
    1008: 402,
    2061: 403,
    **dict.fromkeys((1002, 1039, 1041, 2045, 2056), 429),
    **dict.fromkeys((1026, 1027, 2013), 400),
}


class StatusError(RefusedError):
    """A refusal whose HTTP status does not follow from its code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(code, message)
        self.status = status


@dataclass(frozen=True)
class Surface:
    types: dict[int, str]  # HTTP status to error.type
    with_status: bool  # whether the body repeats the status

    def body(self, status: int, code: int, message: str, trace_id: str) -> dict[str, Any]:
        error = {"type": self.types.get(status, self.types[500]), "message": f"{message} ({code})"}
        if self.with_status:
            error["http_code"] = str(status)
        return {"type": "error", "error": error, "request_id": trace_id}


ANTHROPIC = Surface(
    {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "insufficient_balance_error",
        403: "permission_error",
        404: "not_found_error",
        405: "invalid_request_error",
        413: "request_too_large",
        429: "rate_limit_error",
        500: "api_error",
        529: "overloaded_error",
    },
    with_status=False,
)
OPENAI = Surface(
    {
        400: "bad_request_error",
        401: "authorized_error",
        402: "insufficient_balance_error",
        404: "not_found_error",
        405: "bad_request_error",
        413: "request_too_large",
        429: "rate_limit_error",
        500: "api_error",
        529: "overloaded_error",
    },
    with_status=True,
)


def as_json(value: Any, status: int = 200) -> HttpResponse:
    content = dumps(value).encode()
    headers = {"Content-Length": str(len(content))}
    return HttpResponse(content, content_type="application/json", status=status, headers=headers)


def status_of(error: RefusedError) -> int:
    return error.status if isinstance(error, StatusError) else _STATUS.get(error.code, 500)


def chat_endpoint(surface: Surface, *methods: str) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        async def answer_always(request: ASGIRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            entry = entry_of(request)
            try:
                if request.method not in methods:
                    raise StatusError(405, 2013, f"invalid params, method: use {' or '.join(methods)}")
                whose = account_of(request)
                account.admit(whose, request.path, entry_of(request).trace_id)
                early = await _disturb(request, entry)
                response = early if early is not None else await view(request, *args, **kwargs)
            except RefusedError as exc:
                entry.code, status = exc.code, status_of(exc)
                return as_json(surface.body(status, exc.code, exc.message, entry.trace_id), status)
            except DroppedError:
                raise
            except Exception:
                traceback.print_exc(file=sys.stderr)
                entry.code = 1000
                return as_json(surface.body(500, 1000, "unknown error", entry.trace_id), 500)
            if entry.code is None:
                entry.code = 0
            return response

        return answer_always

    return decorate


async def _disturb(request: ASGIRequest, entry: Entry) -> HttpResponse | None:
    fault = faults.take(request.path, request.headers.get("X-Sandbox-Fault", ""))
    if runtime.delay_s:
        await asyncio.sleep(runtime.delay_s)
    if fault is None:
        return None
    entry.fault = fault
    fault.refuse()
    if fault.name in ("slow_first_byte", "silence"):
        await fault.wait()
        if fault.name == "silence":
            raise DroppedError
    elif fault.name == "empty":
        return HttpResponse(b"", content_type="application/json")
    elif fault.name in ("http_502_html", "html"):
        return HttpResponse(BAD_GATEWAY, status=faults.HTTP[fault.name], content_type="text/html")
    elif fault.name in faults.HTTP:
        status = faults.HTTP[fault.name]
        code, message = {429: (1002, "rate limit exceeded(RPM)"), 529: (1000, OVERLOADED)}.get(status, (1000, "error"))
        raise StatusError(status, code, message)
    return None


def read_body(request: ASGIRequest) -> dict[str, Any]:
    """The request, with lone surrogates replaced: they cannot be sent back."""
    try:
        raw = request.body
    except RequestDataTooBig:
        raise StatusError(413, 2013, "invalid params, the body is larger than 64 MB") from None
    try:
        text = raw.decode("utf-8", "replace")
        body = json.loads(text or "{}")
        if "\\ud" in text or "\\uD" in text:
            body = _mended(body)
    except (ValueError, RecursionError):
        raise invalid("body", "is not JSON") from None
    if not isinstance(body, dict):
        raise invalid("body", "must be an object")
    return body


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value

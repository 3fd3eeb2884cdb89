"""The form of every answer: a payload with `base_resp` beside it."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse


class RefusedError(Exception):
    """The request ends here with one of MiniMax's codes."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class DroppedError(BaseException):
    """The connection breaks here, on purpose. No `Exception`: Django would make a page of it."""


def invalid(field: str, why: str) -> RefusedError:
    return RefusedError(2013, f"invalid params, {field}: {why}")


def base_resp(code: int = 0, message: str = "success") -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": message}}


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer(payload: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    return _json({**(payload or {}), **base_resp()}, status)


def refusal(code: int, message: str, *, status: int = 200, payload: dict[str, Any] | None = None) -> HttpResponse:
    return _json({**(payload or {}), **base_resp(code, message)}, status)


def _json(value: Any, status: int) -> HttpResponse:
    content = dumps(value).encode()
    headers = {"Content-Length": str(len(content))}
    return HttpResponse(content, content_type="application/json", status=status, headers=headers)

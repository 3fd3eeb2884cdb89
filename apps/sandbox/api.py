"""What all addresses of the API share: the key, faults, delay, and an answer in MiniMax's envelope whatever happens."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase

from apps.sandbox import account, faults
from apps.sandbox.envelope import DroppedError, RefusedError, invalid, refusal
from apps.sandbox.faults import Fault
from apps.sandbox.journal import Entry
from apps.sandbox.runtime import runtime

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]

_BAD_GATEWAY = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"


def entry_of(request: ASGIRequest) -> Entry:
    return request.scope["entry"]


def account_of(request: ASGIRequest) -> account.Account:
    return check_key({name.lower(): value for name, value in request.headers.items()})


def fault_of(request: ASGIRequest) -> Fault | None:
    return entry_of(request).fault


def check_key(headers: Mapping[str, str]) -> account.Account:
    """Whose key it is. Bearer or x-api-key; `headers` by lower-case name."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        key = headers.get("x-api-key", "")
    key = key.strip()
    if not key:
        raise RefusedError(
            1004, "login fail: Please carry the API secret key in the 'Authorization' field of the request header"
        )
    return account.keys.find(key)


def endpoint(*methods: str, knob: bool = False) -> Callable[[View], View]:
    """`knob`: an address of the sandbox itself, which knows no faults and no delay."""

    def decorate(view: View) -> View:
        @wraps(view)
        async def answer_always(request: ASGIRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            entry = entry_of(request)
            try:
                if request.method not in methods:
                    entry.code = 2013
                    return refusal(2013, f"invalid params, method: use {' or '.join(methods)}", status=405)
                whose = account_of(request)
                if not knob:
                    account.admit(whose, request.path, entry.trace_id)
                    early = await _disturb(request, entry)
                    if early is not None:
                        return early
                response = await view(request, *args, **kwargs)
            except RefusedError as exc:
                entry.code = exc.code
                return refusal(exc.code, exc.message)
            except DroppedError:
                raise
            except Exception:
                traceback.print_exc(file=sys.stderr)
                entry.code = 1000
                return refusal(1000, "unknown error", status=500)
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
    if fault.name == "slow_first_byte":
        await fault.wait()
    elif fault.name == "silence":
        await fault.wait()
        raise DroppedError
    elif fault.name == "empty":
        return HttpResponse(b"", content_type="application/json")
    elif fault.name in faults.HTTP:
        status = faults.HTTP[fault.name]
        if fault.name in ("http_502_html", "html"):
            return HttpResponse(_BAD_GATEWAY.format("502 Bad Gateway"), status=status, content_type="text/html")
        return refusal(
            1002 if status == 429 else 1000, "too many requests" if status == 429 else "error", status=status
        )
    return None


def body_of(request: ASGIRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise invalid("body", "is not JSON") from None
    if not isinstance(body, dict):
        raise invalid("body", "must be an object")
    return body


def url_of(request: ASGIRequest, path: str) -> str:
    return f"{request.scheme}://{request.get_host()}{path}"

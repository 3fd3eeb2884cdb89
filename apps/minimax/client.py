"""The one door: moves bytes and turns every failure into a MiniMaxError. Raises and never logs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from apps.minimax import messages
from apps.minimax.connection import LOOPBACK, Endpoint
from apps.minimax.errors import (
    BrokenAnswerError,
    InvalidRequestError,
    LinkEndedError,
    MiniMaxError,
    OutcomeUnknownError,
    UnreachableError,
    error_for_code,
    error_for_status,
)
from apps.minimax.pinning import pinned_transport

CONNECT_S = 5.0
SLOWEST_S = 600.0  # the slowest documented endpoint
QUICK_S = 30.0  # lists and look-ups
# A proxy from the environment is legitimate on the way to MiniMax and never on the way to this machine.
NO_PROXY_MOUNTS: dict[str, None] = {f"all://{host}": None for host in LOOPBACK}

Judge = Callable[[Mapping[str, Any], MiniMaxError], object]

_CODE_AT_THE_END = re.compile(r"\((\d{4,5})\)\s*$")


def encode(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair
        raise InvalidRequestError(messages.UNENCODABLE, next_step=messages.CHANGE_TEXT) from None


def error_from_transport(exc: Exception) -> MiniMaxError:
    """What an exception of httpx means. Only where no connection came about is it certain that nothing was sent."""
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return InvalidRequestError(messages.ADDRESS_UNUSABLE, next_step=messages.CHECK_ADDRESS)
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return UnreachableError(messages.UNREACHABLE)
    if isinstance(exc, httpx.TimeoutException):
        return OutcomeUnknownError(messages.SILENT)
    return OutcomeUnknownError(messages.DROPPED)


def error_in(payload: Mapping[str, Any], *, trace_id: str = "") -> MiniMaxError | None:
    """The failure that `base_resp` reports; None where it reports success or is missing."""
    base_resp = payload.get("base_resp")
    if not isinstance(base_resp, dict):
        return None
    try:
        code = int(base_resp.get("status_code") or 0)
    except (TypeError, ValueError):
        return None
    if not code:
        return None
    own = payload.get("trace_id")
    return error_for_code(
        code, str(base_resp.get("status_msg") or ""), trace_id=own if isinstance(own, str) and own else trace_id
    )


def error_from_answer(status: int, content: bytes, *, trace_id: str = "") -> MiniMaxError:
    """The failure told by an answer that is not the success we asked for, whatever its body is."""
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        payload = None
    if isinstance(payload, dict):
        if error := error_in(payload, trace_id=trace_id):
            by_status = error_for_status(status, trace_id=error.trace_id, detail=error.detail)
            # "401" or "429" with a vague code inside is still a refusal before any work
            return by_status if by_status.charged == "no" and error.charged == "unknown" else error
        told = payload.get("error")
        if isinstance(told, dict):  # the shape of the chat surfaces
            detail = str(told.get("message") or "")
            trace_id = trace_id or str(payload.get("request_id") or "")
            if found := _CODE_AT_THE_END.search(detail):
                return error_for_code(int(found[1]), detail[: found.start()], trace_id=trace_id)
            return error_for_status(status, trace_id=trace_id, detail=detail)
    return error_for_status(status, trace_id=trace_id)


class MiniMaxClient:
    """Talks to the MiniMax HTTP API; one per connection and process. `transport` is for tests."""

    def __init__(
        self,
        endpoint: Endpoint,
        transport: httpx.BaseTransport | None = None,
        *,
        connect_s: float = CONNECT_S,
        read_s: float = SLOWEST_S,
    ) -> None:
        self.endpoint = endpoint
        self._connect_s = connect_s
        self._read_s = read_s
        transport = transport or pinned_transport(endpoint.resolve)
        self._http = httpx.Client(transport=transport, mounts=None if transport else NO_PROXY_MOUNTS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: Mapping[str, Any], *, read_s: float | None = None) -> dict[str, Any]:
        """Return the payload of a success; every failure is a MiniMaxError."""
        return self._payload("POST", path, read_s, content=encode(body), headers={"Content-Type": "application/json"})

    def get(
        self, path: str, query: Mapping[str, str], *, read_s: float | None = None, judge: Judge | None = None
    ) -> dict[str, Any]:
        """Like `post`. `judge` sees a refused payload first and may raise what it means there."""
        return self._payload("GET", path, read_s, judge=judge, params=dict(query))

    def upload(
        self, path: str, fields: Mapping[str, str], *, filename: str, content: BinaryIO, content_type: str
    ) -> dict[str, Any]:
        """Like `post`, with a file. It is read while it is sent; `content` should be at its start."""
        return self._payload("POST", path, None, data=dict(fields), files={"file": (filename, content, content_type)})

    def _payload(
        self,
        method: str,
        path: str,
        read_s: float | None,
        *,
        headers: Mapping[str, str] | None = None,
        judge: Judge | None = None,
        **sent: Any,
    ) -> dict[str, Any]:
        url = self.endpoint.url(path)
        response = self._send(method, url, read_s, headers={**self.endpoint.headers, **(headers or {})}, **sent)
        trace_id = response.headers.get("Trace-Id", "")
        if response.status_code != 200:
            raise error_from_answer(response.status_code, response.content, trace_id=trace_id)
        try:  # MiniMax reports most failures inside an HTTP 200
            payload = json.loads(response.content)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            raise BrokenAnswerError(messages.NOT_JSON, trace_id=trace_id, params={"status": response.status_code})
        if error := error_in(payload, trace_id=trace_id):
            if judge:
                judge(payload, error)
            raise error
        if not isinstance(payload.get("base_resp"), dict):
            raise error_from_answer(response.status_code, response.content, trace_id=trace_id)
        if trace_id:
            payload.setdefault("trace_id", trace_id)
        return payload

    def download(self, url: str, *, read_s: float = QUICK_S) -> bytes:
        """The bytes behind a link that MiniMax gave. Sent without the key; costs nothing, so errors say "no" charge."""
        may_follow = self.endpoint.may_follow
        try:
            if may_follow and not may_follow(url):
                raise InvalidRequestError(messages.ADDRESS_UNUSABLE)
            response = self._send("GET", url, read_s, follow_redirects=may_follow is None)
            if response.status_code != 200:
                raise error_for_status(response.status_code)
        except MiniMaxError as error:
            error.charged, error.next_step = "no", messages.TRY_AGAIN
            raise
        return response.content

    def download_to(
        self,
        url: str,
        target: Path,
        *,
        at_most: int,
        on_bytes: Callable[[], object] = lambda: None,
        read_s: float = QUICK_S,
    ) -> int:
        """Write what lies behind a link to `target`, never all of it in memory, and return its length in bytes.

        `on_bytes` is called about every 4 MiB. Raises LinkEndedError for 403, 404 and 410, BrokenAnswerError when fewer
        bytes came than were announced or more than `at_most`; `target` is removed then. Sent without the key; free.
        """
        timeout = httpx.Timeout(read_s, connect=self._connect_s)
        may_follow = self.endpoint.may_follow
        try:
            if may_follow and not may_follow(url):
                raise InvalidRequestError(messages.ADDRESS_UNUSABLE, next_step=messages.TRY_AGAIN)
            with self._http.stream("GET", url, timeout=timeout, follow_redirects=may_follow is None) as response:
                if response.status_code in {403, 404, 410}:
                    raise LinkEndedError(messages.LINK_ENDED)
                if response.status_code != 200:
                    raise error_for_status(response.status_code)
                written = _write(response, target, at_most, on_bytes)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            target.unlink(missing_ok=True)
            error = error_from_transport(exc)
            error.charged, error.next_step = "no", messages.TRY_AGAIN
            raise error from exc
        except MiniMaxError as error:
            target.unlink(missing_ok=True)
            error.charged = "no"
            raise
        return written

    @contextmanager
    def stream(
        self, path: str, query: Mapping[str, str], *, headers: Mapping[str, str] | None = None, read_s: float = QUICK_S
    ) -> Iterator[httpx.Response]:
        """Like `get`, with an answer that is no payload: nothing of it is read yet, and its status is not judged.

        Whatever breaks while it is being read inside the `with` becomes a MiniMaxError too.
        """
        url = self.endpoint.url(path)
        timeout = httpx.Timeout(read_s, connect=self._connect_s)
        sent = {**self.endpoint.headers, **(headers or {})}
        try:
            with self._http.stream("GET", url, params=dict(query), headers=sent, timeout=timeout) as response:
                yield response
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise error_from_transport(exc) from exc

    def _send(self, method: str, url: str, read_s: float | None, **sent: Any) -> httpx.Response:
        timeout = httpx.Timeout(self._read_s if read_s is None else read_s, connect=self._connect_s)
        try:
            return self._http.request(method, url, timeout=timeout, **sent)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise error_from_transport(exc) from exc


def _write(response: httpx.Response, target: Path, at_most: int, on_bytes: Callable[[], object]) -> int:
    """Raises BrokenAnswerError when the length is not the one announced, or is over `at_most`."""
    announced = response.headers.get("Content-Length", "")
    written = told = 0
    with target.open("wb") as file:
        for piece in response.iter_bytes(1 << 18):
            written += len(piece)
            if written > at_most:
                raise BrokenAnswerError(messages.TOO_LONG)
            file.write(piece)
            if written - told >= 1 << 22:
                told = written
                on_bytes()
        file.flush()
        os.fsync(file.fileno())
    if not written or (
        announced.isdigit() and not response.headers.get("Content-Encoding") and int(announced) != written
    ):
        raise BrokenAnswerError(messages.DROPPED)
    return written

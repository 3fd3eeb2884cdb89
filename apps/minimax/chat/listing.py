"""Two questions that cost nothing: which models there are, and how many tokens something has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from apps.minimax import messages
from apps.minimax.chat.answer import error_of_answer, error_told
from apps.minimax.chat.request import ANTHROPIC_PATH, ChatRequest, Surface
from apps.minimax.client import CONNECT_S, QUICK_S, encode, error_from_transport
from apps.minimax.connection import Endpoint
from apps.minimax.errors import BrokenAnswerError, MiniMaxError

PAGES = 20  # of a listing; more than any server has
MAX_BYTES = 8 * 1024 * 1024  # of one answer
# what servers call a model's window: vLLM and SGLang; llama.cpp's router; gateways
_WINDOWS = ("max_model_len", "context_length", "context_window", "max_context_length")


@dataclass(frozen=True)
class ListedModel:
    id: str
    label: str
    context: int | None = None  # tokens; only some servers tell


async def list_models(
    http: httpx.AsyncClient, endpoint: Endpoint, surface: Surface, *, is_plain: bool = False
) -> list[ListedModel]:
    """The language models that this key can ask. Raises MiniMaxError; nothing is charged.

    is_plain: the server is not MiniMax, see ChatRequest.
    Sources: https://platform.minimax.io/docs/api-reference/models/anthropic/list-models and .../openai/list-models
    """
    path = "/v1/models" if is_plain or surface == "openai" else "/anthropic/v1/models"
    found: dict[str, ListedModel] = {}
    query = ""
    for _page in range(PAGES):
        payload = await _ask(http, endpoint, "GET", path + query)
        rows = payload.get("data")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                label = str(row.get("display_name") or row["id"])
                found[row["id"]] = ListedModel(row["id"], label, _window(row))
        last = payload.get("last_id")
        if not payload.get("has_more") or not isinstance(last, str):
            break
        query = f"?{httpx.QueryParams(after_id=last)}"
    return list(found.values())


async def count_tokens(http: httpx.AsyncClient, endpoint: Endpoint, request: ChatRequest) -> int:
    """How many tokens the request would send. Raises MiniMaxError; nothing is charged. Documented for M3.

    Source: https://platform.minimax.io/docs/api-reference/text-chat-anthropic
    """
    body = {"model": request.model, **request.countable()}
    payload = await _ask(http, endpoint, "POST", f"{ANTHROPIC_PATH}/count_tokens", encode(body))
    tokens = payload.get("input_tokens")
    if not isinstance(tokens, int):
        raise BrokenAnswerError(messages.NO_RESULT, charged="no")
    return tokens


async def _ask(
    http: httpx.AsyncClient, endpoint: Endpoint, method: str, path: str, content: bytes | None = None
) -> dict[str, Any]:
    headers = {**endpoint.headers, **({"Content-Type": "application/json"} if content else {})}
    timeout = httpx.Timeout(QUICK_S, connect=CONNECT_S)
    answer = bytearray()
    try:
        request = http.build_request(
            method,
            endpoint.url(path),
            headers=headers,
            content=content,
            timeout=timeout,
            extensions=endpoint.extensions,
        )
        response = await http.send(request, stream=True)
        try:
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > MAX_BYTES:
                    raise _free(BrokenAnswerError(messages.TOO_LONG))
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise _free(error_from_transport(exc)) from exc
    content = bytes(answer)
    if response.status_code != 200:
        raise _free(error_of_answer(response.status_code, content))
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise _free(error_of_answer(response.status_code, content))
    if error := error_told(payload):
        raise _free(error)
    return payload


def _window(row: dict[str, Any]) -> int | None:
    return next((row[name] for name in _WINDOWS if isinstance(row.get(name), int) and row[name] > 0), None)


def _free(error: MiniMaxError) -> MiniMaxError:
    error.charged, error.next_step = "no", messages.TRY_AGAIN if error.charged == "unknown" else error.next_step
    return error

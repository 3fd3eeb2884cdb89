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


@dataclass(frozen=True)
class ListedModel:
    id: str
    label: str


async def list_models(http: httpx.AsyncClient, endpoint: Endpoint, surface: Surface) -> list[ListedModel]:
    """The language models that this key can ask. Raises MiniMaxError; nothing is charged.

    Sources: https://platform.minimax.io/docs/api-reference/models/anthropic/list-models and .../openai/list-models
    """
    path = "/v1/models" if surface == "openai" else "/anthropic/v1/models"
    found: dict[str, ListedModel] = {}
    query = ""
    for _page in range(PAGES):
        payload = await _ask(http, endpoint, "GET", path + query)
        rows = payload.get("data")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                found[row["id"]] = ListedModel(row["id"], str(row.get("display_name") or row["id"]))
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
    try:
        response = await http.request(method, endpoint.url(path), headers=headers, content=content, timeout=timeout)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise _free(error_from_transport(exc)) from exc
    if response.status_code != 200:
        raise _free(error_of_answer(response.status_code, response.content))
    try:
        payload = json.loads(response.content)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise _free(error_of_answer(response.status_code, response.content))
    if error := error_told(payload):
        raise _free(error)
    return payload


def _free(error: MiniMaxError) -> MiniMaxError:
    error.charged, error.next_step = "no", messages.TRY_AGAIN if error.charged == "unknown" else error.next_step
    return error

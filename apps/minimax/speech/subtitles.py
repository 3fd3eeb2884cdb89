"""The subtitle file that MiniMax leaves behind a link."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from apps.minimax import messages
from apps.minimax.client import (
    error_from_transport,
)
from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    BrokenAnswerError,
    MiniMaxError,
    OutcomeUnknownError,
    error_for_status,
)
from apps.minimax.speech.answer import Subtitle, subtitles_from

SUBTITLES_S = 5.0  # for fetching the subtitle file at the end
MAX_SUBTITLE_BYTES = 16 * 1024 * 1024


async def fetch_subtitles(
    http: httpx.AsyncClient,
    url: str,
    *,
    timeout_s: float = SUBTITLES_S,
    follow_redirects: bool = True,
    extensions: dict[str, Any] | None = None,
) -> list[Subtitle]:
    """Fetch and read a subtitle file. The link needs no key and gets none; it costs nothing."""
    try:
        async with (
            asyncio.timeout(timeout_s),
            http.stream(
                "GET", url, timeout=timeout_s, follow_redirects=follow_redirects, extensions=extensions or {}
            ) as response,
        ):
            if response.status_code != 200:
                raise error_for_status(response.status_code)
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_SUBTITLE_BYTES:
                    raise BrokenAnswerError(messages.BAD_SUBTITLES)
        return list(subtitles_from(bytes(content)))
    except TimeoutError:
        error: MiniMaxError = OutcomeUnknownError(messages.SILENT)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        error = error_from_transport(exc)
    except MiniMaxError as exc:
        error = exc
    error.charged, error.next_step = "no", messages.TRY_AGAIN
    raise error


async def try_subtitles(
    http: httpx.AsyncClient, endpoint: Endpoint, url: str
) -> tuple[tuple[Subtitle, ...], MiniMaxError | None]:
    """The subtitles behind a link in an answer of `endpoint`, or why there are none."""
    if not url:
        return (), None
    if endpoint.may_follow and not await asyncio.to_thread(endpoint.may_follow, url):
        return (), BrokenAnswerError(messages.BAD_SUBTITLES, charged="no")
    try:
        is_trusted = endpoint.may_follow is None
        found = await fetch_subtitles(http, url, follow_redirects=is_trusted, extensions=endpoint.extensions)
        return tuple(found), None
    except MiniMaxError as error:
        return (), error

"""News about a task, sent to the address that its creator gave: first a challenge, then every change of status."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from apps.sandbox.envelope import invalid

ANSWER_S = 3.0
# In callbacks the words are lower case, and a failure is called differently than in the query.
WORDS = {
    "Preparing": "preparing",
    "Queueing": "queueing",
    "Processing": "processing",
    "Success": "success",
    "Fail": "failed",
}

_sending: set[asyncio.Task[None]] = set()
_last: dict[str, asyncio.Task[None]] = {}  # by address: news arrive in order


def _post(url: str, body: dict[str, Any]) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - `check` lets only http and https pass
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=ANSWER_S) as response:  # noqa: S310
        return response.read(65_536) if response.status == 200 else b""


async def check(url: Any) -> str:
    """Ask the address for its challenge. One that does not return it within 3 s is refused with 2013, as no task of it
    could ever report: MiniMax's pages leave open what happens then."""
    if not isinstance(url, str) or not url.startswith(("http://", "https://")) or len(url) > 2000:
        raise invalid("callback_url", "must be an http or https address")
    challenge = secrets.token_hex(16)
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = json.loads(await asyncio.to_thread(_post, url, {"challenge": challenge}))
    except (OSError, ValueError, TimeoutError):
        answer = None
    if not isinstance(answer, dict) or answer.get("challenge") != challenge:
        raise invalid("callback_url", "did not return the challenge within 3 s")
    return url


def send(url: str, body: dict[str, Any]) -> None:
    """One attempt, in the order of the calls. Nothing waits for it."""
    sending = asyncio.create_task(_send(url, body, _last.get(url)))
    _last[url] = sending
    _sending.add(sending)
    sending.add_done_callback(_sending.discard)


async def _send(url: str, body: dict[str, Any], before: asyncio.Task[None] | None) -> None:
    if before and not before.done():
        await asyncio.wait([before])
    try:
        await asyncio.to_thread(_post, url, body)
    except (OSError, ValueError) as exc:
        # The path is the caller's secret.
        print(f"callback: {urlsplit(url).netloc} was not reached: {exc}", flush=True)  # noqa: T201 - the log is stdout
    if _last.get(url) is asyncio.current_task():
        del _last[url]

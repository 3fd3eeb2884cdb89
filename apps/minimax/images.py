"""Pictures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.minimax import messages
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import BrokenAnswerError

PATH = "/v1/image_generation"


@dataclass(frozen=True)
class Pictures:
    """What came back: fewer than asked for when MiniMax withheld some."""

    files: tuple[bytes, ...]
    withheld: int
    trace_id: str


def generate_images(client: MiniMaxClient, body: Mapping[str, Any]) -> Pictures:
    """Generate pictures; blocks until they are ready, up to minutes.

    body: the fields of the page below, without response_format; the files come with the answer, so no link can end.
    Source: https://platform.minimax.io/docs/api-reference/image-generation-t2i
    """
    payload = client.post(PATH, {**body, "response_format": "base64"})
    data = payload.get("data")
    pictures = data.get("image_base64") if isinstance(data, dict) else None
    trace_id = str(payload.get("trace_id") or payload.get("id") or "")
    if not isinstance(pictures, list):
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    try:
        files = tuple(base64.b64decode(picture.partition(",")[2] or picture, validate=True) for picture in pictures)
    except (binascii.Error, ValueError, AttributeError) as exc:
        raise BrokenAnswerError(messages.BAD_PICTURE, trace_id=trace_id, charged="yes") from exc
    if not files:
        raise BrokenAnswerError(messages.ALL_WITHHELD, trace_id=trace_id, next_step=messages.CHANGE_TEXT)
    return Pictures(files, max(0, int(body.get("n") or 1) - len(files)), trace_id)

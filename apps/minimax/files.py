"""Files that MiniMax keeps for the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from apps.minimax import messages
from apps.minimax.client import QUICK_S, MiniMaxClient
from apps.minimax.errors import BrokenAnswerError, MiniMaxError

Purpose = Literal["voice_clone", "prompt_audio"]


@dataclass(frozen=True)
class RemoteFile:
    file_id: str  # text here although MiniMax sends numbers: they outgrow what JavaScript can hold
    filename: str
    purpose: str
    bytes: int  # may be 0 for generated files
    created_at: int  # unix seconds
    download_url: str  # lives 1 h (video) or 9 h (long speech); asking again gives a fresh one


def retrieve_file(client: MiniMaxClient, file_id: str) -> RemoteFile:
    """Ask for a file and its link. Free. Raises InvalidRequestError for an id that is not there.

    Source: https://platform.minimax.io/docs/api-reference/file-management-retrieve
    """
    return _file(client.get("/v1/files/retrieve", {"file_id": str(file_id)}, read_s=QUICK_S))


def upload_file(
    client: MiniMaxClient, *, purpose: Purpose, filename: str, content: BinaryIO, content_type: str
) -> RemoteFile:
    """Send a file that another call then names. Free, also when it fails: a repeat leaves at most a file behind.

    voice_clone: mp3, m4a or wav, 10 s to 5 min, at most 20 MB; prompt_audio: the same, shorter than 8 s.
    Raises InvalidRequestError for what MiniMax does not take, else another MiniMaxError with nothing charged.
    Source: https://platform.minimax.io/docs/api-reference/file-management-upload
    """
    try:
        return _file(
            client.upload(
                "/v1/files/upload", {"purpose": purpose}, filename=filename, content=content, content_type=content_type
            )
        )
    except MiniMaxError as error:
        error.charged = "no"
        raise


def delete_file(client: MiniMaxClient, file_id: str, purpose: str) -> None:
    """Delete a file of the account. Free. Raises InvalidRequestError for an id or a purpose that is not there.

    Source: https://platform.minimax.io/docs/api-reference/file-management-delete
    """
    client.post("/v1/files/delete", {"file_id": file_number(file_id), "purpose": purpose}, read_s=QUICK_S)


def file_number(file_id: str) -> int | str:
    """int64 by the schema; whatever else a server gave is given back as it was."""
    return int(file_id) if file_id.isascii() and file_id.isdigit() else file_id


def _file(payload: Mapping[str, Any]) -> RemoteFile:
    file = payload.get("file")
    if not isinstance(file, dict) or not file.get("file_id"):
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=str(payload.get("trace_id") or ""), charged="no")
    return RemoteFile(
        file_id=str(file["file_id"]),
        filename=str(file.get("filename") or ""),
        purpose=str(file.get("purpose") or ""),
        bytes=int(file.get("bytes") or 0),
        created_at=int(file.get("created_at") or 0),
        download_url=str(file.get("download_url") or ""),
    )

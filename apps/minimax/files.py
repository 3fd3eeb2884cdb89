"""Files that MiniMax keeps for the account."""

from __future__ import annotations

from dataclasses import dataclass

from apps.minimax import messages
from apps.minimax.client import QUICK_S, MiniMaxClient
from apps.minimax.errors import BrokenAnswerError


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
    payload = client.get("/v1/files/retrieve", {"file_id": str(file_id)}, read_s=QUICK_S)
    file = payload.get("file")
    if not isinstance(file, dict) or not file.get("file_id"):
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=payload.get("trace_id", ""), charged="no")
    return RemoteFile(
        file_id=str(file["file_id"]),
        filename=str(file.get("filename") or ""),
        purpose=str(file.get("purpose") or ""),
        bytes=int(file.get("bytes") or 0),
        created_at=int(file.get("created_at") or 0),
        download_url=str(file.get("download_url") or ""),
    )

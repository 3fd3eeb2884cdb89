"""The voices an account can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from apps.minimax.client import QUICK_S, MiniMaxClient

VoiceKind = Literal["system", "voice_cloning", "voice_generation"]
OwnVoiceKind = Literal["voice_cloning", "voice_generation"]
_ARRAYS: dict[str, VoiceKind] = {
    "system_voice": "system",
    "voice_cloning": "voice_cloning",
    "voice_generation": "voice_generation",
}


@dataclass(frozen=True)
class Voice:
    voice_id: str  # as sent: never trimmed, may hold spaces and full-width parentheses
    name: str  # "" for cloned and designed voices, which have none
    kind: VoiceKind
    description: tuple[str, ...]
    created: str  # yyyy-mm-dd or ""


def list_voices(client: MiniMaxClient, voice_type: str = "all") -> list[Voice]:
    """Ask which voices the account has. Free.

    voice_type: "system", "voice_cloning", "voice_generation" or "all". A cloned or designed voice is missing until
    it has spoken once. Source: https://platform.minimax.io/docs/api-reference/voice-management-get
    """
    payload = client.post("/v1/get_voice", {"voice_type": voice_type}, read_s=QUICK_S)
    return [
        _voice(row, kind)
        for array, kind in _ARRAYS.items()
        for row in payload.get(array) or []
        if isinstance(row, dict) and row.get("voice_id")
    ]


def delete_voice(
    client: MiniMaxClient, voice_type: Literal["voice_cloning", "voice_generation"], voice_id: str
) -> None:
    """Delete a cloned or designed voice for ever: its id can never be used again.

    Raises InvalidRequestError for an id that is not there.
    Source: https://platform.minimax.io/docs/api-reference/voice-management-delete
    """
    client.post("/v1/delete_voice", {"voice_type": voice_type, "voice_id": voice_id}, read_s=QUICK_S)


def _voice(row: dict[str, Any], kind: VoiceKind) -> Voice:
    description = row.get("description") or ()
    if isinstance(description, str):
        description = (description,)
    return Voice(
        voice_id=str(row["voice_id"]),
        name=str(row.get("voice_name") or ""),
        kind=kind,
        description=tuple(str(line) for line in description if line),
        created=str(row.get("created_time") or ""),
    )

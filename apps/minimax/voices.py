"""The voices an account can use, and how it comes by new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from apps.minimax import messages
from apps.minimax.client import QUICK_S, MiniMaxClient
from apps.minimax.errors import BrokenAnswerError
from apps.minimax.files import file_number

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


@dataclass(frozen=True)
class CloneRequest:
    """A voice from a recording. `sample` and `prompt_audio` are ids of uploaded files."""

    voice_id: str  # chosen by us, see `catalogue.speech.cloning.voice_id_pattern`; never one that existed before
    sample: str
    prompt_audio: str = ""  # shorter than 8 s; goes together with `prompt_text`, its exact words
    prompt_text: str = ""
    text: str = ""  # makes a demo, billed as speech; goes together with `model`
    model: str = ""
    language_boost: str = ""
    text_validation: str = ""  # what is said in the sample: another text is refused with 1043
    accuracy: float | None = None  # of that comparison, 0 to 1
    need_noise_reduction: bool = False
    need_volume_normalization: bool = False

    def body(self) -> dict[str, Any]:
        """The fields as the wire wants them; what is empty is left out."""
        body: dict[str, Any] = {"file_id": file_number(self.sample), "voice_id": self.voice_id}
        if self.prompt_audio:
            body["clone_prompt"] = {"prompt_audio": file_number(self.prompt_audio), "prompt_text": self.prompt_text}
        if self.text:
            body |= {"text": self.text, "model": self.model}
        if self.language_boost:
            body["language_boost"] = self.language_boost
        if self.text_validation:
            body |= {"text_validation": self.text_validation, "accuracy": self.accuracy}
        body["need_noise_reduction"] = self.need_noise_reduction
        body["need_volume_normalization"] = self.need_volume_normalization
        return body


@dataclass(frozen=True)
class Cloned:
    """A voice that lives for 168 hours from now, unless it speaks for real. The demo is not that."""

    demo_url: str  # empty when no text was sent, or its sound was withheld
    usage_characters: int  # of the demo; 0: not reported
    is_flagged: bool  # the content check found something in the demo's text
    trace_id: str


@dataclass(frozen=True)
class Designed:
    """As `Cloned`: temporary until it speaks for real."""

    voice_id: str  # as MiniMax says it, which should be the one that was asked for
    trial_audio: bytes  # its container is not stated; MP3 so far
    trace_id: str


def clone_voice(client: MiniMaxClient, request: CloneRequest) -> Cloned:
    """Make a voice that resembles a recording. Only the demo is billed now; the fee comes with its first real use.

    Raises VoiceError: 1043 and 1044 the recording differs from the text or the example, 20132 the file is not valid,
    2037 its length, 2038 the account may not clone, 2039 the voice_id exists, 2048 the example is too long; all of
    them before any work. Else another MiniMaxError.
    Source: https://platform.minimax.io/docs/api-reference/voice-cloning-clone
    """
    payload = client.post("/v1/voice_clone", request.body())
    info = payload.get("extra_info")
    flagged = payload.get("input_sensitive")
    kind = flagged.get("type") if isinstance(flagged, dict) else flagged or payload.get("input_sensitive_type")
    demo = payload.get("demo_audio")
    return Cloned(
        demo_url=demo if isinstance(demo, str) and demo.startswith(("http://", "https://")) else "",
        usage_characters=_count(info.get("usage_characters")) if isinstance(info, dict) else 0,
        is_flagged=bool(kind),
        trace_id=str(payload.get("trace_id") or ""),
    )


def design_voice(client: MiniMaxClient, *, prompt: str, preview_text: str, voice_id: str) -> Designed:
    """Make a voice after a description. The preview text is billed; the fee comes with the voice's first real use.

    voice_id: chosen by us, so that an answer that got lost can be asked for again without making a second voice.
    Source: https://platform.minimax.io/docs/api-reference/voice-design-design
    """
    body = {"prompt": prompt, "preview_text": preview_text, "voice_id": voice_id}
    payload = client.post("/v1/voice_design", body)
    trace_id = str(payload.get("trace_id") or "")
    made = payload.get("voice_id")
    if not isinstance(made, str) or not made:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id)
    try:
        sound = bytes.fromhex(str(payload.get("trial_audio") or ""))
    except ValueError:
        sound = b""  # the voice is there all the same
    return Designed(made, sound, trace_id)


def _count(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError):
        return 0


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

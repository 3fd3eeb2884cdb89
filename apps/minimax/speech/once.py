"""One request, one answer.

Source: https://platform.minimax.io/docs/api-reference/speech-t2a-http
"""

from __future__ import annotations

from typing import Literal

from apps.minimax import messages
from apps.minimax.client import (
    MiniMaxClient,
)
from apps.minimax.errors import (
    BrokenAnswerError,
    Charged,
    MiniMaxError,
)
from apps.minimax.speech.answer import Speech, Subtitle, read_info, subtitle_link, subtitles_from
from apps.minimax.speech.request import PATH, SpeechRequest


def synthesise(
    client: MiniMaxClient, request: SpeechRequest, *, output_format: Literal["hex", "url"] = "hex"
) -> Speech:
    """Speak a text of at most `catalogue.speech.max_characters` and wait for all of it.

    "hex" brings the audio, "url" a link to it. Subtitles come along when `request.subtitle_type` asks for them; failing
    to fetch them does not fail the call, since the audio is made and charged.
    Raises VoiceError, InvalidRequestError or another MiniMaxError; BrokenAnswerError for damaged or incomplete audio.
    """
    payload = client.post(PATH, request.http_body(stream=False, output_format=output_format))
    trace_id = str(payload.get("trace_id") or "")
    counted: Charged = "yes" if isinstance(payload.get("extra_info"), dict) else "unknown"
    info = read_info(payload.get("extra_info"))
    data = payload.get("data")
    found = data.get("audio") if isinstance(data, dict) else None
    if not isinstance(found, str) or not found:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id, charged=counted)
    url, audio = "", None
    if output_format == "url" and found.startswith(("http://", "https://")):
        url = found
    else:
        try:
            audio = bytes.fromhex(found)
        except ValueError as exc:
            raise BrokenAnswerError(messages.BAD_AUDIO, trace_id=trace_id, charged=counted) from exc
        if len(audio) < info.audio_size:
            raise BrokenAnswerError(messages.SHORT_AUDIO, trace_id=trace_id, charged=counted)
    subtitles: tuple[Subtitle, ...] = ()
    subtitles_error = None
    if link := subtitle_link(data):
        try:
            subtitles = subtitles_from(client.download(link))
        except MiniMaxError as error:
            subtitles_error = error
    return Speech(audio, url, subtitles, info, trace_id, subtitles_error)

"""Text to speech: one answer, a stream of server-sent events, and a live socket that takes many texts."""

from apps.minimax.speech.answer import (
    AudioPiece,
    Speech,
    SpeechEnd,
    SpeechInfo,
    Subtitle,
    TextDone,
    TextSkipped,
    Word,
    read_subtitles,
)
from apps.minimax.speech.live_socket import SpeechSocket
from apps.minimax.speech.once import synthesise
from apps.minimax.speech.request import SpeechRequest, TimbreWeight, VoiceModify
from apps.minimax.speech.stream import new_http, stream_speech
from apps.minimax.speech.subtitles import fetch_subtitles

__all__ = [
    "AudioPiece",
    "Speech",
    "SpeechEnd",
    "SpeechInfo",
    "SpeechRequest",
    "SpeechSocket",
    "Subtitle",
    "TextDone",
    "TextSkipped",
    "TimbreWeight",
    "VoiceModify",
    "Word",
    "fetch_subtitles",
    "new_http",
    "read_subtitles",
    "stream_speech",
    "synthesise",
]

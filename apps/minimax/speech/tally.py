"""Whether all the audio of a text has come."""

from __future__ import annotations

from apps.minimax.mp3 import FrameWalk

REWRITTEN_HEADER_BYTES = 1280  # one mp3 frame and a tag


class Tally:
    """Counts the audio of one text and tells whether some of it is missing, without keeping it."""

    def __init__(self, audio_format: str) -> None:
        self.received = 0
        self._format = audio_format
        self._frames = FrameWalk() if audio_format == "mp3" else None

    def add(self, audio: bytes) -> None:
        self.received += len(audio)
        if self._frames:
            self._frames.feed(audio)

    def is_short_of(self, announced: int) -> bool:
        """The announced figure may be that of the file written anew with a header of its own. So a small difference is
        let pass where the format has headers, and in mp3 only when no frame is cut."""
        missing = announced - self.received
        if missing <= 0:
            return False
        if missing > REWRITTEN_HEADER_BYTES or self._format in {"pcm", "pcmu_raw"}:
            return True
        return self._frames is not None and not self._frames.is_intact

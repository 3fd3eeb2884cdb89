"""What the OpenAI-compatible surface mixes: thinking inside the text, and text that comes again with every piece."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class ThinkTags:
    """Parts a text that begins with `<think>…</think>`, however it is cut. Tags further on are text."""

    def __init__(self) -> None:
        self.is_thinking = False
        self._held = ""
        self._is_decided = False  # the beginning has been seen

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """Return (is thinking, text) pieces; what may be the beginning of a tag is held back."""
        if self._is_decided and not self.is_thinking:
            return [(False, text)] if text else []
        held = self._held + text
        self._held = ""
        if not self._is_decided:
            start = held.lstrip()
            if len(start) < len(OPEN) and OPEN.startswith(start):
                self._held = held
                return []
            self._is_decided = True
            if not start.startswith(OPEN):
                return [(False, held)]
            self.is_thinking = True
            held = start[len(OPEN) :]
        thought, closing, rest = held.partition(CLOSE)
        if closing:
            self.is_thinking = False
            return [piece for piece in ((True, thought), (False, rest)) if piece[1]]
        keep = _overlap(thought)
        self._held = thought[len(thought) - keep :]
        thought = thought[: len(thought) - keep]
        return [(True, thought)] if thought else []

    def finish(self) -> list[tuple[bool, str]]:
        held, self._held = self._held, ""
        return [(self.is_thinking, held)] if held else []


def _overlap(text: str) -> int:
    """How many characters at the end of `text` are the beginning of the closing tag."""
    for size in range(min(len(CLOSE) - 1, len(text)), 0, -1):
        if CLOSE.startswith(text[-size:]):
            return size
    return 0


class Growing:
    """A text that comes either piece by piece or, as the vendor's samples for `reasoning_split` imply, whole each time.

    Two pieces cannot tell "ha", "ha" from a text that did not grow; so the first doubtful piece waits for the next one.
    """

    def __init__(self) -> None:
        self.text = ""
        self._held: str | None = None
        self._is_whole: bool | None = None  # None: not known yet

    def feed(self, new: str) -> str:
        """Return what is new in `new`."""
        if not new:
            return ""
        if self._is_whole is None and self.text:
            if self._held is None:
                if new.startswith(self.text):
                    self._held = new
                    return ""
                self._is_whole = False
            else:
                self._is_whole = new.startswith(self._held)
                if not self._is_whole:
                    new = self._held + new
                self._held = None
        if self._is_whole is False:
            return new
        if self._is_whole and new.startswith(self.text):
            new = new[len(self.text) :]
        self.text += new
        return new

    def finish(self) -> str:
        held, self._held = self._held, None
        if held is None:
            return ""
        return held[len(self.text) :] if len(held) > len(self.text) else held

"""Markdown that is still being written: finished blocks are rendered once, the open one from time to time."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from apps.chat.rendering.markdown import parse, readable, to_html

# Text with which no mark can begin or end: shown at once as it is, and rendering it would change nothing.
_PLAIN = re.compile(r"(?:[^\W_]|[ ,.?'’“”%/-])*\Z")

LEAST_PAUSE_S = 0.08  # between two renderings of one block
SHARE = 0.015  # of the time may go into rendering one text; of all texts together, see PACE
MANY_SHARE = 0.1
PATIENCE_S = 0.15  # so long words may wait for their marks to be understood; when all are busy they are shown with them
RECOLOUR_S = 2.0  # code is shown as it comes; its colours follow


class Pace:
    """How many texts share the time for rendering."""

    def __init__(self) -> None:
        self.texts = 0

    def pause_after(self, seconds: float) -> float:
        share = min(SHARE, MANY_SHARE / max(1, self.texts))
        return max(LEAST_PAUSE_S, seconds / share)


PACE = Pace()


@dataclass(frozen=True, slots=True)
class Rendered:
    done: str  # HTML of blocks that are finished since the last time
    open: str  # HTML of the one that is being written


class GrowingText:
    """One text as it arrives. `add` says what can be shown at once, `render` does what had to be read as a whole."""

    def __init__(self) -> None:
        self.done_html: list[str] = []
        self._source: list[str] = []  # of the open block
        self._held: list[str] = []  # what of it waits to be rendered before it is shown
        self._env: dict[str, Any] = {}
        self._is_dirty = False  # something came that has to be rendered before it can be shown
        self._is_stale = False  # what is shown is right, but without its colours
        self._in_fence = False
        self._in_table = False  # whose open cell need not be the last one that is shown
        self._line = ""  # what the last line shows
        self._spaces = ""  # that ended the open block, which HTML does not show
        self._next_at = 0.0

    @property
    def due_in(self) -> float | None:
        """Seconds until it should be rendered; None: it need not be."""
        if not self._is_dirty and not self._is_stale:
            return None
        due = self._next_at - time.perf_counter()
        return max(0.0, due if self._is_dirty else due + RECOLOUR_S)

    def add(self, text: str) -> str:
        """Return what can stand at the end of the open block as it is; "" if it has to be rendered first."""
        text = text.replace("\r", "")
        is_first = not self._source  # there is no element yet that it could be put into
        self._source.append(text)
        if self._is_dirty or is_first or self._in_table or not self._is_plain(text):
            self._is_dirty = True
            self._held.append(text)
            if is_first or self._in_table or self._next_at - time.perf_counter() < PATIENCE_S:
                return ""
            text = readable("".join(self._held))  # with its marks as they were written, until their turn comes
            self._held.clear()
        text, self._spaces = self._spaces + text, ""
        return text

    def _is_plain(self, text: str) -> bool:
        if self._in_fence:
            self._is_stale = True
            return "`" not in text and "~" not in text and text == readable(text)
        line = self._line
        # Where a line begins, and after a mark alone such as "-", "1." or "- [ ]", the next word decides what it is.
        if not line or line[-1] == "\\" or line.isdigit() or (len(line) <= 10 and not line[-1].isalnum()):
            return False
        if _PLAIN.match(text) is None:
            return False
        self._line = (line + text).rstrip() if len(line) <= 10 else line
        return True

    def render(self) -> Rendered:
        """Render what is open, and close the blocks that nothing can change any more."""
        began = time.thread_time()  # of the processor, so that a busy machine does not make it look dear
        source = "".join(self._source)
        self._env["is_open"] = True
        tokens = parse(readable(source), self._env)
        starts = [at for at, token in enumerate(tokens) if token.level == 0 and token.nesting != -1 and token.map]
        done = ""
        if len(starts) > 1:
            last = starts[-1]
            self._env["is_open"] = False
            done = to_html(tokens[:last], self._env)
            self._env["is_open"] = True
            self.done_html.append(done)
            first_line = (tokens[last].map or [0])[0]
            source = "\n".join(source.split("\n")[first_line:])
            tokens = tokens[last:]
        self._source = [source]
        html = to_html(tokens, self._env)
        self._in_fence = bool(tokens) and tokens[0].type == "fence" and "\n" in source and not _is_closed(source)
        self._in_table = bool(tokens) and tokens[0].type == "table_open"
        self._is_dirty = self._is_stale = False
        self._held.clear()
        bare = source.rstrip(" ")
        self._spaces = "" if self._in_fence else source[len(bare) :]
        self._line = bare[bare.rfind("\n") + 1 :].strip()
        self._next_at = time.perf_counter() + PACE.pause_after(time.thread_time() - began)
        return Rendered(done, html)

    def snapshot(self) -> Rendered:
        """All of it up to the last letter, for somebody who joins; changes nothing for the others."""
        env = {**self._env, "is_open": True}
        html = to_html(parse(readable("".join(self._source)), env), env)
        return Rendered("".join(self.done_html), html)

    def finish(self) -> Rendered:
        """The last rendering: nothing is open any more."""
        self._env["is_open"] = False
        html = to_html(parse(readable("".join(self._source)), self._env), self._env)
        self._source = []
        self.done_html.append(html)
        self._is_dirty = self._is_stale = False
        return Rendered(html, "")


def _is_closed(fence: str) -> bool:
    lines = fence.rstrip().split("\n")
    mark = lines[0].lstrip()[:3]
    return len(lines) > 1 and lines[-1].lstrip().startswith(mark)

"""A reply as it arrives: from events to what a page shows, in the process that receives it and in one that follows.

Events are kept as JSON lists: `["think", text]`, `["text", text]`, `["call", id, name, input or null, arguments]`,
`["thought", ms]` when thinking is over. A page gets one JSON object per change, `m` names the reply and `p` the part:

    {"k": "part", "p", "of": "think" | "text" | "call", "name"}   a new part begins
    {"k": "tail", "p", "s"}                                       text for the end of the open block, or of the thought
    {"k": "html", "p", "done", "open"}                            finished blocks to add; the open one to put in place
    {"k": "thought", "p", "ms"}                                   thinking is over
    {"k": "reset"}                                                forget the parts; all of them follow
    {"k": "end", "status"}                                        the row holds everything; nothing more will come
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from apps.chat.rendering.growing import PACE, GrowingText
from apps.minimax.chat import Block

StoredEvent = list[Any]
MANY = 64  # pieces of one text, before they are put together


@dataclass
class Part:
    kind: str  # "think", "text" or "call"
    text: list[str] = field(default_factory=list)
    growing: GrowingText | None = None
    call: tuple[str, str, dict[str, Any] | None, str] | None = None
    ms: int | None = None

    def say(self, text: str) -> None:
        self.text.append(text)
        if len(self.text) >= MANY:  # thousands of small strings weigh many times what they say
            self.text[:] = ["".join(self.text)]


class Reply:
    def __init__(self, message_id: uuid.UUID, emit: Callable[[str], None]) -> None:
        self.parts: list[Part] = []
        self._id = str(message_id)
        self._emit_text = emit
        self._is_open = True
        PACE.texts += 1

    def add(self, event: StoredEvent) -> None:
        kind = event[0]
        if kind == "text":
            part = self._part("text")
            part.say(event[1])
            assert part.growing is not None
            tail = part.growing.add(event[1])
            if tail:
                self._emit_tail(tail)
            elif part.growing.due_in == 0:
                self._render(len(self.parts) - 1)
        elif kind == "think":
            self._part("think").say(event[1])
            self._emit_tail(event[1])
        elif kind == "call":
            _kind, call_id, name, given, arguments = event
            self.parts.append(Part("call", call=(call_id, name, given, arguments)))
            self._emit(k="part", p=len(self.parts) - 1, of="call", name=name)
        elif kind == "thought" and self.parts and self.parts[-1].kind == "think":
            self.parts[-1].ms = event[1]
            self._emit(k="thought", p=len(self.parts) - 1, ms=event[1])

    def _part(self, kind: str) -> Part:
        """The last part if it is of this kind, else a new one."""
        if self.parts and self.parts[-1].kind == kind:
            return self.parts[-1]
        self._close_last()
        self.parts.append(Part(kind, growing=GrowingText() if kind == "text" else None))
        self._emit(k="part", p=len(self.parts) - 1, of=kind)
        return self.parts[-1]

    def _close_last(self) -> None:
        if self.parts and (growing := self.parts[-1].growing):
            self._emit(k="html", p=len(self.parts) - 1, done=growing.finish().done, open="")

    @property
    def due_in(self) -> float | None:
        """Seconds until `render` has something to do; None: only when more arrives."""
        growing = self.parts[-1].growing if self.parts else None
        return growing.due_in if growing else None

    def render(self) -> None:
        if self.due_in is not None:
            self._render(len(self.parts) - 1)

    def _render(self, index: int) -> None:
        growing = self.parts[index].growing
        assert growing is not None
        rendered = growing.render()
        self._emit(k="html", p=index, done=rendered.done, open=rendered.open)

    def finish(self) -> None:
        """Nothing more will come."""
        if self._is_open:
            self._is_open = False
            PACE.texts -= 1
            self._close_last()

    def snapshot(self) -> list[str]:
        """Everything so far, for a page that joins."""
        frames = [self._frame(k="reset")]
        for index, part in enumerate(self.parts):
            frames.append(self._frame(k="part", p=index, of=part.kind, name=part.call[1] if part.call else ""))
            if part.growing:
                rendered = part.growing.snapshot()
                frames.append(self._frame(k="html", p=index, done=rendered.done, open=rendered.open))
            elif part.kind == "think":
                frames.append(self._frame(k="tail", p=index, s="".join(part.text)))
                if part.ms is not None:
                    frames.append(self._frame(k="thought", p=index, ms=part.ms))
        return frames

    def last_frame(self, status: str) -> str:
        return self._frame(k="end", status=status)

    def _emit_tail(self, text: str) -> None:
        """What comes with nearly every token, put together by hand."""
        place = len(self.parts) - 1
        self._emit_text(f'{{"m": "{self._id}", "k": "tail", "p": {place}, "s": {encode_basestring(text)}}}')

    def _emit(self, **frame: Any) -> None:
        self._emit_text(self._frame(**frame))

    def _frame(self, **frame: Any) -> str:
        return json.dumps({"m": self._id, **frame}, ensure_ascii=False)

    # --- for the row ---

    def blocks(self) -> list[Block]:
        """What has arrived, as blocks; of a reply that was cut they lack signatures, and so are not all sent back."""
        blocks: list[Block] = []
        for part in self.parts:
            if part.kind == "think":
                blocks.append({"type": "thinking", "thinking": "".join(part.text)})
            elif part.kind == "text":
                blocks.append({"type": "text", "text": "".join(part.text)})
            elif part.call:
                call_id, name, given, _arguments = part.call
                blocks.append({"type": "tool_use", "id": call_id, "name": name, "input": given or {}})
        return blocks

    @property
    def html(self) -> list[str]:
        """Of each text part, in order."""
        return ["".join(part.growing.done_html) for part in self.parts if part.growing]

    @property
    def text(self) -> str:
        return "\n\n".join("".join(part.text) for part in self.parts if part.kind == "text")

    @property
    def thinking_ms(self) -> int | None:
        times = [part.ms for part in self.parts if part.ms is not None]
        return sum(times) if times else None

"""The guide: it reads a conversation and answers. It is a small program, and says so when asked."""

from __future__ import annotations

from apps.sandbox.chatting.conversation import Ask, Reply


def think(ask: Ask) -> Reply:
    text = f"You wrote: {ask.last.text}" if ask.last.text else "I am the guide of this sandbox."
    thinking = "The question is short; I answer it directly." if ask.thinking else ""
    return Reply(thinking, text)

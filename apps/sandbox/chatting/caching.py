"""The prompt cache: what began like an earlier prompt of the last five minutes is read from it, from 512 tokens on."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import blake2b

from apps.sandbox.chatting.conversation import Ask
from apps.sandbox.chatting.models import Usage
from apps.sandbox.runtime import runtime

LEAST_TOKENS = 512
LIFETIME = timedelta(minutes=5)
REMEMBERED = 5_000

_seen: OrderedDict[bytes, datetime] = OrderedDict()


def use(ask: Ask) -> Usage:
    """What of the prompt comes from the cache; and remember it for the next."""
    now = runtime.now()
    digest = blake2b(ask.model.encode(), digest_size=16)
    total = read = written = 0
    for number, segment in enumerate(ask.segments):
        digest.update(f"\0{len(segment.content)}\0{segment.content}".encode())
        total += segment.tokens
        if total < LEAST_TOKENS:
            continue
        key = digest.digest()
        known = _seen.get(key)
        last = number == len(ask.segments) - 1
        if known and now - known < LIFETIME and not last:
            read = total  # the end of the prompt is always read afresh
        elif segment.breakpoint:
            written = total
        _seen[key] = now
        _seen.move_to_end(key)
    while len(_seen) > REMEMBERED:
        _seen.popitem(last=False)
    return Usage(prompt=total, cache_read=read, cache_creation=max(0, written - read))

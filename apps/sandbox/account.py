"""The keys that are known here, and what each may do: pay-as-you-go, or a Token Plan with windows.

The key of the command line pays as it goes, from a balance that is large. Others are added through /sandbox/accounts;
they last as long as the process.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.sandbox.envelope import RefusedError, invalid
from apps.sandbox.runtime import runtime

BALANCE = Decimal(100)  # USD that an account begins with
PLANS = {  # what MiniMax's own command line hints at: speech and images from Plus on, video and music from Max on
    "starter": ("chat",),
    "plus": ("chat", "speech", "image"),
    "max": ("chat", "speech", "image", "video", "music"),
}
MODELS = {  # how a plan's windows are named
    "chat": "MiniMax-M*",
    "speech": "speech-*",
    "image": "image-01",
    "video": "MiniMax-Hailuo-*",
    "music": "music-*",
}
PATHS = {
    "/v1/t2a_v2": "speech",
    "/ws/v1/t2a_v2": "speech",
    "/v1/t2a_async_v2": "speech",
    "/v1/voice_clone": "speech",
    "/v1/voice_design": "speech",
    "/v1/image_generation": "image",
    "/v1/music_generation": "music",
    "/v1/lyrics_generation": "music",
    "/v1/video_generation": "video",
    "/v1/video_template_generation": "video",
    "/anthropic/v1/messages": "chat",
    "/v1/chat/completions": "chat",
    "/v1/text/chatcompletion_v2": "chat",
}


@dataclass
class Account:
    plan: str = ""  # a name of PLANS; empty: pay-as-you-go
    percent: int = 100  # of the plan's window that is left
    reported_percent: int | None = None  # what it says instead, as MiniMax is said to have done
    balance: Decimal | None = None  # what is left; none: BALANCE without what was charged

    @property
    def covers(self) -> tuple[str, ...]:
        return PLANS.get(self.plan, ())


@dataclass
class Keys:
    added: dict[str, Account] = field(default_factory=dict, repr=False)
    paid_by_plan: set[str] = field(default_factory=set)  # trace ids

    def find(self, key: str) -> Account:
        """Raises RefusedError for a key that nobody knows."""
        if hmac.compare_digest(key.encode(), runtime.key.encode()):
            return OWN
        for known, account in self.added.items():
            if hmac.compare_digest(key.encode(), known.encode()):
                return account
        raise RefusedError(2049, "invalid api key")


OWN = Account()
keys = Keys()


def admit(account: Account, path: str, trace_id: str) -> None:
    """Let a request in that would cost something, or refuse it as MiniMax refuses a wallet."""
    modality = PATHS.get(path)
    if modality is None:
        return
    if account.plan:
        if modality not in account.covers:
            raise RefusedError(2061, "your current token plan not support model")
        if account.percent <= 0:
            raise RefusedError(2056, "usage limit exceeded")
        keys.paid_by_plan.add(trace_id)
    elif account.balance is not None and account.balance <= 0:
        raise RefusedError(1008, "insufficient balance")


def add(body: dict[str, Any]) -> None:
    """{"key", "plan", "percent", "reported_percent", "balance"}; a key that is known gets what is told anew."""
    key, plan = body.get("key"), body.get("plan", "")
    if not isinstance(key, str) or not key:
        raise invalid("key", "is required")
    if plan and plan not in PLANS:
        raise invalid("plan", f"must be one of {', '.join(PLANS)}")
    balance, reported = body.get("balance"), body.get("reported_percent")
    keys.added[key] = Account(
        plan=plan,
        percent=int(body.get("percent", 100)),
        reported_percent=None if reported is None else int(reported),
        balance=None if balance is None else Decimal(str(balance)),
    )

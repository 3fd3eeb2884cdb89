"""What an account has left: the windows of a Token Plan, the balance of a pay-as-you-go key. Both questions are free.

Neither address is in MiniMax's public index; its own command line asks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.minimax.client import MiniMaxClient

EXHAUSTED, UNLIMITED = 2, 3
EVERYTHING = frozenset({"", "*", "all", "general"})  # newer plans: one window for all models


@dataclass(frozen=True)
class PlanWindow:
    """How far one model's share of a Token Plan is used."""

    model: str
    percent: int | None  # of the running window that is left; None: unlimited, or not reported
    ends_at: datetime | None
    weekly_percent: int | None
    weekly_ends_at: datetime | None
    is_exhausted: bool

    def covers(self, model: str) -> bool:
        name, model = self.model.lower(), model.lower()
        if name in EVERYTHING or name == model:
            return True
        # "speech-hd" stands for every speech model of that quality, "MiniMax-M*" for all that begin so
        if name.endswith("*"):
            return model.startswith(name[:-1])
        parts = name.split("-")
        return len(parts) == 2 and parts[0] == "speech" and model.startswith("speech-") and model.endswith(parts[1])

    @property
    def left(self) -> int | None:
        """Percent of what is scarcer, the window or the week."""
        known = [percent for percent in (self.percent, self.weekly_percent) if percent is not None]
        return min(known) if known else None

    @property
    def blocked_until(self) -> datetime | None:
        """When an exhausted one begins anew."""
        if not self.is_exhausted:
            return None
        return self.weekly_ends_at if self.weekly_percent == 0 else self.ends_at


def read_plan(client: MiniMaxClient) -> list[dict[str, Any]]:
    """The rows as MiniMax sends them; `windows_of` reads them. Raises MiniMaxError."""
    rows = client.get("/v1/token_plan/remains", {}).get("model_remains")
    return [row for row in rows if isinstance(row, dict)][:200] if isinstance(rows, list) else []


def read_balance(client: MiniMaxClient) -> dict[str, str]:
    """Amounts as decimal strings, in US dollars. Raises MiniMaxError."""
    payload = client.get("/account/query_balance", {})
    return {
        name: str(value)[:40] for name, value in payload.items() if name.endswith(("_amount", "_balance")) and value
    }


def windows_of(rows: list[dict[str, Any]]) -> list[PlanWindow]:
    return [_window(row) for row in rows]


def _window(row: dict[str, Any]) -> PlanWindow:
    percent = _percent(row, "current_interval")
    weekly = _percent(row, "current_weekly")
    return PlanWindow(
        model=str(row.get("model_name") or ""),
        percent=percent,
        ends_at=_moment(row.get("end_time")),
        weekly_percent=weekly,
        weekly_ends_at=_moment(row.get("weekly_end_time")),
        is_exhausted=percent == 0 or weekly == 0,
    )


def _percent(row: dict[str, Any], window: str) -> int | None:
    status = row.get(f"{window}_status")
    if status == UNLIMITED:
        return None
    if status == EXHAUSTED:
        return 0
    percent = row.get(f"{window}_remaining_percent")
    return max(0, min(100, int(percent))) if isinstance(percent, int | float) else None


def _moment(milliseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def available_usd(balance: dict[str, Any]) -> Decimal | None:
    """What may still be spent. None: not reported."""
    try:
        amount = Decimal(str(balance["available_amount"]))
    except (KeyError, InvalidOperation):
        return None
    return amount if amount.is_finite() else None

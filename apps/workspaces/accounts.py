"""What the page shows of each connection: how its test went, and what its account has left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from apps.minimax.account import PlanWindow, available_usd, windows_of
from apps.workspaces.models import Connection, Membership, Wallet
from apps.workspaces.wallets import BALANCE_OVER, NOT_IN_PLAN, window_for


@dataclass(frozen=True)
class Refusal:
    """MiniMax has refused this wallet over money, and is believed for a while."""

    code: int
    model: str  # only for a model that the plan lacks
    at: datetime
    until: datetime
    is_disputed: bool  # it reports that something is left


@dataclass(frozen=True)
class Account:
    connection: Connection
    windows: list[PlanWindow]
    balance: list[tuple[str, str]]  # what it is, US dollars
    available: Decimal | None
    refusals: list[Refusal]

    @property
    def is_disputed(self) -> bool:
        return any(refusal.is_disputed for refusal in self.refusals)

    @property
    def is_plan(self) -> bool:
        return self.connection.wallet == Wallet.PLAN


def account_of(connection: Connection) -> Account:
    windows = windows_of(connection.account.get("plan") or [])
    balance = connection.account.get("balance") or {}
    available = available_usd(balance)
    return Account(
        connection,
        windows,
        [(name, balance[name]) for name in ("cash_balance", "voucher_balance", "credit_balance") if balance.get(name)],
        available,
        _refusals(connection, windows, available),
    )


def _refusals(connection: Connection, windows: list[PlanWindow], available: Decimal | None) -> list[Refusal]:
    now, found = timezone.now(), []
    for what, told in connection.refusals.items():
        code, _space, model = what.partition(" ")
        until = datetime.fromisoformat(told["until"])
        if until <= now:
            continue
        window = window_for(windows, model)
        is_left = available is not None and available > 0 if int(code) == BALANCE_OVER else _is_left(window)
        found.append(
            Refusal(
                int(code),
                model if int(code) == NOT_IN_PLAN else "",
                datetime.fromisoformat(told["at"]),
                until,
                is_left,
            )
        )
    return found


def _is_left(window: PlanWindow | None) -> bool:
    return window is not None and not window.is_exhausted


def kept_for(member: Membership) -> list[Account]:
    """The connection in use first, then its second wallet, then the others."""
    kept = list(Connection.every.kept().visible_to(member).order_by("-is_active", "pk"))
    place = kept[0].place if kept and kept[0].is_active else None
    return [account_of(each) for each in sorted(kept, key=lambda each: (not each.is_active, each.place != place))]

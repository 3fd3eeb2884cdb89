"""Which of a workspace's keys pays for a request, and why.

The keys of the place in use are its wallets: MiniMax's balance, and a Token Plan. A key of another place, above all of
the other region, is never among them: it would be refused there, and its voices and files are not these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.minimax.account import PlanWindow, available_usd, windows_of
from apps.minimax.errors import BalanceError, MiniMaxError, QuotaError
from apps.workspaces.models import Connection, ConnectionKind, Wallet, WalletOrder, Workspace

MODALITIES = {
    "chat": gettext_lazy("Chat"),
    "speech": gettext_lazy("Speech and voices"),
    "image": gettext_lazy("Images"),
    "music": gettext_lazy("Music"),
    "video": gettext_lazy("Video"),
}
_MODALITY_OF = {"image": "image", "music": "music", "lyrics": "music", "video": "video", "agent": "video"}
NOT_IN_PLAN, WINDOW_OVER, BALANCE_OVER = 2061, 2056, 1008
SHUT_FOR = {  # how long a refusal is believed where no window says when it ends
    NOT_IN_PLAN: timedelta(hours=24),
    WINDOW_OVER: timedelta(minutes=30),
    BALANCE_OVER: timedelta(minutes=30),
}
ORDERS = {
    WalletOrder.PLAN_FIRST: (Wallet.PLAN, Wallet.BALANCE),
    WalletOrder.BALANCE_FIRST: (Wallet.BALANCE, Wallet.PLAN),
    WalletOrder.ONLY_PLAN: (Wallet.PLAN,),
    WalletOrder.ONLY_BALANCE: (Wallet.BALANCE,),
}


def modality_of(kind: str) -> str:
    """The modality of a kind of job or asset; what is spoken, in whatever way, is speech."""
    return kind if kind in MODALITIES else _MODALITY_OF.get(kind, "speech")


@dataclass(frozen=True)
class State:
    """Whether one wallet can pay for a model now."""

    is_open: bool
    why: str = ""  # not_in_plan, window_over, balance_over
    until: datetime | None = None
    left: int | None = None  # percent of a plan's window
    is_disputed: bool = False  # MiniMax refuses while it reports that something is left


@dataclass(frozen=True)
class Route:
    """The key that a request goes with, and why this one."""

    connection: Connection
    reason: str  # only, order, covered, not_in_plan, window_over, balance_over, held_back
    left: int | None = None
    until: datetime | None = None
    held_back: str = ""  # why the wallet is shut that is used all the same

    @property
    def is_covered(self) -> bool:
        """Whether a plan's window pays for it, so that no money goes."""
        return self.connection.wallet == Wallet.PLAN and self.reason != "held_back"

    @property
    def is_free(self) -> bool:
        return self.connection.is_sandbox or self.is_covered

    def as_dict(self) -> dict[str, Any]:
        """What the row of a job, take or reply keeps; `explain` reads it."""
        facts = {
            "wallet": self.connection.wallet,
            "connection": str(self.connection.label),
            "pk": self.connection.pk,
            "reason": self.reason,
            "left": self.left,
            "until": self.until.isoformat() if self.until else None,
            "held_back": self.held_back,
            "covered": self.is_covered,
        }
        return {name: value for name, value in facts.items() if value not in (None, "", False)}


def explain(route: Mapping[str, Any]) -> str:
    """Why a request goes, or went, with this key: one sentence. `route`: as `Route.as_dict`."""
    if not route:
        return ""
    name = Wallet(route["wallet"]).label
    facts = {"wallet": name, "left": route.get("left"), "until": _time(route.get("until"))}
    match route["reason"]:
        case "covered":
            if facts["left"] is None:
                return _("Token Plan: it comes first. How much of its window is left was not reported.")
            return _("Token Plan: it includes this model, and %(left)s %% of its window are left.") % facts
        case "order":
            return _("%(wallet)s: the workspace has set it so.") % facts
        case "not_in_plan":
            return _("Pay-as-you-go: the Token Plan does not include this model.")
        case "window_over":
            if facts["until"]:
                return _("Pay-as-you-go: the window of the Token Plan is used up until %(until)s.") % facts
            return _("Pay-as-you-go: the window of the Token Plan is used up.")
        case "balance_over":
            return _("Token Plan: the account has no balance left.")
        case "held_back":
            return f"{name}: {_WHY_HELD[route.get('held_back', '')]}"
    return _("%(wallet)s: the only key in use.") % facts


_WHY_HELD = {
    "": gettext_lazy("the workspace has set it so."),
    "not_in_plan": gettext_lazy(
        "it does not include this model, and the workspace does not let the other key step in. MiniMax may refuse."
    ),
    "window_over": gettext_lazy(
        "its window is used up, and the workspace does not let the other key step in. "
        "MiniMax may refuse, or take credits."
    ),
    "balance_over": gettext_lazy(
        "the account has no balance left, and the workspace does not let the other key step in. MiniMax may refuse."
    ),
}


def _time(iso: Any) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(iso)), "SHORT_DATETIME_FORMAT") if iso else ""


# --- what each wallet can -------------------------------------------------------------------------------------------


def state_of(connection: Connection, model: str, now: datetime) -> State:
    return _plan_state(connection, model, now) if connection.wallet == Wallet.PLAN else _balance_state(connection, now)


def _plan_state(connection: Connection, model: str, now: datetime) -> State:
    windows = windows_of(connection.account.get("plan") or [])
    window = window_for(windows, model)
    left = window.left if window else None
    has_left = window is not None and not window.is_exhausted
    if until := _refused(connection, f"{NOT_IN_PLAN} {model}", now):
        return State(False, "not_in_plan", until, left, is_disputed=has_left)
    if windows and window is None and model:
        return State(False, "not_in_plan")
    if until := _refused(connection, str(WINDOW_OVER), now):
        return State(False, "window_over", until, left, is_disputed=has_left)
    if window and window.is_exhausted and (window.blocked_until is None or window.blocked_until > now):
        return State(False, "window_over", window.blocked_until, 0)
    # what was reported of a window that has ended since says nothing about the next one
    is_stale = window is not None and window.ends_at is not None and window.ends_at <= now
    return State(True, left=None if is_stale else left)


def _balance_state(connection: Connection, now: datetime) -> State:
    available = available_usd(connection.account.get("balance") or {})
    if until := _refused(connection, str(BALANCE_OVER), now):
        return State(False, "balance_over", until, is_disputed=available is not None and available > 0)
    if available is not None and available <= 0:
        return State(False, "balance_over")
    return State(True)


def window_for(windows: Sequence[PlanWindow], model: str) -> PlanWindow | None:
    """The window that a model is counted in; without a model, the scarcest."""
    found = [window for window in windows if not model or window.covers(model)]
    exact = [window for window in found if window.model.lower() == model.lower()]
    return min(exact or found, key=lambda window: 101 if window.left is None else window.left, default=None)


def _refused(connection: Connection, what: str, now: datetime) -> datetime | None:
    """Until when a refusal is believed; None: there was none, or it is over."""
    known = connection.refusals.get(what)
    until = datetime.fromisoformat(known["until"]) if known else None
    return until if until and until > now else None


# --- the choice -----------------------------------------------------------------------------------------------------


def choose(
    wallets: Sequence[Connection], model: str, *, order: str, may_fail_over: bool, now: datetime | None = None
) -> Route:
    """Choose among the keys of one place. `wallets` is not empty, and the one in use comes first."""
    now = now or timezone.now()
    first_in_use = wallets[0]
    if first_in_use.kind == ConnectionKind.SANDBOX or len(wallets) == 1:
        return _alone(first_in_use, model, now)
    kinds = ORDERS[WalletOrder(order)]
    ordered = [wallet for kind in kinds for wallet in wallets if wallet.wallet == kind]
    if not ordered:  # the order names a wallet that is not there
        return _alone(first_in_use, model, now)
    first = ordered[0]
    state = state_of(first, model, now)
    if state.is_open:
        is_plan_first = first.wallet == Wallet.PLAN and order == WalletOrder.PLAN_FIRST
        return Route(first, "covered" if is_plan_first else "order", state.left)
    # That a plan does not list a model is no refusal: everything else is what the other key is there for.
    is_by_scope = state.why == "not_in_plan" and f"{NOT_IN_PLAN} {model}" not in first.refusals
    for other in ordered[1:]:
        if (is_by_scope or may_fail_over) and state_of(other, model, now).is_open:
            return Route(other, state.why, until=state.until)
    return Route(first, "held_back", state.left, state.until, state.why)


def _alone(connection: Connection, model: str, now: datetime) -> Route:
    if connection.kind == ConnectionKind.SANDBOX:
        return Route(connection, "only")
    state = state_of(connection, model, now)
    if connection.wallet == Wallet.PLAN and not state.is_open:
        return Route(connection, "held_back", state.left, state.until, state.why)
    return Route(connection, "only", state.left)


def wallets_of(workspace_id: int) -> list[Connection]:
    """The keys of the place in use, the one in use first. One query; none without a connection."""
    kept = Connection.every.kept().filter(workspace_id=workspace_id).select_related("workspace")
    found = list(kept.order_by("-is_active", "pk"))
    if not found or not found[0].is_active:
        return []
    return [connection for connection in found if connection.place == found[0].place]


def route(workspace_id: int, modality: str, model: str = "") -> Route | None:
    """Where a request of this modality goes. None: the workspace has no connection."""
    wallets = wallets_of(workspace_id)
    if not wallets:
        return None
    workspace = wallets[0].workspace
    order = workspace.wallet_order.get(modality, WalletOrder.PLAN_FIRST)
    return choose(wallets, model, order=order, may_fail_over=workspace.may_fail_over)


# For the statements that begin a turn or a take: everything that decides is read at once there. The join is on `m`, a
# membership; whoever selects these columns gives them to `single`.
_TABLE = Connection._meta.db_table
SINGLE_COLUMNS = f"""c.id, c.kind, c.wallet, c.key_sealed, c.key_last4, c.base_url,
        (SELECT COUNT(*) FROM {_TABLE} w WHERE w.workspace_id = m.workspace_id AND w.retired_at IS NULL)"""  # noqa: S608
SINGLE_JOIN = f"LEFT JOIN {_TABLE} c ON c.workspace_id = m.workspace_id AND c.is_active"
SINGLE_COUNT = 7  # columns


def single(columns: Sequence[Any]) -> Route | None:
    """The route where there is nothing to choose. None: `route` has to be asked."""
    pk, kind, wallet, key_sealed, key_last4, base_url, count = columns
    if pk is None or count != 1 or wallet != Wallet.BALANCE:
        return None
    return Route(
        Connection(pk=pk, kind=kind, wallet=wallet, key_sealed=key_sealed, key_last4=key_last4, base_url=base_url),
        "only",
    )


# --- refusals -------------------------------------------------------------------------------------------------------


def note_refusal(connection_id: int | None, error: MiniMaxError, model: str = "") -> None:
    """Remember that MiniMax refused a wallet over money, until its window ends or a while has gone."""
    code = _code_of(error)
    if code is None or connection_id is None:
        return
    connection = Connection.every.filter(pk=connection_id).first()
    if connection is None:
        return
    now = timezone.now()
    until = now + SHUT_FOR[code]
    if code == WINDOW_OVER:
        window = window_for(windows_of(connection.account.get("plan") or []), model)
        ends_at = window.ends_at if window else None
        until = ends_at if ends_at and ends_at > now else until
    what = f"{code} {model}" if code == NOT_IN_PLAN else str(code)
    known = {name: each for name, each in connection.refusals.items() if datetime.fromisoformat(each["until"]) > now}
    refusals = known | {what: {"at": now.isoformat(), "until": until.isoformat()}}
    Connection.every.filter(pk=connection.pk).update(refusals=refusals)


def _code_of(error: MiniMaxError) -> int | None:
    if isinstance(error, BalanceError):
        return BALANCE_OVER
    if isinstance(error, QuotaError):
        return NOT_IN_PLAN if error.code == NOT_IN_PLAN else WINDOW_OVER
    return None


def fail_over(workspace_id: int, connection_id: int | None, modality: str, model: str) -> Route | None:
    """The other wallet for what MiniMax has just refused over money (`note_refusal` was told). None: there is none, or
    the workspace does not allow it."""
    found = route(workspace_id, modality, model)
    if found is None or found.connection.pk == connection_id or not found.connection.workspace.may_fail_over:
        return None
    return found if state_of(found.connection, model, timezone.now()).is_open else None


def allow(workspace: Workspace, *, may_fail_over: bool, orders: Mapping[str, str]) -> None:
    workspace.may_fail_over = may_fail_over
    workspace.wallet_order = {name: order for name, order in orders.items() if order != WalletOrder.PLAN_FIRST}
    workspace.save(update_fields=["may_fail_over", "wallet_order"])

"""Where a workspace's requests go: the sandbox, MiniMax in one of its two regions, or an address of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.minimax.account import read_balance, read_plan
from apps.minimax.check import check_endpoint, check_key
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import HOSTS, Endpoint
from apps.minimax.errors import AuthenticationError, MiniMaxError
from apps.workspaces.audit import record
from apps.workspaces.happenings import announce
from apps.workspaces.models import Connection, ConnectionKind, ConnectionStatus, Membership, Wallet, Workspace
from apps.workspaces.news import Kind, managers, tell
from apps.workspaces.outbound import AddressRefusedError, check_address, check_base_address, may_follow, resolve
from apps.workspaces.sealing import SealBrokenError, seal, unseal

ACCOUNT_S = 10.0  # how long MiniMax may be silent about an account


class NoConnectionError(Exception):
    """The workspace cannot send anything. `str(error)` says why and may be shown to its members."""


@dataclass(frozen=True)
class Situation:
    """What decides about a composer: where the workspace sends its requests, and whether that costs anything."""

    kind: str  # of the connection; empty: none

    @property
    def is_free(self) -> bool:
        return self.kind == ConnectionKind.SANDBOX

    @property
    def is_mainland(self) -> bool:
        return self.kind == ConnectionKind.MAINLAND


def situation_of(member: Membership) -> Situation:
    kind = Connection.objects.filter(workspace=member.workspace).values_list("kind", flat=True).first()
    return Situation(kind or "")


def explain(error: MiniMaxError) -> str:
    """Say in the person's language what happened and what to do next."""
    return f"{error.sentence_in(_)} {_(error.next_step)}".strip()


# The sealed key is part of what is looked up, so a changed key is never answered from the cache.
unseal_known = lru_cache(maxsize=256)(unseal)


def endpoint_for(workspace: Workspace | int) -> Endpoint:
    """Return where to send the workspace's requests, with its key. One query. Raises NoConnectionError."""
    pk = workspace if isinstance(workspace, int) else workspace.pk
    connection = Connection.objects.filter(workspace_id=pk).only("kind", "key_sealed", "base_url").first()
    if connection is None:
        raise NoConnectionError(_("This workspace has no connection yet. Choose one under Team, Connection."))
    return open_endpoint(connection)


def open_endpoint(connection: Connection) -> Endpoint:
    """Unseal the key of one connection. Raises NoConnectionError."""
    if connection.kind == ConnectionKind.SANDBOX:
        if not settings.SANDBOX_URL:
            raise NoConnectionError(_("This workspace uses the sandbox, and none is running here."))
        return Endpoint(settings.SANDBOX_URL, settings.SANDBOX_KEY)
    if connection.kind == ConnectionKind.CUSTOM:
        try:
            check_address(connection.base_url)
        except AddressRefusedError as exc:
            raise NoConnectionError(str(exc)) from exc
        base_url = connection.base_url
    else:
        base_url = HOSTS[connection.kind]
    is_custom = connection.kind == ConnectionKind.CUSTOM
    try:
        guards = (may_follow, resolve) if is_custom else (None, None)
        return Endpoint(base_url, unseal_known(connection.key_sealed), *guards)
    except SealBrokenError as exc:
        raise NoConnectionError(_("This server cannot read the key any more. Enter it again.")) from exc


@dataclass(frozen=True)
class Choice:
    """A connection that is not yet anybody's."""

    kind: ConnectionKind = ConnectionKind.SANDBOX
    api_key: str = field(default="", repr=False)
    base_url: str = ""
    is_tried: bool = False
    wallet: Wallet = Wallet.BALANCE


class OtherRegionError(Exception):
    """The key works, but not where it was said to. `str(error)` is for the person."""


def other_region(works: str, asked: str) -> str:
    """The sentence for a key that was entered for one region and is known to the other."""
    return _("This key belongs to the other region: it works with %(works)s, not with %(asked)s.") % {
        "works": ConnectionKind(works).label,
        "asked": ConnectionKind(asked).label,
    }


def try_key(api_key: str, *, region: str = "", wallet: str = "") -> Choice:
    """Try the key on both regions, free of charge, and return the one that takes it.

    region, wallet: what the person says it is; empty: it is found out. Raises OtherRegionError, MiniMaxError.
    """
    answer = check_key(api_key)
    if answer.region is None:
        raise answer.error or AuthenticationError(_("MiniMax does not know this key."))
    if region and region != answer.region:
        raise OtherRegionError(other_region(answer.region, region))
    endpoint = Endpoint(HOSTS[answer.region], api_key)
    return Choice(
        ConnectionKind(answer.region),
        api_key,
        is_tried=True,
        wallet=Wallet(wallet) if wallet else wallet_of(endpoint),
    )


def wallet_of(endpoint: Endpoint) -> Wallet:
    """By how the key begins, as MiniMax's own command line tells them apart; an older one is asked for its plan."""
    if endpoint.api_key.startswith("sk-api-"):
        return Wallet.BALANCE
    if endpoint.api_key.startswith("sk-cp-"):
        return Wallet.PLAN
    try:
        with MiniMaxClient(endpoint, read_s=ACCOUNT_S) as client:
            return Wallet.PLAN if read_plan(client) else Wallet.BALANCE
    except MiniMaxError:
        return Wallet.BALANCE


def try_address(base_url: str, api_key: str, *, wallet: str = "") -> Choice:
    """Make a free call to an address of the person's own. Raises AddressRefusedError, MiniMaxError."""
    base_url = base_url.rstrip("/")
    check_base_address(base_url)
    check_endpoint(Endpoint(base_url, api_key, may_follow, resolve))
    return Choice(ConnectionKind.CUSTOM, api_key, base_url, is_tried=True, wallet=Wallet(wallet or Wallet.BALANCE))


def try_sandbox() -> Choice:
    """Call the sandbox. One that is still starting can be chosen too."""
    try:
        check_endpoint(Endpoint(settings.SANDBOX_URL, settings.SANDBOX_KEY))
    except MiniMaxError:
        return Choice()
    return Choice(is_tried=True)


def choose(what: str, api_key: str = "", base_url: str = "", *, region: str = "", wallet: str = "") -> Choice:
    """Return what "sandbox", "key" or "custom" of the form stands for.

    Raises MiniMaxError, OtherRegionError, AddressRefusedError.
    """
    if what == "sandbox":
        return try_sandbox()
    if what == "key":
        return try_key(api_key, region=region, wallet=wallet)
    return try_address(base_url, api_key, wallet=wallet)


def connect(member: Membership, choice: Choice, request: HttpRequest | None = None) -> Connection:
    """Keep this connection. It is used from now on, unless it is a second wallet of the place that is in use.

    Another key of the same place and wallet is retired: what is running still has it, nothing new is sent with it.
    """
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=member.workspace_id)
        active = Connection.objects.filter(workspace=member.workspace).first()
        _retire(member.workspace, choice)
        place = (choice.kind, choice.base_url)
        is_second = active is not None and active.place == place and active.wallet != choice.wallet
        if not is_second:
            Connection.objects.filter(workspace=member.workspace).update(is_active=False)
        connection = Connection.every.create(workspace=member.workspace, is_active=not is_second, **_facts(choice))
        record(member, "connection.changed", subject=connection.label, request=request)
    return connection


def _facts(choice: Choice) -> dict[str, Any]:
    key = choice.api_key
    return {
        "kind": choice.kind,
        "wallet": choice.wallet,
        "key_sealed": seal(key) if key else "",
        "key_last4": key[-4:] if len(key) >= 16 else "",  # four of a short one would give too much away
        "base_url": choice.base_url,
        "status": ConnectionStatus.OK if choice.is_tried else ConnectionStatus.UNTESTED,
        "tested_at": timezone.now() if choice.is_tried else None,
    }


def _retire(workspace: Workspace, choice: Choice) -> None:
    same = Connection.every.kept().filter(
        workspace=workspace, kind=choice.kind, base_url=choice.base_url, wallet=choice.wallet
    )
    same.update(retired_at=timezone.now(), is_active=False)


def use(member: Membership, connection: Connection, request: HttpRequest | None = None) -> None:
    """Send everything new to this connection's place from now on."""
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=member.workspace_id)
        Connection.objects.filter(workspace=member.workspace).update(is_active=False)
        Connection.every.filter(pk=connection.pk, retired_at=None).update(is_active=True)
        record(member, "connection.used", subject=connection.label, request=request)


def remove(member: Membership, connection: Connection, request: HttpRequest | None = None) -> None:
    """Forget a key, at once. What is still running over it cannot be fetched any more.

    Where it was in use, the other wallet of its place is, or, without one, nothing until somebody chooses.
    """
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=member.workspace_id)
        record(member, "connection.removed", subject=connection.label, request=request)
        connection.delete()
        if connection.is_active:
            kept = Connection.every.kept().filter(
                workspace=member.workspace, kind=connection.kind, base_url=connection.base_url
            )
            successor = kept.order_by("pk").first()
            if successor:
                Connection.every.filter(pk=successor.pk).update(is_active=True)


def check(member: Membership, request: HttpRequest | None = None, pk: int | None = None) -> Connection | None:
    """Make one free call over a connection, the one in use unless `pk` names another, and keep the result on it."""
    found = Connection.every.kept().visible_to(member).select_related("workspace")
    connection = (found.filter(pk=pk) if pk else found.filter(is_active=True)).first()
    if connection is None:
        return None
    retest(connection)
    outcome = f"{connection.label}: {connection.get_status_display()}"
    record(member, "connection.tested", subject=outcome, request=request)
    return connection


def retest(connection: Connection) -> None:
    """Make one free call over it, and keep the outcome. A region's key that is refused is tried on the other."""
    try:
        endpoint = open_endpoint(connection)
        check_endpoint(endpoint)
    except AuthenticationError as exc:
        _note(connection, ConnectionStatus.FAILING, _refused_where(connection, endpoint) or explain(exc))
    except MiniMaxError as exc:
        _note(connection, ConnectionStatus.FAILING, explain(exc))
    except NoConnectionError as exc:
        _note(connection, ConnectionStatus.FAILING, str(exc))
    else:
        _note(connection, ConnectionStatus.OK, "")
        look_into_account(connection)


def _refused_where(connection: Connection, endpoint: Endpoint) -> str:
    """The precise sentence when the other region takes the key; empty otherwise."""
    others = [kind for kind in HOSTS if kind != connection.kind]
    if connection.kind not in HOSTS:
        return ""
    for kind in others:
        try:
            check_endpoint(Endpoint(HOSTS[kind], endpoint.api_key))
        except MiniMaxError:
            continue
        return other_region(kind, connection.kind)
    return ""


def look_into_account(connection: Connection) -> bool:
    """Ask what the plan or the balance has left, and keep the answer. False when MiniMax does not say."""
    try:
        with MiniMaxClient(open_endpoint(connection), read_s=ACCOUNT_S) as client:
            if connection.wallet == Wallet.PLAN:
                account: dict[str, Any] = {"plan": read_plan(client)}
            else:
                account = {"balance": read_balance(client)}
    except (MiniMaxError, NoConnectionError):
        return False
    connection.account, connection.account_at = account, timezone.now()
    Connection.every.filter(pk=connection.pk).update(account=account, account_at=connection.account_at)
    return True


def report_failure(workspace: Workspace | int, error: MiniMaxError, connection_id: int | None = None) -> None:
    """Note that a real request failed because of the connection itself: wrong key, no balance, plan used up."""
    pk = workspace if isinstance(workspace, int) else workspace.pk
    found = Connection.every.select_related("workspace").filter(workspace_id=pk)
    connection = (found.filter(pk=connection_id) if connection_id else found.filter(is_active=True)).first()
    if connection:
        _note(connection, ConnectionStatus.FAILING, explain(error))


def _note(connection: Connection, status: ConnectionStatus, text: str) -> None:
    """Keep the outcome; the people who can mend it hear about it once, when it starts to fail."""
    failed_before = connection.status == ConnectionStatus.FAILING
    connection.status, connection.status_text, connection.tested_at = status, text, timezone.now()
    # The row may have been given another key in the meantime: then this outcome says nothing about it.
    same = Connection.every.kept().filter(pk=connection.pk, key_sealed=connection.key_sealed, kind=connection.kind)
    noted = same.update(status=status, status_text=text, tested_at=connection.tested_at)
    if noted and status == ConnectionStatus.FAILING and not failed_before:
        workspace = connection.workspace
        tell(
            managers(workspace),
            workspace,
            format_lazy(
                gettext_lazy("The connection of {workspace} does not work: {reason}"),
                workspace=workspace.name,
                reason=text,
            ),
            reverse("workspaces:connection", args=[workspace.slug]),
            kind=Kind.CONNECTION,
        )
        announce(workspace.pk, "connection.failing", {"reason": text})

"""Where a workspace's requests go: the sandbox, MiniMax in one of its two regions, or an address of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.minimax.check import check_endpoint, check_key
from apps.minimax.connection import HOSTS, Endpoint
from apps.minimax.errors import AuthenticationError, MiniMaxError
from apps.workspaces.audit import record
from apps.workspaces.happenings import announce
from apps.workspaces.models import Connection, ConnectionKind, ConnectionStatus, Membership, Workspace
from apps.workspaces.news import Kind, managers, tell
from apps.workspaces.outbound import AddressRefusedError, check_address, check_base_address, may_follow, resolve
from apps.workspaces.sealing import SealBrokenError, seal, unseal


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


def try_key(api_key: str) -> Choice:
    """Try the key on both regions, free of charge, and return the one that takes it. Raises MiniMaxError."""
    answer = check_key(api_key)
    if answer.region is None:
        raise answer.error or AuthenticationError(_("MiniMax does not know this key."))
    return Choice(ConnectionKind(answer.region), api_key, is_tried=True)


def try_address(base_url: str, api_key: str) -> Choice:
    """Make a free call to an address of the person's own. Raises AddressRefusedError, MiniMaxError."""
    base_url = base_url.rstrip("/")
    check_base_address(base_url)
    check_endpoint(Endpoint(base_url, api_key, may_follow, resolve))
    return Choice(ConnectionKind.CUSTOM, api_key, base_url, is_tried=True)


def try_sandbox() -> Choice:
    """Call the sandbox. One that is still starting can be chosen too."""
    try:
        check_endpoint(Endpoint(settings.SANDBOX_URL, settings.SANDBOX_KEY))
    except MiniMaxError:
        return Choice()
    return Choice(is_tried=True)


def choose(what: str, api_key: str = "", base_url: str = "") -> Choice:
    """Return what "sandbox", "key" or "custom" of the form stands for. Raises MiniMaxError, AddressRefusedError."""
    if what == "sandbox":
        return try_sandbox()
    return try_key(api_key) if what == "key" else try_address(base_url, api_key)


def connect(member: Membership, choice: Choice, request: HttpRequest | None = None) -> Connection:
    """Give the member's workspace this connection in place of the one it had."""
    key = choice.api_key
    with transaction.atomic():
        connection, _created = Connection.objects.update_or_create(
            workspace=member.workspace,
            defaults={
                "kind": choice.kind,
                "key_sealed": seal(key) if key else "",
                "key_last4": key[-4:] if len(key) >= 16 else "",  # four of a short one would give too much away
                "base_url": choice.base_url,
                "status": ConnectionStatus.OK if choice.is_tried else ConnectionStatus.UNTESTED,
                "status_text": "",
                "tested_at": timezone.now() if choice.is_tried else None,
            },
        )
        record(member, "connection.changed", subject=connection.label, request=request)
    return connection


def check(member: Membership, request: HttpRequest | None = None) -> Connection | None:
    """Make one free call over the workspace's connection and keep the result on it. None: it has none."""
    connection = Connection.objects.visible_to(member).select_related("workspace").first()
    if connection is None:
        return None
    try:
        check_endpoint(open_endpoint(connection))
    except MiniMaxError as exc:
        _note(connection, ConnectionStatus.FAILING, explain(exc))
    except NoConnectionError as exc:
        _note(connection, ConnectionStatus.FAILING, str(exc))
    else:
        _note(connection, ConnectionStatus.OK, "")
    outcome = f"{connection.label}: {connection.get_status_display()}"
    record(member, "connection.tested", subject=outcome, request=request)
    return connection


def report_failure(workspace: Workspace | int, error: MiniMaxError) -> None:
    """Note that a real request failed because of the connection itself: wrong key, no balance, plan used up."""
    pk = workspace if isinstance(workspace, int) else workspace.pk
    connection = Connection.objects.select_related("workspace").filter(workspace_id=pk).first()
    if connection:
        _note(connection, ConnectionStatus.FAILING, explain(error))


def _note(connection: Connection, status: ConnectionStatus, text: str) -> None:
    """Keep the outcome; the people who can mend it hear about it once, when it starts to fail."""
    failed_before = connection.status == ConnectionStatus.FAILING
    connection.status, connection.status_text, connection.tested_at = status, text, timezone.now()
    # The row may have been given another key in the meantime: then this outcome says nothing about it.
    noted = Connection.objects.filter(pk=connection.pk, key_sealed=connection.key_sealed, kind=connection.kind).update(
        status=status, status_text=text, tested_at=connection.tested_at
    )
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

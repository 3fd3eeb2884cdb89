"""What a person can do with files at MiniMax. All of it is free of charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Protocol

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.files import tasks
from apps.files.account import account_of
from apps.files.listing import Row, as_row, look
from apps.files.models import Direction, KnownFile, Transfer, TransferStatus
from apps.files.purposes import CONTENT_TYPES, Purpose, kind_of, refusal, too_large
from apps.files.recognising import recognise
from apps.jobs.models import Job
from apps.library.models import Asset
from apps.library.tasks import local_copy, ring
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import InvalidRequestError, MiniMaxError
from apps.minimax.files import RemoteFile, delete_file, retrieve_file
from apps.workspaces import audit
from apps.workspaces.connections import NoConnectionError, endpoint_for, explain
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.storable import storable

BLOCK = 1 << 20  # bytes
DONE_SHOWN_FOR = timedelta(minutes=1)  # that a transfer stays on the page once it is over
FAILED_SHOWN_FOR = timedelta(hours=1)
LONGEST_NAME = 200


class RefusedError(Exception):
    """Nothing was sent; `str(error)` is a sentence for the person."""


class GoneError(RefusedError):
    """MiniMax does not have the file (any more)."""


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


# --- to MiniMax -------------------------------------------------------------------------------------------------------


def take_upload(member: Membership, stream: Readable, *, name: str, purpose: Purpose) -> Transfer:
    """Take what a person brings, look at it, and have it sent. Call it outside a transaction. Raises RefusedError.

    It is read block by block, and not to its end where it is too large.
    """
    transfer = _begin(member, Direction.UP, purpose.id, name)
    path = transfer.path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with path.open("wb") as target:
            while block := stream.read(BLOCK):
                transfer.bytes += len(block)
                if sentence := too_large(purpose, transfer.bytes):
                    raise RefusedError(sentence)
                target.write(block)
        _check(path, transfer, purpose)
        _set_off(transfer)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return transfer


def send_asset(member: Membership, asset: Asset, purpose: Purpose) -> Transfer:
    """Copy a file of the library to MiniMax. Raises RefusedError."""
    transfer = _begin(member, Direction.UP, purpose.id, f"{asset.title}{PurePath(asset.file_name).suffix}")
    transfer.asset, transfer.bytes = asset, asset.size
    if sentence := too_large(purpose, asset.size):
        raise RefusedError(sentence)
    with local_copy(asset.file) as path:
        _check(path, transfer, purpose)
    _set_off(transfer)
    return transfer


def _check(path: Path, transfer: Transfer, purpose: Purpose) -> None:
    """Raises RefusedError. The name it is sent under ends as what it is: MiniMax goes by that."""
    if not transfer.bytes:
        raise RefusedError(_("This file is empty."))
    found = recognise(path)
    if sentence := refusal(purpose, found, transfer.filename):
        raise RefusedError(sentence)
    format = kind_of(found, transfer.filename)
    transfer.content_type = CONTENT_TYPES[format]
    transfer.filename = f"{PurePath(transfer.filename).stem}.{format}"


# --- to the library ---------------------------------------------------------------------------------------------------


def copy_to_library(member: Membership, rows: Sequence[Row]) -> list[Transfer]:
    """Have files kept in the library. One that is on its way already is not fetched twice. Raises RefusedError."""
    begun: list[Transfer] = []
    for row in rows:
        under_way = Transfer.objects.visible_to(member).filter(
            direction=Direction.DOWN, file_id=row.file_id, status=TransferStatus.WAITING
        )
        if found := under_way.first():
            begun.append(found)
            continue
        transfer = _begin(member, Direction.DOWN, row.purpose.id, row.title)
        transfer.file_id, transfer.bytes = row.file_id, row.bytes
        _set_off(transfer)
        begun.append(transfer)
    return begun


# --- under way --------------------------------------------------------------------------------------------------------


def _begin(member: Membership, direction: str, purpose: str, name: str) -> Transfer:
    account = account_of(member.workspace)
    if account is None:
        raise RefusedError(_("This workspace has no connection yet. Choose one under Team, Connection."))
    return Transfer(
        workspace=member.workspace,
        created_by=member.user,
        connection=account.name,
        direction=direction,
        purpose=purpose,
        filename=clean_name(name),
    )


def _set_off(transfer: Transfer) -> None:
    with transaction.atomic():
        transfer.save(force_insert=True)
        transaction.on_commit(lambda: ring(tasks.carry, transfer.pk), robust=True)


def clean_name(name: str) -> str:
    """The last part of a name or a path, in one line and short, never empty."""
    shown = "".join(character for character in storable(name).replace("\\", "/") if character.isprintable())
    pure = PurePath(shown.rpartition("/")[2].strip() or "file")
    return f"{pure.stem[: LONGEST_NAME - 20]}{pure.suffix[:20]}"


def transfers_of(member: Membership) -> list[Transfer]:
    """What is under way in the workspace, and what ended a moment ago, newest first."""
    now = timezone.now()
    moving, done = Q(status=TransferStatus.WAITING), Q(status=TransferStatus.DONE)
    found = Transfer.objects.visible_to(member).filter(
        moving
        | done & Q(finished_at__gt=now - DONE_SHOWN_FOR)
        | Q(status=TransferStatus.FAILED, finished_at__gt=now - FAILED_SHOWN_FOR)
    )
    return list(found.select_related("created_by", "asset", "workspace").order_by("-id")[:50])


def cancel(transfer: Transfer) -> bool:
    """Stop it. False: it was over already. Whoever carries it notices within seconds."""
    is_ours = Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.WAITING).update(
        status=TransferStatus.CANCELLED, leased_until=None, finished_at=timezone.now()
    )
    if is_ours:
        transfer.path.unlink(missing_ok=True)
    return bool(is_ours)


def begin_again(transfer: Transfer) -> bool:
    """Another try of one that failed; its bytes are still here."""
    if not transfer.can_begin_again:
        return False
    is_ours = Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.FAILED).update(
        status=TransferStatus.WAITING, leased_until=None, finished_at=None, attempts=0, done_bytes=0, error=""
    )
    if is_ours:
        ring(tasks.carry, transfer.pk)
    return bool(is_ours)


# --- at MiniMax -------------------------------------------------------------------------------------------------------


def remember(
    workspace: Workspace,
    remote: RemoteFile,
    *,
    purpose: str = "",
    job: Job | None = None,
    member: Membership | None = None,
) -> KnownFile | None:
    """Write down that a file was uploaded for some work, so that the page can say what needs it."""
    account = account_of(workspace)
    if account is None:
        return None
    person = member.user if member else job.created_by if job else None
    file, _is_new = KnownFile.objects.update_or_create(
        workspace=workspace,
        connection=account.name,
        file_id=remote.file_id,
        defaults={
            "purpose": purpose or remote.purpose,
            "filename": clean_name(remote.filename) if remote.filename else "",
            "bytes": remote.bytes,
            "created_by": person,
            "job": job,
        },
    )
    return file


def forget(workspace: Workspace, file_id: str, *, connection: str = "", purpose: str = "") -> None:
    """It is no longer at MiniMax."""
    account = account_of(workspace)
    name = connection or (account.name if account else "")
    if name:
        KnownFile.objects.update_or_create(
            workspace=workspace,
            connection=name,
            file_id=file_id,
            defaults={"gone_at": timezone.now(), **({"purpose": purpose} if purpose else {})},
        )


def forget_known(member: Membership, file_id: str) -> None:
    """MiniMax does not have it. What nobody knew of needs no note: the next list leaves it out."""
    if (row := look(member, with_uses=False).find(file_id)) is not None:
        forget(member.workspace, file_id, purpose=row.purpose.id)


def known_name(member: Membership, file_id: str) -> str:
    """What a file is called, also when it is gone; empty: it was never known."""
    known = KnownFile.objects.visible_to(member).filter(file_id=file_id).order_by("-pk")
    return known.values_list("filename", flat=True).first() or ""


def find_file(member: Membership, client: MiniMaxClient, file_id: str) -> Row | None:
    """Ask MiniMax for one file. None: it is another workspace's. Raises GoneError, MiniMaxError."""
    account = account_of(member.workspace)
    if account is None:
        return None
    try:
        return as_row(member, account, retrieve_file(client, file_id))
    except InvalidRequestError as error:
        if error.code is None:  # an address without a MiniMax, not a file that is missing
            raise
        forget_known(member, file_id)
        raise GoneError(_("This file is no longer at MiniMax.")) from error


@dataclass
class Deleted:
    """What became of the files that were to be deleted."""

    done: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)  # they were not there any more
    kept: list[tuple[Row, str]] = field(default_factory=list)  # each with the reason


def delete(member: Membership, rows: Sequence[Row], *, request: HttpRequest | None = None) -> Deleted:
    """Delete files at MiniMax, one after the other. What fails is said and stays."""
    outcome = Deleted()
    try:
        endpoint = endpoint_for(member.workspace)
    except NoConnectionError as exc:
        outcome.kept = [(row, str(exc)) for row in rows]
        return outcome
    with MiniMaxClient(endpoint) as client:
        for row in rows:
            if not row.may_delete:
                outcome.kept.append((row, _("Only whoever brought it, an admin or the owner may delete it.")))
                continue
            try:
                is_there = _delete_one(client, row)
            except MiniMaxError as error:
                outcome.kept.append((row, explain(error)))
                continue
            forget(member.workspace, row.file_id, purpose=row.purpose.id)
            (outcome.done if is_there else outcome.gone).append(row)
    for row in outcome.done:
        audit.record(member, "file.deleted", subject=row.title, request=request)
    return outcome


def _delete_one(client: MiniMaxClient, row: Row) -> bool:
    """False: it was not there any more."""
    try:
        delete_file(client, row.file_id, row.purpose.id)
    except InvalidRequestError as refused:
        try:  # the same code means "no such file", "another purpose" and "not now": look
            remote = retrieve_file(client, row.file_id)
        except InvalidRequestError:
            return False
        if remote.purpose in ("", row.purpose.id):
            raise refused from None
        delete_file(client, row.file_id, remote.purpose)
    return True

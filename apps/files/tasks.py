"""Files on their way. The rows are the truth: a lost message costs the seconds until the next sweep."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from celery import shared_task
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.files.account import account_of
from apps.files.models import KnownFile, Transfer, TransferStatus
from apps.files.purposes import CONTENT_TYPES
from apps.files.recognising import recognise
from apps.library.models import Asset
from apps.library.services import keep
from apps.library.tasks import ring
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import MiniMaxError, OutcomeUnknownError
from apps.minimax.files import Purpose, RemoteFile, list_files, open_content, upload_file
from apps.workspaces.connections import NoConnectionError, endpoint_for, explain
from apps.workspaces.models import Membership

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)  # renewed while somebody is at it
LOOK_EVERY_S = 0.5
MAX_ATTEMPTS = 5
RETRY_AFTER_S = (5, 15, 30, 60)
RING_AFTER = timedelta(seconds=5)
AT_ONCE = 4
KEPT_FOR = timedelta(days=1)  # that the bytes of one that failed stay, to be sent again
LARGEST = 2 << 30  # bytes; a file that never ends must not fill the disk
KIND = "file"  # what such an asset is called in the library
EARLIER = timedelta(minutes=5)  # clocks differ


class StoppedError(Exception):
    """Somebody cancelled it, or another worker has taken it over."""


class LostError(Exception):
    """It cannot be done; the text is a sentence for the person."""


@shared_task
def carry(transfer_id: str) -> None:
    """Bring one file where it is to go, unless enough are under way: the worker has other things to do as well."""
    if Transfer.objects.filter(status=TransferStatus.WAITING, leased_until__gt=timezone.now()).count() >= AT_ONCE:
        return
    found = Transfer.objects.select_related("workspace", "created_by", "asset").filter(pk=transfer_id)
    if not Transfer.objects.claim(transfer_id, status=TransferStatus.WAITING, lease=LEASE):
        return
    transfer = found.get()
    with translation.override(transfer.created_by.language or settings.LANGUAGE_CODE):
        try:
            _carry(transfer)
        except StoppedError:
            return
        except MiniMaxError as error:
            if not _put_off(transfer, error):
                _fail(transfer, explain(error))
        except (LostError, NoConnectionError) as error:
            _fail(transfer, str(error))
    ring_due(1)


def _carry(transfer: Transfer) -> None:
    account = account_of(transfer.workspace_id)
    if account is None or account.name != transfer.connection:
        raise LostError(_("The workspace's connection was changed meanwhile."))
    if transfer.attempts > MAX_ATTEMPTS:
        raise LostError(_("It did not get through in several attempts."))
    with MiniMaxClient(endpoint_for(transfer.workspace_id)) as client:
        if transfer.is_up:
            _send(transfer, client)
        else:
            _fetch(transfer, client)


# --- to MiniMax -------------------------------------------------------------------------------------------------------


def _send(transfer: Transfer, client: MiniMaxClient) -> None:
    began = transfer.created_at - EARLIER
    remote = _find_arrived(transfer, client, began) if transfer.attempts > 1 else None
    if remote is None:
        try:
            with _source(transfer) as file, _watched(transfer) as watch:
                remote = upload_file(
                    client,
                    purpose=cast(Purpose, transfer.purpose),
                    filename=transfer.filename,
                    content=cast(BinaryIO, Counted(file, watch)),
                    content_type=transfer.content_type,
                )
        except OutcomeUnknownError:  # it may have arrived although nobody said so
            with suppress(MiniMaxError):
                remote = _find_arrived(transfer, client, began)
            if remote is None:
                raise
    with transaction.atomic():
        # Cancelled in the last moment it lies there all the same, and the list says so.
        _finish(transfer, TransferStatus.DONE, file_id=remote.file_id, done_bytes=transfer.bytes)
        KnownFile.objects.update_or_create(
            workspace=transfer.workspace,
            connection=transfer.connection,
            file_id=remote.file_id,
            defaults={
                "purpose": transfer.purpose,
                "filename": remote.filename or transfer.filename,
                "bytes": remote.bytes or transfer.bytes,
                "created_by": transfer.created_by,
                "asset": transfer.asset,
                "gone_at": None,
            },
        )
    transfer.path.unlink(missing_ok=True)


@contextmanager
def _source(transfer: Transfer) -> Iterator[BinaryIO]:
    """Raises LostError."""
    try:
        if transfer.asset is not None:
            with transfer.asset.file.open("rb") as file:
                yield cast(BinaryIO, file)
        else:
            with transfer.path.open("rb") as file:
                yield file
    except FileNotFoundError as exc:
        raise LostError(_("The file is not in the studio any more. Bring it again.")) from exc


def _find_arrived(transfer: Transfer, client: MiniMaxClient, began: datetime) -> RemoteFile | None:
    """A file of this name and length that came since then and that nobody knows: an earlier attempt brought it."""
    known = set(KnownFile.objects.filter(connection=transfer.connection).values_list("file_id", flat=True))
    for file in list_files(client, transfer.purpose):
        is_same = (file.filename, file.bytes) == (transfer.filename, transfer.bytes)
        if is_same and file.created_at >= began.timestamp() and file.file_id not in known:
            return file
    return None


class Counted:
    """A file that says how far it was read, and stops being read when nobody wants it any more."""

    def __init__(self, file: BinaryIO, watch: Watch) -> None:
        self.file, self.watch = file, watch

    def read(self, size: int = -1) -> bytes:
        self.watch.check()
        block = self.file.read(size)
        self.watch.done += len(block)
        return block

    def seek(self, offset: int, whence: int = 0) -> int:
        at = self.file.seek(offset, whence)
        self.watch.done = at
        return at

    def tell(self) -> int:
        return self.file.tell()

    def fileno(self) -> int:
        return self.file.fileno()

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(1 << 16):
            yield block


# --- to the library ---------------------------------------------------------------------------------------------------


def _fetch(transfer: Transfer, client: MiniMaxClient) -> None:
    target = transfer.path
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    asset = Asset.objects.filter(pk=transfer.pk).first()  # kept already, by a worker that then died
    if asset is None:
        with _watched(transfer) as watch:
            with open_content(client, transfer.file_id) as content, target.open("wb") as file:
                Transfer.objects.filter(pk=transfer.pk).update(bytes=content.size or transfer.bytes)
                for block in content.blocks:
                    watch.check()
                    watch.done += len(block)
                    if watch.done > LARGEST:
                        raise LostError(_("This file is larger than any that MiniMax keeps."))
                    file.write(block)
            asset = _keep(transfer, target)
    _finish(transfer, TransferStatus.DONE, asset=asset, done_bytes=asset.size, bytes=asset.size)
    KnownFile.objects.filter(
        workspace=transfer.workspace, connection=transfer.connection, file_id=transfer.file_id, asset=None
    ).update(asset=asset)


def _keep(transfer: Transfer, path: Path) -> Asset:
    name = PurePath(transfer.filename)
    found = recognise(path)
    suffix = found.format if found.format in CONTENT_TYPES else name.suffix.lower().removeprefix(".")
    if found.format == "video":
        suffix = "mp4"
    return keep(
        Membership(workspace=transfer.workspace, user=transfer.created_by),
        kind=KIND,
        title=name.stem,
        text="",
        source=path,
        filename=f"file.{suffix}" if suffix in CONTENT_TYPES else "file",
        content_type=CONTENT_TYPES.get(suffix, "application/octet-stream"),
        request={"file_id": transfer.file_id, "purpose": transfer.purpose},
        asset_id=transfer.pk,
        opens=True,
    )


# --- under way --------------------------------------------------------------------------------------------------------


class Watch:
    def __init__(self) -> None:
        self.done = 0  # bytes
        self.is_stopped = False

    def check(self) -> None:
        if self.is_stopped:
            raise StoppedError


@contextmanager
def _watched(transfer: Transfer) -> Iterator[Watch]:
    """While it is under way its row says how far it is, nobody else begins it, and a cancel is noticed."""
    watch, is_done = Watch(), threading.Event()

    def look() -> None:
        ours = Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.WAITING, attempts=transfer.attempts)
        while not is_done.wait(LOOK_EVERY_S):
            if not ours.update(done_bytes=watch.done, leased_until=timezone.now() + LEASE):
                watch.is_stopped = True
        connection.close()

    watcher = threading.Thread(target=look, name=f"transfer {transfer.pk}", daemon=True)
    watcher.start()
    try:
        yield watch
    finally:
        is_done.set()
        watcher.join()


def _put_off(transfer: Transfer, error: MiniMaxError) -> bool:
    """Wait for another try where MiniMax did nothing at all. False: it is not one of these, or was tried enough."""
    if not error.retryable or transfer.attempts > len(RETRY_AFTER_S):
        return False
    seconds = RETRY_AFTER_S[transfer.attempts - 1]
    Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.WAITING, attempts=transfer.attempts).update(
        leased_until=timezone.now() + timedelta(seconds=seconds),
        done_bytes=0,
        error=_("%(what)s It is tried again by itself.") % {"what": error.sentence_in(_)},
    )
    return True  # the sweep rings when that time has come


def _finish(transfer: Transfer, status: str, **changes: object) -> bool:
    ours = Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.WAITING, attempts=transfer.attempts)
    changes = {"error": "", "leased_until": None, "finished_at": timezone.now(), **changes}
    return bool(ours.update(status=status, **changes))


def _fail(transfer: Transfer, sentence: str) -> None:
    log.warning("transfer %s failed: %s", transfer.pk, sentence)
    _finish(transfer, TransferStatus.FAILED, error=sentence)


@shared_task
def sweep() -> None:
    """Ring again for what waited, what a dead worker left or nobody heard of; remove what lies there for nobody."""
    ring_due(AT_ONCE, before=timezone.now() - RING_AFTER)
    clear_spool()


def ring_due(most: int, *, before: datetime | None = None) -> None:
    due = Transfer.objects.filter(status=TransferStatus.WAITING, created_at__lt=before or timezone.now()).unclaimed()
    for pk in due.order_by("created_at").values_list("pk", flat=True)[:most]:
        ring(carry, pk)


def clear_spool() -> None:
    folder = Path(settings.SPOOL_ROOT) / "files"
    if not folder.is_dir():
        return
    limit = (timezone.now() - KEPT_FOR).timestamp()
    for path in folder.iterdir():
        with suppress(FileNotFoundError, ValueError):
            waiting = Transfer.objects.filter(pk=uuid.UUID(path.name), status=TransferStatus.WAITING)
            if path.stat().st_mtime < limit and not waiting.exists():
                path.unlink(missing_ok=True)

"""What lies at MiniMax: as it said when it was last asked, with what the studio knows of each file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.utils import timezone

from apps.files.account import Account, account_of
from apps.files.models import KnownFile, Listing
from apps.files.purposes import CONTENT_TYPES, LISTED, PURPOSES, Purpose, whole_size
from apps.files.uses import Use, find_uses
from apps.jobs.models import Job
from apps.minimax import catalogue
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import MiniMaxError
from apps.minimax.files import RemoteFile, list_files
from apps.workspaces.connections import NoConnectionError, endpoint_for, explain
from apps.workspaces.models import ConnectionKind, Membership
from apps.workspaces.storable import storable

STALE_AFTER = timedelta(seconds=60)
NO_LIST = 2013  # MiniMax's code where a purpose has no list after all; not every one is documented to have it
MOST_MADE = 500  # videos, the newest, which no list names


@dataclass
class Row:
    """One file at MiniMax."""

    file_id: str
    filename: str
    purpose: Purpose
    bytes: int  # 0: MiniMax does not say
    created_at: datetime | None
    known: KnownFile | None = None
    uses: list[Use] = field(default_factory=list)
    may_delete: bool = False

    @property
    def title(self) -> str:
        return self.filename or self.file_id

    @property
    def suffix(self) -> str:
        return PurePath(self.filename).suffix.lower().removeprefix(".")

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(self.suffix, "application/octet-stream")

    @property
    def medium(self) -> str:
        """ "audio", "video", "text" or what cannot be shown: "application"."""
        return self.content_type.partition("/")[0]

    @property
    def icon(self) -> str:
        if self.medium in ("audio", "video", "text"):
            return {"audio": "file-audio", "video": "file-video", "text": "file-text"}[self.medium]
        return "file-archive" if self.suffix in ("zip", "tar") else "file"


@dataclass(frozen=True)
class Gauge:
    used: int  # bytes
    total: int
    is_least: bool  # some files do not say how large they are, or were not asked for yet

    @property
    def percent(self) -> float:
        return min(100.0, 100 * self.used / self.total)

    @property
    def total_in_words(self) -> str:
        return whole_size(self.total)

    @property
    def is_tight(self) -> bool:
        return self.percent >= 90


@dataclass(frozen=True)
class Shelf:
    """Everything the page shows."""

    account: Account | None
    rows: list[Row]  # newest first
    gauge: Gauge
    fetched_at: datetime | None  # the oldest of what is shown; None: something was never asked for

    @property
    def is_stale(self) -> bool:
        return self.account is not None and (self.fetched_at is None or timezone.now() - self.fetched_at > STALE_AFTER)

    def find(self, file_id: str) -> Row | None:
        return next((row for row in self.rows if row.file_id == file_id), None)


def refresh(member: Membership) -> list[str]:
    """Ask MiniMax for its lists, all purposes at once. Blocks. Free. Returns sentences about what could not be had."""
    account = account_of(member.workspace)
    if account is None:
        return []
    try:
        endpoint = endpoint_for(member.workspace)
    except NoConnectionError as exc:
        return [str(exc)]
    now = timezone.now()
    with MiniMaxClient(endpoint) as client, ThreadPoolExecutor(len(LISTED)) as pool:
        asked = {purpose: pool.submit(list_files, client, purpose) for purpose in LISTED}
    said: list[str] = []
    for purpose, answer in asked.items():
        try:
            files = answer.result()
        except MiniMaxError as error:
            if error.code != NO_LIST:
                said.append(explain(error))
                continue
            files = None
        Listing.objects.update_or_create(
            workspace=member.workspace,
            connection=account.name,
            purpose=purpose,
            defaults={"fetched_at": now, "files": None if files is None else [_as_json(file) for file in files]},
        )
    return list(dict.fromkeys(said))


def look(member: Membership, *, with_uses: bool = True) -> Shelf:
    """What is known now, without asking MiniMax."""
    account = account_of(member.workspace)
    total = catalogue.files.total_bytes
    if account is None:
        return Shelf(None, [], Gauge(0, total, False), None)
    listings = Listing.objects.visible_to(member).filter(
        connection=account.name, purpose__in=LISTED, fetched_at__gte=account.changed_at
    )
    fetched = {listing.purpose: listing for listing in listings}
    known = {file.file_id: file for file in KnownFile.objects.visible_to(member).filter(connection=account.name)}
    rows: dict[str, Row] = {}
    used = 0
    for purpose, listing in fetched.items():
        for file in listing.files or []:
            ours = known.get(file["file_id"])
            if ours and ours.gone_at and ours.gone_at > listing.fetched_at:
                continue
            used += file["bytes"]
            rows[file["file_id"]] = _listed(file, PURPOSES[purpose], ours)
    for file_id, ours in known.items():
        if file_id in rows or ours.gone_at or ours.purpose not in PURPOSES:
            continue
        listed = fetched.get(ours.purpose)
        if listed and listed.files is not None and listed.fetched_at > ours.created_at:
            continue  # MiniMax was asked since, and did not name it
        used += ours.bytes
        rows[file_id] = Row(file_id, ours.filename, PURPOSES[ours.purpose], ours.bytes, ours.created_at, ours)
    for row in _made(member, account):
        ours = known.get(row.file_id)
        if row.file_id not in rows and not (ours and ours.gone_at):
            rows[row.file_id] = row
    for file_id in hidden_among(member, account, list(rows)):
        if file_id not in known:
            del rows[file_id]
    found = sorted(rows.values(), key=lambda row: row.created_at or datetime.min.replace(tzinfo=UTC), reverse=True)
    uses = find_uses(member, list(rows)) if with_uses else {}
    for row in found:
        row.uses = uses.get(row.file_id, [])
        row.may_delete = row.purpose.rules.delete and may_delete(member, row.known)
    is_least = len(fetched) < len(LISTED) or any(not row.bytes for row in found)
    oldest = min((one.fetched_at for one in fetched.values()), default=None) if len(fetched) == len(LISTED) else None
    return Shelf(account, found, Gauge(used, total, is_least), oldest)


def may_delete(member: Membership, known: KnownFile | None) -> bool:
    """What one brought oneself; what others brought only whoever manages the workspace."""
    is_own = known is not None and known.created_by_id is not None and known.created_by_id == member.user_id
    return member.may("manage") or (member.may("create") and is_own)


def hidden_among(member: Membership, account: Account, file_ids: Sequence[str]) -> set[str]:
    """Files of other workspaces of this studio. An account, the sandbox's above all, may serve several."""
    others = KnownFile.objects.filter(connection=account.name, file_id__in=file_ids)
    hidden = set(others.exclude(workspace=member.workspace).values_list("file_id", flat=True))
    jobs = Job.objects.filter(results__0__file_id__in=list(file_ids)).exclude(workspace=member.workspace)
    hidden |= {results[0]["file_id"] for results in jobs.values_list("results", flat=True)}
    return hidden - {row["file_id"] for row in _results_of(member, list(hidden))}


def as_row(member: Membership, account: Account, remote: RemoteFile) -> Row | None:
    """A file that MiniMax itself described. None: it belongs to another workspace, or to no purpose we know."""
    purpose = PURPOSES.get(remote.purpose)
    if purpose is None:
        return None
    ours = KnownFile.objects.visible_to(member).filter(connection=account.name, file_id=remote.file_id).first()
    if ours is None and hidden_among(member, account, [remote.file_id]):
        return None
    row = _listed(_as_json(remote), purpose, ours)
    row.uses = find_uses(member, [row.file_id]).get(row.file_id, [])
    row.may_delete = purpose.rules.delete and may_delete(member, ours)
    return row


def _results_of(member: Membership, file_ids: list[str]) -> Iterable[dict[str, Any]]:
    if not file_ids:
        return []
    mine = Job.objects.visible_to(member).filter(results__0__file_id__in=file_ids)
    return [results[0] for results in mine.values_list("results", flat=True)]


def _listed(file: dict[str, Any], purpose: Purpose, known: KnownFile | None) -> Row:
    return Row(file["file_id"], file["filename"], purpose, file["bytes"], _moment(file["created_at"]), known)


def _made(member: Membership, account: Account) -> Iterable[Row]:
    """Results that lie at MiniMax under a purpose that has no list."""
    kind = ConnectionKind(account.kind)
    jobs = Job.objects.visible_to(member).filter(connection_kind=kind, results__0__media="video").order_by("-id")
    for job in jobs.only("title", "results", "finished_at")[:MOST_MADE]:
        if file_id := job.results[0].get("file_id"):
            yield Row(file_id, f"{job.title}.mp4", PURPOSES["video_generation"], 0, job.finished_at)


def _as_json(file: RemoteFile) -> dict[str, Any]:
    return storable(
        {"file_id": file.file_id, "filename": file.filename, "bytes": file.bytes, "created_at": file.created_at}
    )


def _moment(seconds: int) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    return None

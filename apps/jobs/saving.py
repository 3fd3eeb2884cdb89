"""Everything MiniMax made is copied to our own storage and opened there, before a job may call itself done."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.jobs.kinds import Errand, Result, get_kind
from apps.jobs.media import media_type_of
from apps.jobs.models import Job
from apps.library.models import Asset, AssetStatus
from apps.library.services import keep
from apps.library.tasks import measure
from apps.minimax.errors import LinkEndedError, MiniMaxError
from apps.minimax.files import retrieve_file
from apps.workspaces.models import Membership

LARGEST_RESULT = 2 << 30  # bytes; a link that never ends must not fill the disk


class LostResultError(Exception):
    """A result can never be had again, e.g. its link ended before it was fetched."""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class NotYetSavedError(Exception):
    """A result could not be fetched this time."""


def asset_id(job: Job, index: int) -> uuid.UUID:
    """The id of the job's n-th asset: the same however often saving begins again.

    Made from the job's own id, which is a UUID v7, so that the library's order still is the order of time.
    """
    return uuid.UUID(int=(job.pk.int & ~0xFF) | ((job.pk.int + index + 1) & 0xFF))


def keep_results(job: Job, errand: Errand, *, renew: Callable[[], bool]) -> list[Asset]:
    """Copy every result of `job` into the library, soonest-expiring first, and open each one.

    Where the kind takes its results in by itself, the library gets nothing. `renew` keeps the lease while bytes
    arrive. Raises LostResultError, NotYetSavedError.
    """
    results = [Result(**result) for result in job.results]
    order = sorted(range(len(results)), key=lambda index: results[index].lifetime_s or 1 << 40)
    if take_in := get_kind(job.kind).take_in:
        for index in order:
            take_in(job, _bring(job, errand, index, results[index], renew), renew)
        return []
    assets = {index: _keep_one(job, errand, index, results[index], renew) for index in order}
    return [assets[index] for index in range(len(results))]


def _keep_one(job: Job, errand: Errand, index: int, result: Result, renew: Callable[[], bool]) -> Asset:
    pk = asset_id(job, index)
    source = errand.spool / result.path if result.path else None
    asset = None if source and source.exists() else Asset.objects.filter(pk=pk).first()
    if asset is None:
        source = source or _fetch(job, errand, index, result, renew)
        content_type, suffix = media_type_of(source, result.media)
        if not content_type:
            raise LostResultError(
                _("What MiniMax sent is not a file that can be opened."), next_step=_("Run it again.")
            )
        renew()
        asset = keep(
            Membership(workspace=job.workspace, user=job.created_by),
            kind=job.kind,
            title=job.title,
            text="\n\n".join(filter(None, (job.request.get("prompt"), job.request.get("lyrics")))) or job.title,
            source=source,
            filename=f"result{suffix}",
            content_type=content_type,
            request=job.request,
            model=job.model,
            trace_id=job.trace_id,
            cost_usd=None if job.cost_usd is None else job.cost_usd / len(job.results),
            usage=job.usage,
            asset_id=pk,
            opens=True,
        )
    elif asset.status == AssetStatus.SAVED:
        measure(str(asset.pk))
        asset.refresh_from_db()
    if asset.status == AssetStatus.SAVED:
        raise NotYetSavedError(_("it is still being opened"))
    if asset.status == AssetStatus.DAMAGED:
        raise LostResultError(
            _("MiniMax delivered a damaged file. It is kept in the library."), next_step=_("Run it again.")
        )
    return asset


def _bring(job: Job, errand: Errand, index: int, result: Result, renew: Callable[[], bool]) -> Path:
    """The result on our disk; what was fetched before a crash is used again."""
    if result.path:
        return errand.spool / result.path
    safe = errand.spool / f"{index}.safe"
    if not safe.exists():
        _fetch(job, errand, index, result, renew).rename(safe)
    return safe


def _fetch(job: Job, errand: Errand, index: int, result: Result, renew: Callable[[], bool]) -> Path:
    url = retrieve_file(errand.client, result.file_id).download_url if result.file_id else result.url
    errand.spool.mkdir(parents=True, exist_ok=True)
    target = errand.spool / f"{index}.fetched"
    try:
        errand.client.download_to(url, target, at_most=LARGEST_RESULT, on_bytes=renew)
    except LinkEndedError as error:
        if result.file_id:
            raise NotYetSavedError(error.sentence_in(_)) from error
        raise _lost(error) from error
    except MiniMaxError as error:
        ends = job.results_expire_at
        if ends and not result.file_id and timezone.now() > ends:
            raise _lost(error) from error
        raise NotYetSavedError(error.sentence_in(_)) from error
    return target


def _lost(error: MiniMaxError) -> LostResultError:
    return LostResultError(
        _("The link to the result ended before it could be fetched."),
        next_step=_("MiniMax's support may still have it: give them the trace id."),
    )

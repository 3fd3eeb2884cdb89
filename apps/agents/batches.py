"""What a person can do with batches: prepare one, see what it will cost, let it go, see how far it is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.feeding import spent
from apps.agents.forms import TemplateForm
from apps.agents.gallery import Template
from apps.agents.models import Batch, BatchRow, BatchStatus
from apps.agents.tables import Line, TableRefusedError, check_count
from apps.agents.tasks import feed_batch
from apps.jobs.models import MOVING, Job, Status
from apps.library.models import Asset
from apps.library.tasks import ring
from apps.workspaces.models import Membership

# --- prepared ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Brought:
    """A picture that was chosen or dropped for a batch."""

    id: str
    name: str  # of the file, or the title in the library


def lines_of(template: Template, pictures: Sequence[Brought], text: str, words: str) -> list[Line]:
    """The rows where no table was brought: one for each picture, or one for each line of `words`.

    Raises TableRefusedError.
    """
    if template.takes_media and pictures:
        return check_count([Line(each.id, text) for each in pictures])
    lines = [Line("", line) for line in (line.strip() for line in words.splitlines()) if line]
    if lines and template.takes_text and not template.needs_media:
        return check_count(lines)
    if template.takes_media:
        raise TableRefusedError(_("Bring pictures or a table first: each picture, or each row, becomes a film."))
    raise TableRefusedError(_("Write a line first, or bring a table: each line becomes a film."))


def prepare(
    member: Membership,
    template: Template,
    lines: Sequence[Line],
    pictures: Sequence[Brought],
    *,
    connection_kind: str,
    batch_id: uuid.UUID | None = None,
) -> Batch:
    """Store a draft with its rows and what is wrong with each. Nothing is sent.

    The same `batch_id` again, e.g. by a resent form, returns the first draft.
    """
    known = _assets_by_id(member, [*(line.picture for line in lines), *(each.id for each in pictures)])
    by_name = _names(pictures)
    rows = [
        _check(member, template, line, number, known, by_name, connection_kind)
        for number, line in enumerate(lines, start=1)
    ]
    with transaction.atomic():
        draft = {"workspace": member.workspace, "created_by": member.user, "template_id": template.id}
        if batch_id is None:
            batch, is_new = Batch.objects.create(**draft), True
        else:
            batch, is_new = Batch.objects.get_or_create(pk=batch_id, defaults=draft)
        if is_new:
            for row in rows:
                row.batch = batch
            BatchRow.objects.bulk_create(rows, batch_size=200)
    return batch


def _assets_by_id(member: Membership, given: Iterable[str]) -> dict[str, Asset]:
    ids = []
    for each in given:
        try:
            ids.append(uuid.UUID(each))
        except ValueError:
            continue
    found: dict[str, Asset] = {}
    unique = sorted(set(ids))
    for start in range(0, len(unique), 500):
        part = Asset.objects.visible_to(member).filter(pk__in=unique[start : start + 500])
        found |= {str(asset.pk): asset for asset in part}
    return found


def _names(pictures: Sequence[Brought]) -> dict[str, list[str]]:
    """By file name, with and without its suffix, which pictures are meant."""
    names: dict[str, list[str]] = {}
    for each in pictures:
        for name in {each.name.casefold(), PurePath(each.name).stem.casefold()}:
            if each.id not in names.setdefault(name, []):
                names[name].append(each.id)
    return names


def _check(
    member: Membership,
    template: Template,
    line: Line,
    number: int,
    known: Mapping[str, Asset],
    by_name: Mapping[str, Sequence[str]],
    connection_kind: str,
) -> BatchRow:
    problems = []
    picture = line.picture
    if picture and template.takes_media:
        picture, problem = _resolve(picture, known, by_name)
        problems += [problem] if problem else []
    form = TemplateForm(
        {"template_id": template.id, "picture": picture, "text": line.text},
        member=member,
        connection_kind=connection_kind,
        find=lambda pk: known.get(str(pk)),
    )
    if form.is_valid() and not problems:
        return BatchRow(number=number, request=form.cleaned_data)
    for name, errors in form.errors.items():
        if name != "picture" or not problems:  # one sentence about the picture is enough
            problems += [str(error) for error in errors]
    given = {"template_id": template.id, "picture": "", "text": line.text[:200], "subject": line.picture[:200]}
    return BatchRow(number=number, request=given, is_fine=False, problems=problems)


def _resolve(given: str, known: Mapping[str, Asset], by_name: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """The id that a cell means, and a sentence where it means none."""
    try:
        pk = str(uuid.UUID(given))
    except ValueError:
        pass
    else:
        return (pk, "") if pk in known else ("", _("No picture of the library has this id."))
    name = PurePath(given.replace("\\", "/")).name.casefold()
    meant = by_name.get(name) or by_name.get(PurePath(name).stem) or []
    if len(meant) > 1:
        return "", _("Several of the pictures are called “%(name)s”. Give one of them another name.") % {"name": given}
    if not meant:
        return "", _("No picture called “%(name)s” was brought along.") % {"name": given}
    return meant[0], ""


# --- let go --------------------------------------------------------------------------------------------------------


def start(batch: Batch, *, limit_usd: Decimal | None) -> bool:
    """Let a draft go, or what is left of a stopped batch. False if it runs already or is done."""
    going = {
        "status": BatchStatus.RUNNING,
        "limit_usd": limit_usd,
        "started_at": timezone.now(),
        "stop_reason": "",
    }
    waiting = Batch.objects.filter(pk=batch.pk, status__in=(BatchStatus.DRAFT, BatchStatus.STOPPED))
    started = bool(waiting.update(**going))
    if started:
        transaction.on_commit(lambda: ring(feed_batch, batch.pk), robust=True)
    return started


# --- how far it is -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """A batch in figures."""

    total: int  # rows that can be made
    faulty: int  # rows with problems
    made: int
    moving: int
    failed: int
    cancelled: int
    unsent: int
    at_minimax: int  # of those that move: cannot be called back
    spent: Decimal = field(default=Decimal(0))

    @property
    def over(self) -> int:
        return self.made + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        return round(100 * self.over / self.total) if self.total else 0


def tally(batch: Batch) -> Tally:
    fine = Q(is_fine=True)
    counts = batch.rows.aggregate(
        total=Count("pk", filter=fine),
        faulty=Count("pk", filter=~fine),
        made=Count("pk", filter=Q(job__status=Status.SUCCEEDED)),
        moving=Count("pk", filter=Q(job__status__in=MOVING)),
        failed=Count("pk", filter=Q(job__status=Status.FAILED)),
        cancelled=Count("pk", filter=Q(job__status=Status.CANCELLED)),
        unsent=Count("pk", filter=fine & Q(job=None)),
        at_minimax=Count("pk", filter=Q(job__status__in=[each for each in MOVING if each != Status.QUEUED])),
    )
    return Tally(**counts, spent=spent(Job.objects.filter(batch_row__batch=batch)))

"""Choosing a voice by ear: one line, many voices and models, each sound paid at most once, and a vote."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.library.models import Asset
from apps.library.names import voice_label
from apps.minimax import catalogue
from apps.voices.generation import VOICE_AUDITION, is_free, speech_price
from apps.voices.lifecycle import connection_of
from apps.voices.models import Audition, AuditionPart, AuditionVote, HouseVoice
from apps.voices.resolving import Spoken, VoiceGoneError, fee_at_use, names_own_voice, resolve_request
from apps.voices.services import RefusedError
from apps.workspaces import audit
from apps.workspaces.models import Membership, Workspace

SHOWN = 12  # auditions on the page
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Planned:
    """One voice with one model, and the job that says it: None where it has to be paid."""

    voice: str
    model: str
    spoken: Spoken
    sound: str  # the same words, voice and model on the same connection: the same sound
    attempt: int
    job: Job | None


@dataclass(frozen=True)
class Price:
    """US dollars; None where no price is published."""

    usd: Decimal | None
    fee_usd: Decimal  # part of it: voices that have not spoken for real before
    sounds: int  # that have to be made
    cached: int  # that are here already
    is_free: bool


# --- planning ---------------------------------------------------------------------------------------------------------


def plan(workspace: Workspace, line: str, pairs: Iterable[tuple[str, str]]) -> list[Planned]:
    """What it takes to hear the line from each (voice, model). Raises VoiceGoneError."""
    connection = connection_of(workspace)
    spoken: dict[str, Spoken] = {}
    planned = []
    for voice, model in pairs:
        if voice not in spoken:
            spoken[voice] = resolve_request(workspace, voice, [])
        sound = _sound(connection, line, spoken[voice], model)
        said = Job.objects.filter(workspace=workspace, kind=VOICE_AUDITION.name, request__sound=sound)
        jobs = list(said.order_by("-id"))
        latest = jobs[0] if jobs else None
        is_here = latest is not None and (latest.is_moving or _sound_of(latest) is not None)
        planned.append(Planned(voice, model, spoken[voice], sound, len(jobs), latest if is_here else None))
    return planned


def _sound(connection: str, line: str, spoken: Spoken, model: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr((connection, line, model, asdict(spoken)))))


def _sound_of(job: Job) -> Asset | None:
    return next((asset for asset in job.assets.all() if asset.trashed_at is None), None)


def price_of(workspace: Workspace, line: str, planned: Sequence[Planned]) -> Price:
    """What is here already costs nothing."""
    wanted = [part for part in planned if part.job is None]
    cached = len(planned) - len(wanted)
    if is_free(connection_of(workspace)):
        return Price(Decimal(0), Decimal(0), len(wanted), cached, is_free=True)
    heard = {voice for part in wanted for voice in _voices_in(part)}
    fee = fee_at_use(workspace, heard)
    prices = [speech_price(part.model, line) for part in wanted]
    known = [price for price in prices if price is not None]
    usd = sum(known, fee) if len(known) == len(prices) else None
    return Price(usd, fee, len(wanted), cached, is_free=False)


def _voices_in(part: Planned) -> Iterable[str]:
    yield part.voice
    yield from (each["voice_id"] for each in part.spoken.timbre_weights)


def pairs_of(voices: Sequence[str], models: Sequence[str]) -> list[tuple[str, str]]:
    return [(voice, model) for voice in voices for model in models]


# --- holding one ------------------------------------------------------------------------------------------------------


def hold(member: Membership, cleaned: Mapping[str, Any], *, click: str) -> Audition:
    """Have the line said. A second press of the same button finds the first audition. Raises RefusedError."""
    pk = uuid.uuid5(uuid.NAMESPACE_OID, f"{member.workspace_id}/audition/{click}")
    pairs = pairs_of(cleaned["voices"], cleaned["models"])
    places = random.sample(range(len(pairs)), len(pairs))  # nobody has to be unable to guess it
    with transaction.atomic():
        audition, is_new = Audition.objects.get_or_create(
            pk=pk,
            defaults={
                "workspace": member.workspace,
                "created_by": member.user,
                "line": cleaned["line"],
                "is_blind": cleaned["is_blind"],
            },
        )
        if not is_new:
            return audition
        for planned, place in zip(_plan(member.workspace, audition.line, pairs), places, strict=True):
            AuditionPart.objects.create(
                audition=audition,
                voice=planned.voice,
                name=voice_label(planned.voice)[:120],
                model=planned.model,
                place=place,
                job=planned.job or _submit(member, audition.line, planned),
            )
    return audition


def hold_again(member: Membership, audition: Audition) -> None:
    """Have said what could not be said. What is on its way or here already is not paid again. Raises RefusedError."""
    with transaction.atomic():
        missing = list(audition.parts.select_for_update().order_by("pk"))
        missing = [part for part in missing if not _is_here(part.job)]
        pairs = [(part.voice, part.model) for part in missing]
        for part, planned in zip(missing, _plan(member.workspace, audition.line, pairs), strict=True):
            job = planned.job or _submit(member, audition.line, planned)
            AuditionPart.objects.filter(pk=part.pk).update(job=job)


def price_again(audition: Audition) -> Price | None:
    """What `hold_again` costs; None: there is nothing to say again, or a voice is not there any more."""
    missing = [part for part in audition.parts.select_related("job") if not _is_here(part.job)]
    if not missing:
        return None
    try:
        planned = plan(audition.workspace, audition.line, [(part.voice, part.model) for part in missing])
    except VoiceGoneError:
        return None
    return price_of(audition.workspace, audition.line, planned)


def _is_here(job: Job | None) -> bool:
    return job is not None and (job.is_moving or _sound_of(job) is not None)


def _plan(workspace: Workspace, line: str, pairs: Iterable[tuple[str, str]]) -> list[Planned]:
    try:
        return plan(workspace, line, pairs)
    except VoiceGoneError as error:
        raise RefusedError(str(error)) from error


def _submit(member: Membership, line: str, planned: Planned) -> Job:
    """Two people who want the same sound at once press the same button: there is one job per sound and attempt."""
    request = {
        "text": line,
        "voice": planned.voice,
        "model": planned.model,
        "spoken": asdict(planned.spoken),
        "sound": planned.sound,
    }
    click = str(uuid.uuid5(uuid.UUID(planned.sound), f"{member.workspace_id}/{planned.attempt}"))
    return submit_job(member, VOICE_AUDITION, request, click=click)


# --- hearing and voting -----------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """One part as a person may see it."""

    part: AuditionPart
    letter: str  # what it is called while it is blind
    asset: Asset | None
    votes: int
    is_mine: bool  # the person's own vote
    leads: bool = False

    @property
    def job(self) -> Job | None:
        return self.part.job

    @property
    def is_moving(self) -> bool:
        return self.job is not None and self.job.is_moving


@dataclass
class Table:
    """An audition as one person sees it."""

    audition: Audition
    parts: list[Heard]
    is_hidden: bool  # who speaks is not told yet
    has_voted: bool
    votes: int
    models: list[str] = field(default_factory=list)

    @property
    def is_moving(self) -> bool:
        return any(heard.is_moving for heard in self.parts)

    @property
    def rows(self) -> list[tuple[str, list[Heard | None]]]:
        """By voice, a column for each model."""
        by_voice: dict[str, dict[str, Heard]] = {}
        for heard in self.parts:
            by_voice.setdefault(heard.part.voice, {})[heard.part.model] = heard
        return [
            (next(iter(said.values())).part.name, [said.get(model) for model in self.models])
            for said in by_voice.values()
        ]


def table_of(member: Membership, audition: Audition) -> Table:
    assets = Prefetch("job__assets", Asset.objects.filter(trashed_at=None))
    parts = list(audition.parts.select_related("job").prefetch_related(assets).order_by("pk"))
    votes = list(audition.votes.all())
    mine = next((vote.part_id for vote in votes if vote.person_id == member.user_id), None)
    is_hidden = audition.is_blind and mine is None
    if is_hidden:
        parts.sort(key=lambda part: part.place)
    counts = {part.pk: sum(vote.part_id == part.pk for vote in votes) for part in parts}
    most = max(counts.values(), default=0)
    return Table(
        audition=audition,
        parts=[
            Heard(
                part=part,
                letter=LETTERS[part.place % len(LETTERS)],
                asset=_sound_of(part.job) if part.job else None,
                votes=counts[part.pk],
                is_mine=part.pk == mine,
                leads=bool(most) and counts[part.pk] == most,
            )
            for part in parts
        ],
        is_hidden=is_hidden,
        has_voted=mine is not None,
        votes=len(votes),
        models=list(dict.fromkeys(part.model for part in parts)),
    )


def vote(member: Membership, audition: Audition, part: AuditionPart) -> None:
    """Each person has one vote. It may change, but not once a blind one has shown who spoke. Raises RefusedError."""
    with transaction.atomic():
        given = {"audition": audition, "person": member.user}
        found, is_new = AuditionVote.objects.get_or_create(**given, defaults={"part": part})
        if is_new or found.part_id == part.pk:
            return
        if audition.is_blind:
            raise RefusedError(_("You have voted, and seen who spoke: this vote stands."))
        AuditionVote.objects.filter(pk=found.pk).update(part=part, at=timezone.now())


def list_auditions(member: Membership) -> list[Audition]:
    """The latest, newest first."""
    found = Audition.objects.visible_to(member).select_related("created_by").prefetch_related("parts", "votes")
    return list(found.order_by("-created_at")[:SHOWN])


# --- the voice that the workspace begins with -------------------------------------------------------------------------


def begin_with(member: Membership, voice: str, model: str, *, request: HttpRequest | None = None) -> None:
    """From now on the speech page begins with this voice and model, for everybody in the workspace."""
    with transaction.atomic():
        HouseVoice.objects.update_or_create(
            workspace=member.workspace,
            defaults={"voice_id": voice, "model": model, "chosen_by": member.user, "at": timezone.now()},
        )
        audit.record(member, "voices.house_chosen", subject=voice_label(voice), request=request)


def begin_as_usual(member: Membership, *, request: HttpRequest | None = None) -> None:
    with transaction.atomic():
        if HouseVoice.objects.visible_to(member).delete()[0]:
            audit.record(member, "voices.house_dropped", request=request)


def house_of(workspace: Workspace) -> HouseVoice | None:
    """The voice that the workspace begins with, while it can speak."""
    found = HouseVoice.objects.filter(workspace=workspace).first()
    if found is None or found.model not in {model.id for model in catalogue.speech.current_models}:
        return None
    if names_own_voice(found.voice_id):
        try:
            resolve_request(workspace, found.voice_id, [])
        except VoiceGoneError:
            return None
    return found

"""What happens to a voice, whoever causes it: made, used, lost. Everything here is short, and harmless twice."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from apps.jobs import lifecycle as jobs
from apps.jobs.models import Job, Status
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.minimax.client import MiniMaxClient
from apps.minimax.voices import OwnVoiceKind, list_voices
from apps.usage import ledger
from apps.usage.models import Charged
from apps.voices.models import ALIAS, Origin, State, Voice, VoiceIdentity, VoiceUse, is_alias
from apps.workspaces.models import Connection, ConnectionKind, Workspace
from apps.workspaces.storable import storable

LIFETIMES = {
    Origin.CLONE: timedelta(hours=catalogue.speech.cloning.kept_unused_hours),
    Origin.DESIGN: timedelta(hours=catalogue.speech.design.kept_unused_hours),
}


def fee_for(origin: str) -> Decimal:
    """US dollars that a voice costs at its first synthesis, by how it was made."""
    if origin == Origin.CLONE:
        return catalogue.prices.voice_clone
    return catalogue.prices.voice_design if origin == Origin.DESIGN else Decimal(0)


MINIMAX_TYPES: dict[str, OwnVoiceKind] = {Origin.CLONE: "voice_cloning", Origin.DESIGN: "voice_generation"}


ORIGINS: dict[str, Origin] = {kind: Origin(origin) for origin, kind in MINIMAX_TYPES.items()}
MISSED_FOR = timedelta(minutes=10)
STRANGERS_KEPT_S = 7 * 24 * 3600


@dataclass(frozen=True)
class Stranger:
    """A voice of the account that nobody made here."""

    voice_id: str
    origin: Origin
    created: str  # yyyy-mm-dd or ""


def connection_name(connection: Connection | None) -> str:
    """Whose voices they are: those of the sandbox are not MiniMax's, nor those of one region the other's."""
    if connection is None:
        return ""
    return f"custom {connection.base_url}" if connection.kind == ConnectionKind.CUSTOM else str(connection.kind)


def connection_of(workspace: Workspace | int) -> str:
    pk = workspace if isinstance(workspace, int) else workspace.pk
    return connection_name(Connection.objects.filter(workspace_id=pk).only("kind", "base_url").first())


def fee_of(voice: Voice) -> Decimal:
    """US dollars that its first real synthesis costs; nothing on the sandbox, and where it was paid before."""
    if voice.state == State.KEPT or voice.connection == ConnectionKind.SANDBOX:
        return Decimal(0)
    return fee_for(voice.origin)


# --- made -------------------------------------------------------------------------------------------------------------


def find_unsure(voice: Voice, connection: str) -> VoiceIdentity | None:
    """An id that was asked for, and that MiniMax may have given the voice for all anybody knows."""
    since = timezone.now() - LIFETIMES[Origin(voice.origin)]
    unsure = voice.identities.filter(made_at=None, ended_at=None, connection=connection, asked_at__gt=since)
    return unsure.order_by("-asked_at").first()


def begin(voice: Voice, voice_id: str, connection: str, job: Job) -> tuple[VoiceIdentity | None, bool]:
    """Write down the id that is about to be asked for, and whether it may have been asked for before.

    None: the id is, or was, another voice's.
    """
    identity, is_new = VoiceIdentity.objects.get_or_create(
        connection=connection, voice_id=voice_id, defaults={"bearer": voice, "job": job}
    )
    is_ours = identity.voice_id == voice_id and identity.bearer_id == voice.pk and identity.ended_at is None
    return (identity, not is_new) if is_ours else (None, False)


def forget(identity: VoiceIdentity) -> None:
    """MiniMax certainly did not make it."""
    VoiceIdentity.objects.filter(pk=identity.pk, made_at=None).delete()


def record_made(identity: VoiceIdentity, at: datetime, *, voice_id: str = "") -> None:
    """The voice exists from `at` on, and its time runs. Consent that was withdrawn meanwhile ends it at once."""
    with transaction.atomic():
        voice = Voice.objects.select_for_update().get(pk=identity.bearer_id)
        VoiceIdentity.objects.filter(pk=identity.pk).update(made_at=at, voice_id=voice_id or identity.voice_id)
        identity.refresh_from_db()
        voice.identities.filter(ended_at=None).exclude(pk=identity.pk).update(ended_at=at, why="replaced")
        if voice.state == State.WITHDRAWN or (voice.consent and not voice.consent.is_valid):
            end(voice, State.WITHDRAWN)
            return
        Voice.objects.filter(pk=voice.pk).update(
            state=State.TEMPORARY,
            voice_id=identity.voice_id,
            connection=identity.connection,
            made_at=at,
            expires_at=at + LIFETIMES[Origin(voice.origin)],  # absolute time: summer time has no say in it
            kept_at=None,
            verified_at=None,
            fee_usd=None,
        )


# --- used -------------------------------------------------------------------------------------------------------------


def find_own(workspace: Workspace | int, voice_id: str) -> Voice | None:
    """The workspace's voice that an alias or MiniMax's id names, also an id of its past."""
    mine = Voice.objects.filter(workspace=workspace)
    if is_alias(voice_id):
        pk = as_uuid(voice_id.removeprefix(ALIAS))
        return mine.filter(pk=pk).first() if pk else None
    return mine.filter(identities__voice_id=voice_id).first() if voice_id else None


def as_uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def parts_of(voice: Voice) -> Iterator[str]:
    for part in voice.parameters.get("timbre_weights") or ():
        yield part["voice_id"]


def record_use(
    workspace: Workspace | int,
    voice_id: str,
    *,
    how: str,
    source: str,
    trace_id: str = "",
    at: datetime | None = None,
    asset: Asset | None = None,
    is_sure: bool = True,
) -> None:
    """A real synthesis with a voice, which keeps it. For what names no voice of the workspace nothing happens.

    voice_id: an alias or MiniMax's id. source: what used it, e.g. "take:<id>"; a second call changes nothing.
    is_sure: False where sound came but nobody knows whether MiniMax counts it; the countdown then goes on.
    """
    voice = find_own(workspace, voice_id)
    if voice is None:
        return
    at = at or timezone.now()
    known = {"how": how, "trace_id": storable(trace_id)[:64], "at": at}
    use, _is_new = VoiceUse.objects.get_or_create(voice=voice, source=source, defaults={**known, "asset": asset})
    if asset and use.asset_id is None:
        VoiceUse.objects.filter(pk=use.pk).update(asset=asset)
    for part in parts_of(voice):
        record_use(workspace, part, how=how, source=source, trace_id=trace_id, at=at, asset=asset, is_sure=is_sure)
    is_current = is_alias(voice_id) or voice_id == voice.voice_id
    if is_sure and is_current and voice.origin != Origin.MIX:
        _keep(voice, at, is_in_book=how == "keep")


def _keep(voice: Voice, at: datetime, *, is_in_book: bool) -> bool:
    """Its countdown is over; the fee goes into the book once. False: it was kept before, or is nobody's any more."""
    fee = fee_of(voice)
    with transaction.atomic():
        losing = Voice.objects.filter(pk=voice.pk, voice_id=voice.voice_id, state__in=(State.TEMPORARY, State.GONE))
        if not losing.update(state=State.KEPT, kept_at=at, fee_usd=fee, is_candidate=False):
            return False
        # One that our clock took for lost, and that MiniMax still has, goes on under the same id.
        voice.identities.filter(voice_id=voice.voice_id, why="expired").update(ended_at=None, why="")
        if not is_in_book:
            _enter_fee(voice, fee)
    return True


def _enter_fee(voice: Voice, fee: Decimal) -> None:
    kind = voice.connection.partition(" ")[0]
    identity = voice.identities.filter(voice_id=voice.voice_id, connection=voice.connection).first()
    ledger.record(
        f"voice:{identity.pk if identity else voice.pk}",
        workspace=voice.workspace,
        person=voice.created_by,
        kind=f"voice_{voice.origin}",
        model="",
        connection_kind=kind,
        estimate_usd=fee,
        actual_usd=fee,
        usage={"voices": 1},
        charged=Charged.NO if kind == ConnectionKind.SANDBOX else Charged.YES,
    )


# --- what MiniMax says ------------------------------------------------------------------------------------------------


def compare(workspace: Workspace, connection: str, client: MiniMaxClient) -> int:
    """Ask MiniMax which voices it lists, free of charge, and believe it. Returns how many turned out to be kept.

    A voice is listed once it has spoken for real, wherever that was; one that was listed and is no more was deleted
    there. What is listed and nobody here knows is remembered: `strangers_of`. Raises MiniMaxError.
    """
    answer = list_voices(client)
    listed = {found.voice_id for found in answer}
    mine = Voice.objects.filter(workspace=workspace, connection=connection).exclude(voice_id="")
    mine = mine.filter(state__in=(State.TEMPORARY, State.KEPT, State.GONE))
    now, noticed = timezone.now(), 0
    for voice in mine.select_related("workspace", "created_by", "keeping"):
        if voice.voice_id in listed:
            Voice.objects.filter(pk=voice.pk).update(verified_at=now, missed_at=None)
            noticed += notice(voice, now)
        elif voice.state == State.KEPT and voice.verified_at and any(found.kind == "system" for found in answer):
            miss(voice, now)
    known = VoiceIdentity.objects.filter(connection=connection, voice_id__in=listed)
    known_ids = set(known.values_list("voice_id", flat=True))  # also another workspace's
    strange = [
        Stranger(found.voice_id, ORIGINS[found.kind], found.created)
        for found in answer
        if found.kind in ORIGINS and found.voice_id not in known_ids and storable(found.voice_id) == found.voice_id
    ]
    cache.set(_strangers_key(workspace, connection), strange, STRANGERS_KEPT_S)
    return noticed


def miss(voice: Voice, now: datetime) -> None:
    """A list without it. One list may be wrong: it is given up when a later one says the same."""
    if voice.missed_at is None:
        Voice.objects.filter(pk=voice.pk, missed_at=None).update(missed_at=now)
    elif now - voice.missed_at >= MISSED_FOR:
        with transaction.atomic():
            kept = Voice.objects.filter(pk=voice.pk, voice_id=voice.voice_id, state=State.KEPT)
            if kept.update(state=State.GONE, verified_at=None):
                living = voice.identities.filter(voice_id=voice.voice_id, ended_at=None)
                living.update(ended_at=now, why="vanished")


def strangers_of(workspace: Workspace) -> list[Stranger]:
    """What MiniMax listed when it was asked last, and nobody in this studio knows."""
    connection = connection_of(workspace)
    listed: list[Stranger] = cache.get(_strangers_key(workspace, connection)) or []
    ids = [stranger.voice_id for stranger in listed]
    known = set(
        VoiceIdentity.objects.filter(connection=connection, voice_id__in=ids).values_list("voice_id", flat=True)
    )
    return [stranger for stranger in listed if stranger.voice_id not in known]


def _strangers_key(workspace: Workspace, connection: str) -> str:
    return f"voices.strangers.{workspace.pk}.{hashlib.sha256(connection.encode()).hexdigest()[:16]}"


def notice(voice: Voice, at: datetime) -> bool:
    """MiniMax lists it: somebody spoke with it. If that may have been our own call, that one is no longer unsure."""
    unsure = Job.objects.filter(
        workspace=voice.workspace_id, kind="voice_keep", status=Status.FAILED, request__voice_id=voice.voice_id
    )
    job = unsure.exclude(charged=Charged.NO).order_by("-id").first()
    if voice.has_vanished:  # it is there after all, under the same id, and was paid before
        Voice.objects.filter(pk=voice.pk, state=State.GONE).update(state=State.KEPT)
        voice.identities.filter(voice_id=voice.voice_id, why="vanished").update(ended_at=None, why="")
        return False
    if not _keep(voice, at, is_in_book=job is not None):
        return False
    source = f"job:{job.pk}" if job else f"listed:{voice.voice_id}"[:64]
    VoiceUse.objects.get_or_create(voice=voice, source=source, defaults={"how": "noticed", "at": at})
    if job:
        Job.objects.filter(pk=job.pk).update(charged=Charged.YES, cost_usd=job.estimate_usd)
        jobs.enter(job)
    return True


# --- lost -------------------------------------------------------------------------------------------------------------


def end(voice: Voice, state: str) -> None:
    """A person ends it: MiniMax is told to delete what it knows, as soon as it can be reached."""
    now = timezone.now()
    with transaction.atomic():
        Voice.objects.filter(pk=voice.pk).update(state=state, voice_id="")
        living = voice.identities.filter(ended_at=None)
        living.update(ended_at=now, why=str(state), removal_due_at=now)


def run_out(now: datetime) -> int:
    """Write down which temporary voices MiniMax has forgotten by now. Returns how many."""
    lost = 0
    for voice in Voice.objects.filter(state=State.TEMPORARY, expires_at__lte=now):
        with transaction.atomic():
            if Voice.objects.filter(pk=voice.pk, state=State.TEMPORARY, expires_at__lte=now).update(state=State.GONE):
                ended: dict[str, Any] = {"ended_at": voice.expires_at, "why": "expired"}
                voice.identities.filter(voice_id=voice.voice_id, ended_at=None).update(**ended)
                lost += 1
    return lost


def mark_gone(voice: Voice) -> None:
    """MiniMax says that it does not know the voice any more."""
    now = timezone.now()
    with transaction.atomic():
        if Voice.objects.filter(pk=voice.pk, voice_id=voice.voice_id, state=State.TEMPORARY).update(state=State.GONE):
            voice.identities.filter(voice_id=voice.voice_id, ended_at=None).update(ended_at=now, why="expired")

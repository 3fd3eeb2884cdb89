"""Making things, and looking how far they are."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Header, Router
from ninja.responses import Status
from pydantic import Field

from apps.gateway import makers
from apps.gateway.api import ApiError, AsyncTokenAuth, TokenRequest, need
from apps.gateway.models import Scope
from apps.gateway.schemas import (
    Estimate,
    JobPage,
    JobSchema,
    Order,
    Refusal,
    SpeechOrder,
    TakeSchema,
    Words,
)
from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.models import Status as JobStatus
from apps.music.generation import LYRICS
from apps.speech import live
from apps.speech import services as speech
from apps.speech import voices as speech_voices
from apps.speech.models import Take
from apps.usage import currencies, prices
from apps.workspaces.connections import situation_of
from apps.workspaces.models import Membership

router = Router(tags=["making"])
REPEAT = "A word of yours for this one act, e.g. a UUID. Sent again with the same word, it makes nothing a second time."
Key = Annotated[str, Header(alias="Idempotency-Key", description=REPEAT, max_length=100)]
State = Annotated[
    Words, Field(description="queued, submitting, waiting, saving, succeeded, failed or cancelled; empty: any")
]
Limit = Annotated[int, Field(ge=1, le=100)]


def _click(request: TokenRequest, key: str) -> str:
    """One press of the button for each word of each token, and a press of its own where there is none."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{request.auth.token.pk} {key}") if key else uuid.uuid4())


@contextmanager
def _money_of(member: Membership) -> Iterator[None]:
    """As on the pages of the workspace: its prices, and sentences in its currency."""
    with prices.in_force(member.workspace_id), currencies.shown_at(member.workspace.slug):
        yield


def _check_connected(member: Membership) -> None:
    if not situation_of(member).kind:
        message = _("This workspace has no connection yet. Choose one under Team, Connection.")
        raise ApiError(409, "not_connected", message)


def _check_same(asked: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """A word that came before stands for the same request. Raises ApiError (409)."""
    wanted = json.loads(json.dumps(asked))
    if any(known.get(name) != value for name, value in wanted.items()):
        message = _("This Idempotency-Key was sent before with another request. Take a new one for something new.")
        raise ApiError(409, "key_taken", message)


@router.post("estimates", response={200: Estimate, 422: Refusal}, summary="What something would cost")
def estimate(request: TokenRequest, given: Order) -> dict[str, Any]:
    member = need(request, Scope.READ)
    maker = makers.find(given.kind)
    wanted = maker.request(member, given.settings)
    if maker.kind is None:
        with _money_of(member):
            price = speech.price_of(member.workspace, wanted["model"], wanted["text"], speech_voices.named_in(wanted))
        return {"usd": price.usd, "is_free": price.is_free}
    is_free = situation_of(member).is_free
    return {"usd": 0 if is_free else services.price_now(member.workspace_id, maker.kind, wanted), "is_free": is_free}


@router.post(
    "jobs",
    response={200: JobSchema, 201: JobSchema, 403: Refusal, 409: Refusal, 422: Refusal},
    summary="Make something; it costs. 200: this key made it before",
)
def create(request: TokenRequest, given: Order, key: Key = "") -> Any:
    member = need(request, Scope.MAKE)
    maker = makers.find(given.kind)
    if maker.kind is None:
        sentence = _("Speech is made by POST /speech.")
        raise ApiError(422, "invalid", sentence, fields={"kind": [sentence]})
    _check_connected(member)
    wanted, click = maker.request(member, given.settings), _click(request, key)
    if known := services.jobs_of(member).filter(click=click).first():
        _check_same({"kind": maker.kind.name, **wanted}, {"kind": known.kind, **known.request})
        return Status(200, describe(known))
    with _money_of(member):
        return Status(201, describe(services.submit_job(member, maker.kind, wanted, click=click)))


@router.get("jobs", response=JobPage, summary="Jobs of the workspace, the newest first")
def index(
    request: TokenRequest,
    kind: Words = "",
    status: State = "",
    mine: bool = False,
    cursor: uuid.UUID | None = None,
    limit: Limit = 25,
) -> dict[str, Any]:
    member = need(request, Scope.READ)
    found = services.jobs_of(member, mine=mine, kind=kind).select_related("writing")
    if status:
        found = found.filter(status=status)
    if cursor:
        found = found.filter(pk__lt=cursor)
    page = list(found[: limit + 1])
    return {
        "items": [describe(job) for job in page[:limit]],
        "next": str(page[limit - 1].pk) if len(page) > limit else None,
    }


@router.get("jobs/{uuid:job_id}", response={200: JobSchema, 404: Refusal}, summary="One job")
def job(request: TokenRequest, job_id: uuid.UUID) -> dict[str, Any]:
    return describe(get_object_or_404(services.jobs_of(need(request, Scope.READ)), pk=job_id))


@router.post(
    "jobs/{uuid:job_id}/cancel", response={200: JobSchema, 404: Refusal, 409: Refusal}, summary="Cancel one job"
)
def cancel(request: TokenRequest, job_id: uuid.UUID) -> dict[str, Any]:
    member = need(request, Scope.MAKE)
    found = get_object_or_404(services.jobs_of(member), pk=job_id)
    if not services.cancel(found):
        raise ApiError(409, "too_late", _("It is too late to cancel this job: it is being sent, being saved, or over."))
    return describe(services.jobs_of(member).get(pk=job_id))


DESCRIBED = {"created_by", "assets", "lyrics"}


def describe(job: Job) -> dict[str, Any]:
    """As JobSchema. The assets are known once all of them are safe."""
    writing = getattr(job, "writing", None) if job.kind == LYRICS.name else None
    lyrics = writing and {"title": writing.song_title, "style": writing.style_tags, "lyrics": writing.lyrics}
    return {
        "lyrics": lyrics,
        **{name: getattr(job, name) for name in JobSchema.model_fields if name not in DESCRIBED},
        "created_by": str(job.created_by),
        "assets": [asset.pk for asset in job.kept_assets] if job.status == JobStatus.SUCCEEDED else [],
    }


# --- speech: made while it is heard, so it has no job -----------------------------------------------------------------


@router.post(
    "speech",
    response={200: TakeSchema, 201: TakeSchema, 403: Refusal, 409: Refusal, 422: Refusal},
    auth=AsyncTokenAuth(),
    summary="Speak a text; it costs. 200: this key made it before",
)
async def speak(request: TokenRequest, given: SpeechOrder, key: Key = "") -> Any:
    asked_at = time.perf_counter()
    started = await sync_to_async(_start)(request, given, key)
    if started.endpoint is None:
        return Status(200, await sync_to_async(_take)(request, started.take.pk))
    wanted = speech.speech_request(started.take)
    await live.start_run(started.take, started.endpoint, wanted, asked_at=asked_at)
    return Status(201, await sync_to_async(_take)(request, started.take.pk))


def _start(request: TokenRequest, given: SpeechOrder, key: str) -> speech.Started:
    member = need(request, Scope.MAKE)
    _check_connected(member)
    wanted = makers.find(makers.SPEECH).request(member, given.settings)
    if unknown := speech_voices.find_unknown(member.workspace, wanted):
        sentence = speech_voices.unknown_sentence(unknown)
        raise ApiError(422, "invalid", sentence, fields={"voice_id": [sentence]})
    click = _click(request, key)
    try:
        with _money_of(member):
            started = speech.start_take(member.pk, wanted, click=click, playback="mp3", is_typed=False)
    except speech.RefusedError as exc:
        raise ApiError(409, "refused", str(exc)) from exc
    if started.endpoint is None:
        _check_same(wanted, started.take.request)
    return started


@router.get("speech/{uuid:take_id}", response={200: TakeSchema, 404: Refusal}, summary="How far a text is spoken")
def take(request: TokenRequest, take_id: uuid.UUID) -> dict[str, Any]:
    need(request, Scope.READ)
    return _take(request, take_id)


def _take(request: TokenRequest, pk: uuid.UUID) -> dict[str, Any]:
    found = get_object_or_404(Take.objects.visible_to(request.auth.member).select_related("asset"), pk=pk)
    return {
        **{name: getattr(found, name) for name in TakeSchema.model_fields if name != "asset"},
        "asset": found.asset_id if found.asset and found.asset.trashed_at is None else None,
    }

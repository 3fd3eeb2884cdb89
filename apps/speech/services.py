"""What a person can do with speech."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.library import recalling
from apps.library.models import Asset, StorageQuota, StorageUse
from apps.library.storage_use import StorageFullError, check_room
from apps.minimax import catalogue
from apps.minimax.connection import Endpoint
from apps.minimax.speech import SpeechRequest, TimbreWeight, VoiceModify
from apps.minimax.text import billed_characters
from apps.speech.forms import PronunciationForm, SpeechForm, has_effects
from apps.speech.models import MOVING, PronunciationEntry, Take
from apps.speech.scripts import TextProblem, find_text_problems, normalise
from apps.usage import budgets, prices
from apps.voices.resolving import VoiceGoneError, fee_at_use, names_own_voice, resolve_request
from apps.workspaces import wallets
from apps.workspaces.connections import NoConnectionError, endpoint_for, open_endpoint
from apps.workspaces.models import ACTS, Connection, ConnectionKind, Membership, Workspace

MAX_TAKES = 4  # of one person at the same time
MOST_BYTES_A_CHARACTER = 4  # UTF-8
LIKELY_TYPED = 1000  # characters that a budget holds while somebody types and it is spoken
STRIP = 12  # takes on one page of the strip


class RefusedError(Exception):
    """The take was not started: nothing was sent, nothing charged. `str(error)` is for the person."""


@dataclass(frozen=True)
class Started:
    """A take to be spoken, or, when `endpoint` is None, one that this click has started before."""

    take: Take
    endpoint: Endpoint | None


# Everything that decides about a take, in one statement: five of the ORM's, built anew for each take, were most of the
# time between a click and its request to MiniMax.
_SITUATION = f"""
    SELECT m.role, m.user_id, m.workspace_id,
        {wallets.SINGLE_COLUMNS},
        (SELECT COUNT(*) FROM {Take._meta.db_table} t WHERE t.workspace_id = m.workspace_id
            AND t.created_by_id = m.user_id AND t.status IN ({", ".join(["%s"] * len(MOVING))})),
        EXISTS (SELECT 1 FROM {Take._meta.db_table} t WHERE t.workspace_id = m.workspace_id AND t.click = %s),
        EXISTS (SELECT 1 FROM {PronunciationEntry._meta.db_table} p WHERE p.workspace_id = m.workspace_id),
        EXISTS (SELECT 1 FROM {StorageQuota._meta.db_table} q WHERE q.workspace_id = m.workspace_id)
            OR EXISTS (SELECT 1 FROM {StorageUse._meta.db_table} u
                WHERE u.workspace_id = m.workspace_id AND u.person_id = m.user_id AND u.quota IS NOT NULL)
    FROM {Membership._meta.db_table} m {wallets.SINGLE_JOIN}
    WHERE m.id = %s AND m.suspended_at IS NULL
"""  # noqa: S608  (names of our own tables)


def start_take(member_id: int, request: dict[str, Any], *, click: str, playback: str, is_typed: bool) -> Started:
    """Commit the row of one take, before anything is paid. A second message with the same click finds the first take.

    request: a valid form's cleaned data. playback: "mp3", or "pcm" for a browser that cannot play a stream of MP3.
    The role is read again for every take: it may have changed while the socket was open. Raises RefusedError.
    """
    try:
        return _start_take(member_id, request, click=click, playback=playback, is_typed=is_typed)
    except IntegrityError:  # the same click at the same moment
        return _find_started(member_id, click)


def _find_started(member_id: int, click: str) -> Started:
    return Started(Take.objects.get(workspace__memberships=member_id, click=click), None)


def _start_take(member_id: int, request: dict[str, Any], *, click: str, playback: str, is_typed: bool) -> Started:
    with connection.cursor() as cursor:
        cursor.execute(_SITUATION, [*MOVING, click, member_id])
        found = cursor.fetchone()
    if found is None or found[0] not in ACTS["create"]:
        raise RefusedError(
            _("Your role in this workspace lets you listen, not speak. Ask an admin for the role of a creator.")
        )
    role, user_id, workspace_id, *columns, moving, is_known, has_pronunciations, has_quota = found
    if is_known:
        return _find_started(member_id, click)
    if moving >= MAX_TAKES:
        raise RefusedError(
            _("%(count)d of your takes are being made. Wait until one of them is done.") % {"count": MAX_TAKES}
        )
    try:
        if has_quota:
            check_room(workspace_id, user_id)
    except StorageFullError as exc:
        raise RefusedError(str(exc)) from exc
    try:
        route = wallets.single(columns) or wallets.route(workspace_id, "speech", request["model"])
        endpoint = (
            open_endpoint(route.connection) if route else endpoint_for(workspace_id)
        )  # which says what is missing
    except NoConnectionError as exc:
        raise RefusedError(str(exc)) from exc
    spoken_by = _spoken_by(workspace_id, request)
    uses_dictionary = has_pronunciations and request["use_dictionary"]
    request = request | {"pronunciation": _pronunciations(workspace_id, request, is_typed) if uses_dictionary else []}
    now = timezone.now()
    assert route is not None  # there would be no endpoint
    is_free = route.is_free
    with prices.in_force(workspace_id):
        estimate = None if is_typed else _estimate(workspace_id, request, free=is_free)
        likely = _usd(request["model"], LIKELY_TYPED, Decimal(0), free=is_free) if is_typed else estimate
    take = Take(
        workspace_id=workspace_id,
        created_by_id=user_id,
        click=click,
        is_typed=is_typed,
        request=request,
        spoken_by=spoken_by,
        stream=stream_for(request, playback),
        connection_kind=route.connection.kind,
        route=route.as_dict(),
        estimate_usd=estimate,
        started_at=now,
        heartbeat_at=now,
    )
    member = Membership(workspace_id=workspace_id, user_id=user_id, role=role)
    try:
        with transaction.atomic():
            take.save(force_insert=True)
            budgets.hold(f"take:{take.pk}", member, kind="speech", amount_usd=likely)
    except budgets.BudgetReachedError as exc:
        raise RefusedError(str(exc)) from exc
    return Started(take, endpoint)


def _spoken_by(workspace_id: int, request: Mapping[str, Any]) -> dict[str, Any]:
    """What the voices of the workspace are called at MiniMax now; empty where the request says that itself."""
    voice_id, weights = request["voice_id"], request["timbre_weights"]
    if not any(map(names_own_voice, (voice_id, *(part["voice_id"] for part in weights)))):
        return {}
    try:
        return asdict(resolve_request(workspace_id, voice_id, weights))
    except VoiceGoneError as exc:
        raise RefusedError(str(exc)) from exc


def _pronunciations(workspace_id: int, request: Mapping[str, Any], is_typed: bool) -> list[str]:
    """The entries that can matter for this take, as MiniMax writes them."""
    entries = PronunciationEntry.objects.filter(workspace_id=workspace_id, language__in=("", request["language_boost"]))
    text = request["text"].casefold()
    return [str(entry) for entry in entries if is_typed or entry.source.casefold() in text]


def stream_for(request: Mapping[str, Any], playback: str) -> dict[str, Any]:
    """What to ask MiniMax for so that the browser can play it at once: MP3 where that is kept, else raw samples.

    With voice effects MiniMax streams nothing but MP3.
    """
    is_mp3 = has_effects(request) or (request["format"] == "mp3" and playback == "mp3")
    return {
        "format": "mp3" if is_mp3 else "pcm",
        "sample_rate": request["sample_rate"],
        "channel": request["channel"],
        "bitrate": request["bitrate"] if is_mp3 else request["sample_rate"] * request["channel"] * 16,
    }


def speech_request(take: Take) -> SpeechRequest:
    """A take as the wire wants it."""
    given = take.request
    modify = None
    if has_effects(given):
        modify = VoiceModify(
            pitch=given["modify_pitch"],
            intensity=given["modify_intensity"],
            timbre=given["modify_timbre"],
            sound_effects=given["sound_effects"] or None,
        )
    return SpeechRequest(
        text=take.text,
        model=given["model"],
        voice_id=take.voice_id,
        speed=given["speed"],
        vol=given["vol"],
        pitch=given["pitch"],
        emotion=given["emotion"] or None,
        text_normalization=given["text_normalization"],
        latex_read=given["latex_read"],
        timbre_weights=tuple(TimbreWeight(**part) for part in take.timbre_weights),
        language_boost=given["language_boost"] or None,
        voice_modify=modify,
        pronunciation=tuple(given["pronunciation"]),
        format=take.stream["format"],
        sample_rate=take.stream["sample_rate"],
        bitrate=given["bitrate"],
        channel=take.stream["channel"],
        subtitle_type="word_streaming",
        continuous_sound=given["continuous_sound"],
    )


def find_take(member_id: int, pk: uuid.UUID, *, can: str) -> Take | None:
    """A take of the member's workspace, if their role still allows the act `can`."""
    member = Membership.objects.filter(pk=member_id).first()
    if member is None or not member.may(can):
        return None
    return Take.objects.visible_to(member).select_related("workspace", "asset", "created_by").filter(pk=pk).first()


def ask_to_stop(take: Take) -> None:
    """For a take of whichever process: the one that speaks it looks twice a second."""
    Take.objects.moving().filter(pk=take.pk).update(stop_asked=True)


# --- price ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Price:
    """What a text would cost, as far as can be known before."""

    characters: int
    max_characters: int
    billed_characters: int
    usd: Decimal | None  # with `fee_usd`; None: no price is published
    fee_usd: Decimal  # of voices that are used for the first time
    is_free: bool
    problems: tuple[TextProblem, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"usd": None if self.usd is None else str(self.usd), "fee_usd": str(self.fee_usd)}


def price_of(workspace: Workspace, model: str, text: str, voice_ids: Sequence[str] = ()) -> Price:
    """`voice_ids`: the voice, or those of the mix."""
    text, free = normalise(text), is_free(workspace)
    billed = billed_characters(text)
    fee = Decimal(0) if free else fee_at_use(workspace, voice_ids)
    return Price(
        characters=len(text),
        max_characters=catalogue.speech.max_characters,
        billed_characters=billed,
        usd=_usd(model, billed, fee, free=free),
        fee_usd=fee,
        is_free=free,
        problems=tuple(find_text_problems(text, model)) if text else (),
    )


def _usd(model: str, billed: int, fee: Decimal, *, free: bool) -> Decimal | None:
    spoken = Decimal(0) if free else catalogue.price_of_speech(model, billed)
    return None if spoken is None else spoken + fee


def _estimate(workspace_id: int, request: Mapping[str, Any], *, free: bool) -> Decimal | None:
    voice_ids = [request["voice_id"], *(part["voice_id"] for part in request["timbre_weights"])]
    fee = Decimal(0) if free else fee_at_use(workspace_id, voice_ids)
    return _usd(request["model"], billed_characters(request["text"]), fee, free=free)


def is_free(workspace: Workspace) -> bool:
    """The sandbox charges nothing."""
    return Connection.objects.filter(workspace=workspace, kind=ConnectionKind.SANDBOX).exists()


def is_connected(workspace: Workspace) -> bool:
    return Connection.objects.filter(workspace=workspace).exists()


# --- looking back -----------------------------------------------------------------------------------------------------


def list_takes(member: Membership, *, before: uuid.UUID | None = None) -> tuple[list[Take], uuid.UUID | None]:
    """The member's own takes, newest first, and where the next page starts."""
    takes = (
        Take.objects.visible_to(member)
        .filter(created_by=member.user)
        .select_related("workspace", "asset", "created_by")
    )
    if before:
        takes = takes.filter(pk__lt=before)
    page = list(takes.order_by("-pk")[: STRIP + 1])
    return page[:STRIP], page[STRIP - 1].pk if len(page) > STRIP else None


def recall_request(
    member: Membership, *, asset_id: str = "", take_id: str = "", text: str = "", only: str = "", read_id: str = ""
) -> dict[str, Any]:
    """Return initial values for the form: the settings of an asset or a take of this workspace, and a text."""
    found: dict[str, Any] = {}
    if request := recalling.request_of(member, asset_id, "speech", SpeechForm.base_fields):
        found = recalling.recall(request, request, only)
    try:
        take = Take.objects.visible_to(member).filter(pk=uuid.UUID(take_id)).first() if take_id else None
    except ValueError:
        take = None
    if take:
        found = recalling.recall(take.request, take.request, only)
    text = text or _read(member, read_id)
    if text:
        found["text"] = text[: catalogue.speech.max_characters]
    return found


def _read(member: Membership, asset_id: str) -> str:
    """What stands at the beginning of a text file in the library."""
    try:
        documents = Asset.objects.visible_to(member).filter(content_type__startswith="text/")
        document = documents.filter(pk=uuid.UUID(asset_id)).first() if asset_id else None
    except ValueError:
        document = None
    if document is None:
        return ""
    with document.file.open("rb") as file:
        read = file.read(catalogue.speech.max_characters * MOST_BYTES_A_CHARACTER)
    return str(read.decode(errors="ignore").lstrip("\ufeff").replace("\0", ""))


# --- pronunciation dictionary -----------------------------------------------------------------------------------------


def add_pronunciation(member: Membership, form: PronunciationForm) -> None:
    """Add one word of a valid form, or change how it is spoken."""
    word = form.cleaned_data
    PronunciationEntry.objects.update_or_create(
        workspace=member.workspace,
        source=word["source"],
        language=word["language"],
        defaults={"replacement": word["replacement"]},
    )

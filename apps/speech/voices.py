"""The voices a workspace can speak with: those of the catalogue, and those its own account has."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.library.models import Asset
from apps.minimax import catalogue
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import MiniMaxError
from apps.minimax.speech import SpeechRequest, synthesise
from apps.minimax.text import billed_characters
from apps.minimax.voices import list_voices
from apps.speech.models import Take, VoiceSample
from apps.usage import budgets, ledger
from apps.usage.models import Charged
from apps.voices.lifecycle import find_own as find_named
from apps.voices.models import State as VoiceState
from apps.voices.models import Voice as OwnVoice
from apps.voices.models import VoiceIdentity, is_alias
from apps.voices.resolving import VoiceGoneError, resolve
from apps.voices.services import usable_voices
from apps.workspaces import wallets
from apps.workspaces.connections import NoConnectionError, endpoint_for, open_endpoint
from apps.workspaces.models import Connection, ConnectionKind, Membership, Workspace
from apps.workspaces.storable import storable

logger = logging.getLogger(__name__)

FRESH_S = 600  # the account's list is asked for again after this
KEPT_S = 7 * 24 * 3600  # an old list is better than none when MiniMax cannot be reached
SURE_S = 15  # a voice that is not in a list younger than this does not exist
PAGE = 60
LATELY = 100  # takes
SAMPLE_MODEL = "speech-2.8-turbo"
ABANDONED = timedelta(minutes=2)  # a sample that is still missing its file after this was lost on the way
OWN_GROUPS = {"clone": "cloned", "design": "designed", "mix": "mixed"}
GROUPS = {"system": "system", "voice_cloning": "cloned", "voice_generation": "designed"}

# One short sentence in the voice's own language; the rest hears English.
SAMPLE_TEXTS = {
    "Chinese": "你好,这就是我的声音。",
    "Chinese,Yue": "你好,呢把就係我嘅聲音。",
    "Japanese": "こんにちは、わたしのこえです。",
    "Korean": "안녕하세요, 제 목소리입니다.",
    "Spanish": "Hola, así suena mi voz.",
    "French": "Bonjour, voici ma voix.",
    "German": "Hallo, so klingt meine Stimme.",
    "Portuguese": "Olá, esta é a minha voz.",
    "Italian": "Ciao, questa è la mia voce.",
    "Russian": "Здравствуйте, это мой голос.",
    "Arabic": "مرحبا، هذا هو صوتي.",
}
SAMPLE_TEXT = "Hello, this is how I sound."


@dataclass(frozen=True)
class Voice:
    """One voice on the picker."""

    voice_id: str
    name: str
    language: str  # a language_boost; "" for cloned and designed voices, which say nothing about it
    gender: str  # "female", "male" or "" (cannot be told)
    tags: tuple[str, ...]
    group: str  # "system", "cloned", "designed" or "mixed"
    sample_state: str = "paid"  # "ready", "free" or "paid"


@dataclass(frozen=True)
class VoiceQuery:
    q: str = ""
    language: str = ""
    gender: str = ""
    page: str = ""
    style: str = ""  # one of `list_styles`
    among: frozenset[str] | None = None  # voice ids; None: any
    own: bool = True  # those of the account too, not only the catalogue's


@dataclass(frozen=True)
class FoundVoices:
    voices: list[Voice]
    total: int
    next_page: int | None
    languages: list[tuple[str, str]]


SYSTEM = tuple(
    Voice(voice.voice_id, voice.name, voice.language, voice.gender, voice.tags, "system")
    for voice in catalogue.voices.system.values()
)


# --- which voices there are -------------------------------------------------------------------------------------------


def is_known(workspace: Workspace, voice_id: str) -> bool:
    """Whether the voice may be asked for. An id that is in no list we have is looked up once more before it is refused.

    When MiniMax cannot be asked the id is let through: MiniMax will say itself what it thinks of it.
    """
    if voice_id in catalogue.voices.everything or is_alias(voice_id):
        return True  # an alias is looked up when the take starts, which can say more about it than "unknown"
    try:
        endpoint = endpoint_for(workspace)
    except NoConnectionError:
        return True  # the take itself is refused with that sentence
    known = _cached(endpoint)
    if known and voice_id in known["voices"]:
        return True
    if known is None or time.time() - known["at"] > SURE_S:
        try:
            known = _ask(endpoint)
        except MiniMaxError:
            return True
    return voice_id in known["voices"]


def named_in(request: Mapping[str, Any]) -> list[str]:
    """The voices that a valid request asks for."""
    named = (request["voice_id"], *(part["voice_id"] for part in request["timbre_weights"]))
    return [voice_id for voice_id in named if voice_id]


def find_unknown(workspace: Workspace, request: Mapping[str, Any]) -> str | None:
    """The first voice of a valid request that may not be asked for."""
    return next((voice_id for voice_id in named_in(request) if not is_known(workspace, voice_id)), None)


def unknown_sentence(voice_id: str) -> str:
    return _("The voice “%(voice)s” is not known here. Choose another one.") % {"voice": voice_id}


def find_voice(workspace: Workspace, voice_id: str) -> Voice | None:
    """A voice by its id, from what is known without asking anybody."""
    if is_alias(voice_id):
        own = find_named(workspace, voice_id)
        return _of_workspace(own) if own else None
    system = catalogue.voices.everything.get(voice_id)
    if system:
        return Voice(system.voice_id, system.name, system.language, system.gender, system.tags, "system")
    return next((voice for voice in _own_voices(workspace, refresh=False) if voice.voice_id == voice_id), None)


def search_voices(workspace: Workspace, query: VoiceQuery) -> FoundVoices:
    """One page of the picker: the account's own voices first, then the catalogue's."""
    everything = [*_others_of_account(workspace), *SYSTEM] if query.own else list(SYSTEM)
    words = query.q.casefold().split()
    found = [
        voice
        for voice in everything
        if (not query.language or voice.language == query.language)
        and (not query.gender or voice.gender == query.gender)
        and (not query.style or query.style in voice.tags)
        and (query.among is None or voice.voice_id in query.among)
        and all(word in _searchable(voice) for word in words)
    ]
    page = max(1, int(query.page)) if query.page.isdecimal() and len(query.page) <= 3 else 1
    shown = found[(page - 1) * PAGE : page * PAGE]
    labels = {language.name: _(language.label) for language in catalogue.languages}
    spoken = dict.fromkeys(voice.language for voice in everything if voice.language)
    return FoundVoices(
        voices=_with_samples(workspace, shown),
        total=len(found),
        next_page=page + 1 if len(found) > page * PAGE else None,
        languages=[(name, labels.get(name, name)) for name in spoken],
    )


def find_own(member: Membership, query: VoiceQuery) -> list[OwnVoice]:
    """The workspace's own voices that fit, on the first page: they stand before all others, under their aliases.

    What is not known of a voice hides it from nobody.
    """
    if query.page not in ("", "1"):
        return []
    words = query.q.casefold().split()
    return [
        each
        for each in usable_voices(member.workspace)
        if all(word in each.name.casefold() for word in words)
        and (not query.language or each.language in ("", query.language))
        and (not query.gender or each.gender in ("", query.gender))
    ]


def _others_of_account(workspace: Workspace) -> list[Voice]:
    """What the account has and this workspace did not make: its own voices are shown under their names instead."""
    ours = set(VoiceIdentity.objects.filter(bearer__workspace=workspace).values_list("voice_id", flat=True))
    return [voice for voice in _own_voices(workspace, refresh=True) if voice.voice_id not in ours]


def used_lately(workspace: Workspace) -> frozenset[str]:
    """What the workspace spoke with in its latest takes."""
    lately = (
        Take.objects.filter(workspace=workspace).order_by("-id").values_list("request__voice_id", flat=True)[:LATELY]
    )
    return frozenset(str(voice_id) for voice_id in lately if voice_id)


def _searchable(voice: Voice) -> str:
    return " ".join((voice.name, voice.voice_id, voice.language, voice.group, *voice.tags)).casefold()


def _of_workspace(voice: OwnVoice) -> Voice:
    """By its alias, so that what is made with it can be made again whatever MiniMax calls the voice by then."""
    return Voice(voice.alias, voice.name, voice.language, voice.gender, (), OWN_GROUPS[voice.origin])


def _own_voices(workspace: Workspace, *, refresh: bool) -> list[Voice]:
    """What the account has beyond the catalogue, and beyond what the workspace has a name for: see `find_own`."""
    found = _voices_of_account(workspace, refresh=refresh)
    named = set(VoiceIdentity.objects.filter(bearer__workspace=workspace).values_list("voice_id", flat=True))
    return [voice for voice in found if voice.voice_id not in named] if found else []


def _voices_of_account(workspace: Workspace, *, refresh: bool) -> list[Voice]:
    """What the account has beyond the catalogue. Never raises: the picker works without it."""
    try:
        endpoint = endpoint_for(workspace)
        known = _cached(endpoint)
        if refresh and (known is None or time.time() - known["at"] > FRESH_S):
            known = _ask(endpoint)
    except (NoConnectionError, MiniMaxError) as exc:
        logger.info("voices of workspace %s are not to be had now: %s", workspace.pk, exc)
        return []
    rows = known["voices"].values() if known else ()
    own = [
        Voice(row["voice_id"], row["name"] or row["voice_id"], "", "", tuple(row["description"]), GROUPS[row["kind"]])
        for row in rows
        if row["voice_id"] not in catalogue.voices.system
    ]
    return sorted(own, key=lambda voice: (voice.group == "system", voice.name.casefold()))


def _cached(endpoint: Endpoint) -> dict[str, Any] | None:
    return cache.get(_cache_key(endpoint))


def _ask(endpoint: Endpoint) -> dict[str, Any]:
    """Ask MiniMax, free of charge, and remember the answer."""
    with MiniMaxClient(endpoint, read_s=10) as client:
        voices = list_voices(client)
    answer = {
        "at": time.time(),
        "voices": {
            voice.voice_id: {
                "voice_id": voice.voice_id,
                "name": voice.name,
                "kind": voice.kind,
                "description": list(voice.description[:3]),
            }
            for voice in voices
        },
    }
    cache.set(_cache_key(endpoint), answer, KEPT_S)
    return answer


def _cache_key(endpoint: Endpoint) -> str:
    account = hashlib.sha256(f"{endpoint.base_url} {endpoint.api_key}".encode()).hexdigest()[:32]
    return f"speech.voices.{account}"


# --- samples ----------------------------------------------------------------------------------------------------------


class NoSampleError(Exception):
    """There is no sample, and why. Nothing, or nothing more, will be paid."""

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.next_step = next_step


def sample_price(workspace: Workspace) -> Decimal | None:
    """US dollars for one sample, at most. Zero on the sandbox."""
    if _kind(workspace) == ConnectionKind.SANDBOX:
        return Decimal(0)
    longest = max(map(billed_characters, (SAMPLE_TEXT, *SAMPLE_TEXTS.values())))
    return catalogue.price_of_speech(SAMPLE_MODEL, longest)


def find_sample(workspace: Workspace, voice_id: str) -> VoiceSample | Asset | None:
    """What can be heard at once, at no cost. Of a voice of the workspace that is the preview it came with."""
    if is_alias(voice_id):
        own = find_named(workspace, voice_id)
        if own is None or own.preview:
            return own.preview if own else None
        voice_id = own.voice_id
    kind = _kind(workspace)
    return (
        VoiceSample.objects.filter(workspace=workspace, connection_kind=kind, voice_id=voice_id)
        .exclude(file="")
        .first()
    )


def make_sample(member: Membership, voice_id: str) -> VoiceSample | Asset:
    """Return the voice's sample, made and paid for now if it does not exist. Blocks. Raises NoSampleError.

    The row comes before the call and there is one per voice, so two people who press at once pay once.
    """
    workspace = member.workspace
    sample = find_sample(workspace, voice_id)
    if sample:
        return sample
    if is_alias(voice_id):
        voice_id = _kept_voice_id(workspace, voice_id)
    if not is_known(workspace, voice_id):
        raise NoSampleError(_("This voice is not known here."), _("Choose another voice."))
    route = wallets.route(workspace.pk, "speech", SAMPLE_MODEL)
    try:
        endpoint = open_endpoint(route.connection) if route else endpoint_for(workspace)  # which says what is missing
    except NoConnectionError as exc:
        raise NoSampleError(str(exc)) from exc
    assert route is not None
    row = _claim(member, voice_id, Decimal(0) if route.is_free else sample_price(workspace))
    system = catalogue.voices.everything.get(voice_id)
    request = SpeechRequest(
        text=row.text, model=row.model, voice_id=voice_id, language_boost=system.language if system else None
    )
    try:
        with MiniMaxClient(endpoint, read_s=60) as client:
            speech = synthesise(client, request)
    except MiniMaxError as exc:
        if exc.charged == "no":
            budgets.release(f"sample:{row.pk}")
            row.delete()  # the next press may try again at once
        else:
            _enter(member, row, route, None, exc.charged, {})
        raise NoSampleError(exc.sentence_in(_), _(exc.next_step)) from exc
    row.trace_id = storable(speech.trace_id)[:64]
    billed = speech.info.usage_characters
    row.cost_usd = Decimal(0) if route.is_free else catalogue.price_of_speech(row.model, billed)
    charged = Charged.NO if route.connection.is_sandbox else Charged.YES
    _enter(member, row, route, row.cost_usd, charged, {"usage_characters": billed})
    row.file.save(
        f"{hashlib.sha256(voice_id.encode()).hexdigest()[:16]}.mp3", ContentFile(speech.audio or b""), save=True
    )
    return row


def _enter(
    member: Membership,
    row: VoiceSample,
    route: wallets.Route,
    cost: Decimal | None,
    charged: str,
    usage: dict[str, int],
) -> None:
    ledger.record(
        f"sample:{row.pk}",
        workspace=member.workspace,
        person=member.user,
        kind="speech",
        model=row.model,
        connection_kind=route.connection.kind,
        route=route.as_dict(),
        estimate_usd=Decimal(0) if route.is_free else catalogue.price_of_speech(row.model, billed_characters(row.text)),
        actual_usd=cost,
        usage=usage,
        charged=charged,
    )


def _kept_voice_id(workspace: Workspace, alias: str) -> str:
    """Raises NoSampleError: the first sound of a temporary voice would be the use that its fee comes with."""
    try:
        voice_id = resolve(workspace, alias)
    except VoiceGoneError as exc:
        raise NoSampleError(str(exc)) from exc
    own = find_named(workspace, alias)
    if own is None or own.state != VoiceState.KEPT:
        raise NoSampleError(_("This voice has no preview."), _("Keep it first: then it can be heard."))
    return voice_id


def _claim(member: Membership, voice_id: str, price: Decimal | None) -> VoiceSample:
    workspace = member.workspace
    system = catalogue.voices.everything.get(voice_id)
    text = SAMPLE_TEXTS.get(system.language, SAMPLE_TEXT) if system else SAMPLE_TEXT
    named = {"workspace": workspace, "connection_kind": _kind(workspace), "voice_id": voice_id}
    # A press that never came back may have been paid: only after a while may somebody press again.
    VoiceSample.objects.filter(**named, file="", created_at__lt=timezone.now() - ABANDONED).delete()
    try:
        with transaction.atomic():
            row = VoiceSample.objects.create(**named, model=SAMPLE_MODEL, text=text)
            budgets.hold(f"sample:{row.pk}", member, kind="speech", amount_usd=price)
            return row
    except budgets.BudgetReachedError as exc:
        raise NoSampleError(str(exc)) from exc
    except IntegrityError as exc:
        raise NoSampleError(_("This sample is being made."), _("Try again in a moment.")) from exc


def _with_samples(workspace: Workspace, voices: list[Voice]) -> list[Voice]:
    kind = _kind(workspace)
    rows = VoiceSample.objects.filter(
        workspace=workspace, connection_kind=kind, voice_id__in=[voice.voice_id for voice in voices]
    )
    ready = set(rows.exclude(file="").values_list("voice_id", flat=True))
    otherwise = "free" if kind == ConnectionKind.SANDBOX else "paid"
    return [replace(voice, sample_state="ready" if voice.voice_id in ready else otherwise) for voice in voices]


def _kind(workspace: Workspace) -> str:
    return Connection.objects.filter(workspace=workspace).values_list("kind", flat=True).first() or ""

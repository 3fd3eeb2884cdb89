"""What a person can do with voices."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.jobs.kinds import Kind
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.library.links import end_links
from apps.library.models import Asset, AssetQuerySet
from apps.library.services import move_to_trash, shorten
from apps.minimax import catalogue
from apps.minimax.text import billed_characters
from apps.voices import lifecycle
from apps.voices.generation import KINDS, VOICE_CLONE, VOICE_DESIGN, VOICE_KEEP, is_free
from apps.voices.ids import find_id_problem, suggest_id
from apps.voices.lifecycle import connection_of, record_use
from apps.voices.models import (
    Consent,
    Favourite,
    Origin,
    State,
    Voice,
    VoicePolicy,
    VoiceQuerySet,
    VoiceUse,
)
from apps.voices.resolving import Spoken, VoiceGoneError, forget_name, resolve, resolve_request
from apps.workspaces import audit
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.refusals import ActRefusedError

__all__ = ["Spoken", "VoiceGoneError", "find_id_problem", "record_use", "resolve", "resolve_request", "suggest_id"]

KEEP_TEXT = "Hello, here I stay."
PARAMETERS = ("need_noise_reduction", "need_volume_normalization", "text_validation", "accuracy", "language_boost")


class RefusedError(Exception):
    """It was not done: nothing was sent, nothing charged. `str(error)` is for the person."""


# --- making -----------------------------------------------------------------------------------------------------------


def clone(member: Membership, cleaned: Mapping[str, Any], *, click: str) -> Voice:
    """Write down the voice and the consent, and have it made. A second press of the same button finds the first."""
    with transaction.atomic():
        voice, is_new = _write_down(
            member,
            click,
            name=cleaned["name"],
            origin=Origin.CLONE,
            sample_id=cleaned["sample"],
            prompt_audio_id=cleaned["prompt_audio"] or None,
            prompt_text=cleaned["prompt_text"],
            preview_text=cleaned["text"],
            model=cleaned["model"],
            language=cleaned["language_boost"],
            parameters={name: cleaned[name] for name in PARAMETERS},
        )
        if is_new:
            voice.consent = Consent.objects.create(
                workspace=member.workspace,
                person=cleaned["consent_person"],
                how=cleaned["consent_how"],
                statement=cleaned["consent_statement"],
                file_id=cleaned["consent_file"] or None,
                given_by=member.user,
            )
            voice.save(update_fields=["consent"])
            audit.record(member, "consent.recorded", subject=f"{voice.consent.person}: {voice.name}")
            _submit(member, voice, voice_id=cleaned["voice_id"], click=click)
    return voice


def design(member: Membership, cleaned: Mapping[str, Any], *, click: str) -> list[Voice]:
    """Have up to four candidates made after one description, each a job with a price of its own."""
    name = cleaned["name"] or shorten(cleaned["prompt"], 60)
    batch, voices = uuid.uuid4(), []
    with transaction.atomic():
        for number in range(1, cleaned["n"] + 1):
            voice, is_new = _write_down(
                member,
                f"{click}/{number}",
                name=f"{name} {number}" if cleaned["n"] > 1 else name,
                origin=Origin.DESIGN,
                description=cleaned["prompt"],
                preview_text=cleaned["preview_text"],
                model=catalogue.speech.design.recommended_model,
                batch=batch,
                is_candidate=True,
            )
            if is_new:
                _submit(member, voice, click=str(uuid.uuid5(voice.pk, "made")))
            voices.append(voice)
    return voices


def _write_down(member: Membership, press: str, **facts: Any) -> tuple[Voice, bool]:
    """The same press of the same button always means the same voice."""
    pk = uuid.uuid5(uuid.NAMESPACE_OID, f"{member.workspace_id}/{press}")
    return Voice.objects.get_or_create(
        pk=pk, defaults={"workspace": member.workspace, "created_by": member.user, **facts}
    )


def make_again(member: Membership, voice: Voice, *, click: str, voice_id: str = "") -> Job:
    """Make a voice that MiniMax does not have (any more) from what it was made from. Raises RefusedError."""
    with transaction.atomic():
        voice = Voice.objects.select_for_update().get(pk=voice.pk)
        if voice.is_being_made and voice.making:
            return voice.making
        if voice.consent is not None and not voice.consent.is_valid:
            raise RefusedError(_("The consent for this voice was withdrawn: it is never made again."))
        if voice.is_usable and voice.connection != connection_of(member.workspace) and voice.has_material:
            pass  # it lives where this workspace no longer sends its requests
        elif not voice.may_be_made:
            raise RefusedError(_("This voice does not have to be made: it is there."))
        if voice_id and (sentence := find_id_problem(member.workspace, voice_id)):
            raise RefusedError(sentence)
        return _submit(member, voice, voice_id=voice_id, click=click)


def _submit(member: Membership, voice: Voice, *, voice_id: str = "", click: str) -> Job:
    """An id that may be the voice's already, because an answer got lost, is asked for again and no other."""
    if voice.origin == Origin.CLONE and not member.may("clone"):
        raise ActRefusedError(_("You may not clone voices here. An owner can change that, on the page Team."))
    unsure = lifecycle.find_unsure(voice, connection_of(member.workspace))
    request: dict[str, Any] = {
        "voice": str(voice.pk),
        "voice_id": unsure.voice_id if unsure else voice_id or suggest_id(voice.name),
        "name": voice.name,
        "model": voice.model,
    }
    if voice.origin == Origin.CLONE:
        request |= {name: voice.parameters[name] for name in PARAMETERS} | {"text": voice.preview_text}
    else:
        request |= {"prompt": voice.description, "preview_text": voice.preview_text}
    job = submit_job(member, KINDS[Origin(voice.origin)], request, click=click)
    Voice.objects.filter(pk=voice.pk).update(making=job)
    voice.making = job
    return job


def take_in(member: Membership, stranger: lifecycle.Stranger, cleaned: Mapping[str, Any]) -> Voice:
    """Give a voice that MiniMax lists and nobody knows a name here. A cloned one needs its person's consent too.

    Nothing is sent, nothing charged: it has spoken before. Raises RefusedError.
    """
    now, connection = timezone.now(), connection_of(member.workspace)
    with transaction.atomic():
        voice = Voice(
            workspace=member.workspace,
            created_by=member.user,
            name=cleaned["name"],
            origin=stranger.origin,
            state=State.KEPT,
            voice_id=stranger.voice_id,
            connection=connection,
            kept_at=now,
            verified_at=now,
        )
        if stranger.origin == Origin.CLONE:
            voice.consent = Consent.objects.create(
                workspace=member.workspace,
                person=cleaned["consent_person"],
                how=cleaned["consent_how"],
                statement=cleaned["consent_statement"],
                given_by=member.user,
            )
            audit.record(member, "consent.recorded", subject=f"{voice.consent.person}: {voice.name}")
        voice.save(force_insert=True)
        identity, is_new = voice.identities.get_or_create(
            connection=connection, voice_id=stranger.voice_id, defaults={"made_at": now}
        )
        if not is_new or identity.bearer_id != voice.pk:
            raise RefusedError(_("Somebody has taken this voice in already."))
    forget_name(voice)
    return voice


def mix(member: Membership, cleaned: Mapping[str, Any]) -> Voice:
    """Keep a mix of voices under a name. Nothing is asked of MiniMax. Raises RefusedError."""
    parts = cleaned["timbre_weights"]
    try:
        for part in parts:
            resolve(member.workspace, part["voice_id"])
    except VoiceGoneError as error:
        raise RefusedError(str(error)) from error
    return Voice.objects.create(
        workspace=member.workspace,
        created_by=member.user,
        name=cleaned["name"],
        origin=Origin.MIX,
        state=State.KEPT,
        parameters={"timbre_weights": parts},
    )


# --- prices -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Price:
    """US dollars; None where no price is published."""

    now: Decimal | None  # the previews, when the button is pressed
    fee: Decimal  # once, at the first real use
    is_free: bool


def price_of_clone(workspace: Workspace, model: str, text: str) -> Price:
    return _price(workspace, VOICE_CLONE, Origin.CLONE, {"model": model, "text": text})


def price_of_design(workspace: Workspace, preview_text: str, n: int) -> Price:
    return _price(workspace, VOICE_DESIGN, Origin.DESIGN, {"preview_text": preview_text}, n)


def _price(workspace: Workspace, kind: Kind, origin: Origin, request: Mapping[str, Any], n: int = 1) -> Price:
    if is_free(connection_of(workspace)):
        return Price(Decimal(0), Decimal(0), is_free=True)
    one = kind.price(request)
    return Price(None if one is None else one * n, lifecycle.fee_for(origin), is_free=False)


@dataclass(frozen=True)
class KeepPrice:
    """What keeping costs: the fee of the first real use, and the characters that are spoken for it."""

    fee: Decimal
    characters: Decimal | None
    billed_characters: int
    is_free: bool

    @property
    def usd(self) -> Decimal | None:
        return None if self.characters is None else self.fee + self.characters


def price_of_keeping(voice: Voice, *, text: str = "", model: str = "") -> KeepPrice:
    billed = billed_characters(text or KEEP_TEXT)
    free = is_free(voice.connection)
    return KeepPrice(
        fee=lifecycle.fee_of(voice),
        characters=Decimal(0) if free else catalogue.price_of_speech(model or _keep_model(voice), billed),
        billed_characters=billed,
        is_free=free,
    )


def _keep_model(voice: Voice) -> str:
    known = {model.id for model in catalogue.speech.current_models}
    return voice.model if voice.model in known else catalogue.speech.default_model


# --- keeping ----------------------------------------------------------------------------------------------------------


def keep(
    member: Membership, voice: Voice, *, click: str, text: str = "", model: str = "", is_automatic: bool = False
) -> Job:
    """Speak with a temporary voice once, so that MiniMax keeps it. One at a time. Raises RefusedError.

    The job asks MiniMax first whether the voice is kept already, so a call whose answer got lost is never repeated
    unseen.
    """
    with transaction.atomic():
        voice = Voice.objects.select_for_update().get(pk=voice.pk)
        if voice.is_being_kept and voice.keeping:
            return voice.keeping
        if voice.state_now == State.KEPT:
            raise RefusedError(_("“%(name)s” is kept already.") % {"name": voice.name})
        if voice.state_now != State.TEMPORARY:
            raise RefusedError(_("“%(name)s” is not there any more, and so cannot be kept.") % {"name": voice.name})
        try:
            voice_id = resolve(member.workspace, voice.alias)
        except VoiceGoneError as error:
            raise RefusedError(str(error)) from error
        request = {
            "voice": str(voice.pk),
            "voice_id": voice_id,
            "name": voice.name,
            "origin": voice.origin,
            "text": text or KEEP_TEXT,
            "model": model or _keep_model(voice),
            "automatic": is_automatic,
        }
        job = submit_job(member, VOICE_KEEP, request, click=click, needs_room=False)
        Voice.objects.filter(pk=voice.pk).update(keeping=job, is_candidate=False)
        return job


def choose(member: Membership, voice: Voice, name: str = "") -> None:
    """This candidate is wanted: from now on people are reminded of it. The others run out by themselves."""
    voice.is_candidate, voice.name = False, name or voice.name
    voice.save(update_fields=["is_candidate", "name"])
    forget_name(voice)


# --- changing ---------------------------------------------------------------------------------------------------------


def may_change(member: Membership, voice: Voice) -> bool:
    """Whether the member may rename, delete or withdraw it: whoever made it, and who manages the workspace."""
    return member.may("manage") or (member.may("create") and voice.created_by_id == member.user_id)


def rename(member: Membership, voice: Voice, name: str) -> None:
    voice.name = name
    voice.save(update_fields=["name"])
    forget_name(voice)


def delete(member: Membership, voice: Voice, *, request: HttpRequest | None = None) -> None:
    """Delete it at MiniMax, whose id for it is gone for good. Here its tombstone stays: it can be made again.

    A mix is only words, and is forgotten.
    """
    with transaction.atomic():
        if voice.origin == Origin.MIX:
            Voice.objects.filter(pk=voice.pk).update(state=State.DELETED)
        else:
            lifecycle.end(voice, State.DELETED)
        audit.record(member, "voice.deleted", subject=voice.name, request=request)
    voice.refresh_from_db()


def withdraw(member: Membership, voice: Voice, *, request: HttpRequest | None = None) -> AssetQuerySet:
    """The person takes their consent back: no voice made under it is used or made again, and MiniMax deletes them.

    Returns what was made with them, for somebody to decide about. Raises RefusedError for a voice without a consent.
    """
    consent = voice.consent
    if consent is None:
        raise RefusedError(_("This voice was not made from anybody's recording."))
    with transaction.atomic():
        taken = Consent.objects.filter(pk=consent.pk, withdrawn_at=None)
        if taken.update(withdrawn_at=timezone.now(), withdrawn_by=member.user):
            for each in Voice.objects.select_for_update().filter(consent=consent):
                lifecycle.end(each, State.WITHDRAWN)
            audit.record(member, "consent.withdrawn", subject=f"{consent.person}: {voice.name}", request=request)
    voice.refresh_from_db()
    return assets_of(member, voice)


def assets_of(member: Membership, voice: Voice) -> AssetQuerySet:
    """Everything in the library that this voice can be heard in, and what it was made from. Newest first."""
    used = VoiceUse.objects.filter(voice=voice).exclude(asset=None).values("asset")
    ids = voice.identities.values("voice_id")
    making = Job.objects.filter(workspace=voice.workspace_id, request__voice=str(voice.pk)).values("assets")
    sources = VoiceUse.objects.filter(voice=voice, source__startswith="job:").values_list("source", flat=True)
    jobs = [pk for pk in (lifecycle.as_uuid(source.removeprefix("job:")) for source in sources) if pk]
    speaking = Job.objects.filter(workspace=voice.workspace_id, pk__in=jobs).values("assets")
    made_from = [pk for pk in (voice.sample_id, voice.prompt_audio_id) if pk]
    found = Q(pk__in=used) | Q(voice_id__in=ids) | Q(pk__in=making) | Q(pk__in=speaking) | Q(pk__in=made_from)
    return Asset.objects.visible_to(member).filter(found).select_related("workspace", "created_by").order_by("-id")


def trash_assets(member: Membership, voice: Voice, wanted: list[str], *, request: HttpRequest | None = None) -> int:
    """Move those of the voice's assets that were chosen into the trash, where their public links lead nowhere."""
    chosen = _chosen(member, voice, wanted)
    for asset in chosen:
        move_to_trash(member, asset, request=request)
    return len(chosen)


def unshare_assets(member: Membership, voice: Voice, wanted: list[str], *, request: HttpRequest | None = None) -> int:
    """End all public links to those of the voice's assets that were chosen, for good; the assets stay."""
    return end_links(member, _chosen(member, voice, wanted), request=request)


def _chosen(member: Membership, voice: Voice, wanted: list[str]) -> list[Asset]:
    pks = [pk for pk in map(lifecycle.as_uuid, wanted) if pk]
    return list(assets_of(member, voice).filter(pk__in=pks))


# --- looking ----------------------------------------------------------------------------------------------------------


def list_voices(member: Membership, *, state: str = "", q: str = "") -> VoiceQuerySet:
    """The workspace's voices for its page: what is running out first, then the newest."""
    voices = Voice.objects.visible_to(member).for_cards()
    for word in q.split():
        voices = voices.filter(Q(name__icontains=word) | Q(description__icontains=word))
    if state:
        voices = voices.filter(state=state)
    return voices.order_by("-created_at")


def find_voice(member: Membership, pk: uuid.UUID) -> Voice | None:
    return Voice.objects.visible_to(member).for_cards().filter(pk=pk).first()


def candidates_beside(voice: Voice) -> VoiceQuerySet:
    """Those that were designed together with it, itself included, in their order."""
    if voice.batch is None:
        return Voice.objects.filter(pk=voice.pk).for_cards()
    return Voice.objects.filter(workspace=voice.workspace_id, batch=voice.batch).for_cards().order_by("created_at")


def expiring(member: Membership, *, within_h: int = 72) -> VoiceQuerySet:
    """Voices that will be lost within so many hours, the first first; for the home page and the rail."""
    until = timezone.now() + timedelta(hours=within_h)
    return Voice.objects.visible_to(member).running_out().filter(expires_at__lte=until).select_related("workspace")


def count_expiring(member: Membership) -> int:
    """The number beside *Voices* in the rail."""
    return expiring(member).count()


def usable_voices(workspace: Workspace | int) -> VoiceQuerySet:
    """What a picker offers of the workspace's own: on the connection it has now."""
    mine = Voice.objects.filter(workspace=workspace).living()
    return mine.filter(Q(origin=Origin.MIX) | Q(connection=connection_of(workspace))).order_by("name")


def policy_of(workspace: Workspace) -> VoicePolicy:
    """The workspace's wishes; the standard ones, unsaved, where it has none."""
    return VoicePolicy.objects.filter(workspace=workspace).first() or VoicePolicy(workspace=workspace)


def save_policy(member: Membership, policy: VoicePolicy, *, request: HttpRequest | None = None) -> None:
    with transaction.atomic():
        policy.save()
        audit.record(member, "voices.policy_changed", subject=str(policy), request=request)


def favourites(member: Membership) -> list[str]:
    """Voice ids and aliases, newest first."""
    return list(Favourite.objects.of(member).order_by("-at").values_list("voice_id", flat=True))


def set_favourite(member: Membership, voice_id: str, *, is_wanted: bool) -> None:
    if is_wanted:
        Favourite.objects.get_or_create(workspace=member.workspace, person=member.user, voice_id=voice_id)
    else:
        Favourite.objects.of(member).filter(voice_id=voice_id).delete()

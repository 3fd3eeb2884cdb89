"""The work, and its kinds of job: VOICE_CLONE and VOICE_DESIGN make a voice, VOICE_KEEP speaks with it once,
VOICE_AUDITION has one of many say a line."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from decimal import Decimal
from typing import Any, BinaryIO, cast

from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from apps.files.services import forget, remember
from apps.jobs.kinds import Errand, Finished, Kind, Result
from apps.jobs.media import media_type_of
from apps.library.models import Asset
from apps.minimax import catalogue, messages
from apps.minimax.errors import InvalidRequestError, MiniMaxError, VoiceError
from apps.minimax.files import Purpose, delete_file, upload_file
from apps.minimax.speech import SpeechRequest, TimbreWeight, synthesise
from apps.minimax.text import billed_characters
from apps.minimax.voices import CloneRequest, clone_voice, design_voice
from apps.voices import lifecycle
from apps.voices.forms import AuditionForm, CloneForm, DesignForm, KeepForm
from apps.voices.models import Origin, State, Voice, VoiceIdentity
from apps.voices.resolving import VoiceGoneError, resolve_request
from apps.workspaces.models import ConnectionKind

VOICE_EXISTS = 2039
VOICE_UNKNOWN = 20132
SUFFIXES = {"audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/wav": "wav"}


def speech_price(model: str, text: str) -> Decimal | None:
    return catalogue.price_of_speech(model, billed_characters(text)) if text else Decimal(0)


def _voice_of(errand: Errand) -> Voice:
    """Raises InvalidRequestError where it may not be made or used any more."""
    wanted = Voice.objects.select_related("workspace", "created_by", "consent", "sample", "prompt_audio", "keeping")
    voice = wanted.filter(pk=errand.job.request["voice"], workspace=errand.job.workspace).first()
    if voice is None:
        raise InvalidRequestError(translate("This voice is not in the workspace any more."), next_step="")
    has_consent = voice.origin != Origin.CLONE or (voice.consent is not None and voice.consent.is_valid)
    if voice.state == State.WITHDRAWN or not has_consent:
        raise InvalidRequestError(translate("The consent for this voice was withdrawn."), next_step="")
    return voice


def _connection(errand: Errand) -> str:
    return lifecycle.connection_name(errand.job.connection)


def _begin(errand: Errand, voice: Voice) -> tuple[VoiceIdentity, bool]:
    """Claim the id. Raises VoiceError for one that was used before, by this voice or another."""
    identity, may_exist = lifecycle.begin(voice, errand.job.request["voice_id"], _connection(errand), errand.job)
    if identity is None or identity.made_at:
        raise VoiceError(messages.VOICE_TAKEN, code=VOICE_EXISTS, next_step=messages.CHOOSE_ID)
    return identity, may_exist


def _is_settled(error: MiniMaxError, identity: VoiceIdentity, may_exist: bool) -> bool:
    """Whether the failure means that an earlier request, whose answer got lost, had made the voice after all."""
    if error.code == VOICE_EXISTS and may_exist:
        lifecycle.record_made(identity, identity.asked_at)
        return True
    if error.charged == "no" and not may_exist:
        lifecycle.forget(identity)
    return False


def _found_again(trace_id: str) -> Finished:
    return Finished(
        results=[],
        trace_id=trace_id,
        cost_usd=Decimal(0),
        notice=translate("The earlier request, whose answer got lost, had made the voice after all."),
    )


# --- clone ------------------------------------------------------------------------------------------------------------


def clone_price(request: Mapping[str, Any]) -> Decimal | None:
    """Only the preview costs something now; the fee comes with the first real use."""
    return speech_price(request["model"], request["text"])


def submit_clone(errand: Errand) -> Finished:
    """Bring MiniMax the sample and have the voice made. The files are deleted there afterwards."""
    request, client = errand.job.request, errand.client
    voice = _voice_of(errand)
    if voice.sample is None:
        raise InvalidRequestError(translate("There is no recording to make this voice from."), next_step="")
    with ExitStack() as files:
        sample = _upload(errand, files, voice.sample, "voice_clone")
        prompt_audio = _upload(errand, files, voice.prompt_audio, "prompt_audio") if voice.prompt_audio else ""
        identity, may_exist = _begin(errand, voice)
        began = timezone.now()
        try:
            cloned = clone_voice(
                client,
                CloneRequest(
                    voice_id=identity.voice_id,
                    sample=sample,
                    prompt_audio=prompt_audio,
                    prompt_text=voice.prompt_text if prompt_audio else "",
                    text=request["text"],
                    model=request["model"],
                    language_boost=request["language_boost"],
                    text_validation=request["text_validation"],
                    accuracy=request["accuracy"],
                    need_noise_reduction=request["need_noise_reduction"],
                    need_volume_normalization=request["need_volume_normalization"],
                ),
            )
        except MiniMaxError as error:
            if _is_settled(error, identity, may_exist):
                return _found_again(error.trace_id)
            if not request["text"]:
                error.charged = "no"  # without a preview this call costs nothing, whatever became of it
                if error.next_step == messages.DECIDE:
                    error.next_step = messages.TRY_AGAIN
            raise
        lifecycle.record_made(identity, began)
    notice = ""
    if request["text"] and not cloned.demo_url:
        notice = (
            translate("MiniMax made the voice and withheld the preview: its content check flagged the text.")
            if cloned.is_flagged
            else translate("MiniMax made the voice and sent no preview.")
        )
    billed = cloned.usage_characters
    return Finished(
        results=[Result("audio", url=cloned.demo_url, lifetime_s=catalogue.lifetimes.clone_demo)]
        if cloned.demo_url
        else [],
        trace_id=cloned.trace_id,
        usage={"usage_characters": billed} if billed else {},
        cost_usd=catalogue.price_of_speech(request["model"], billed) if billed else None,
        notice=notice,
    )


def _upload(errand: Errand, files: ExitStack, asset: Asset, purpose: Purpose) -> str:
    """Send a file and return its id there; leaving `files` deletes it again. A repeat costs nothing."""
    suffix = SUFFIXES.get(asset.content_type, "mp3")
    with asset.file.open("rb") as content:
        try:
            remote = upload_file(
                errand.client,
                purpose=purpose,
                filename=f"{purpose}.{suffix}",
                content=cast(BinaryIO, content),
                content_type=asset.content_type,
            )
        except MiniMaxError as error:
            if error.code in (None, 1000, 1001, 1013, 1024, 1033):
                error.retryable = True
            raise
    remember(errand.job.workspace, remote, purpose=purpose, job=errand.job)
    files.callback(_clear_away, errand, remote.file_id, purpose)
    return remote.file_id


def _clear_away(errand: Errand, file_id: str, purpose: str) -> None:
    with suppress(MiniMaxError):  # free, and what stays behind does no harm
        delete_file(errand.client, file_id, purpose)
        forget(errand.job.workspace, file_id, purpose=purpose)


VOICE_CLONE = Kind(
    name="voice_clone",
    label=_("Voice from a recording"),
    icon="mic",
    page="voices:index",
    family="voice_clone",
    form=CloneForm,
    title=lambda request: str(request["name"]),
    price=clone_price,
    submit=submit_clone,
    is_once=True,
)


# --- design -----------------------------------------------------------------------------------------------------------


def design_price(request: Mapping[str, Any]) -> Decimal | None:
    """The preview is billed as speech, with which model MiniMax does not say; the fee comes with the first real use."""
    return speech_price(catalogue.speech.design.recommended_model, request["preview_text"])


def submit_design(errand: Errand) -> Finished:
    """Have a voice made after its description. Its sound comes with the answer."""
    request = errand.job.request
    voice = _voice_of(errand)
    identity, may_exist = _begin(errand, voice)
    began = timezone.now()
    try:
        designed = design_voice(
            errand.client,
            prompt=request["prompt"],
            preview_text=request["preview_text"],
            voice_id=identity.voice_id,
        )
    except MiniMaxError as error:
        if _is_settled(error, identity, may_exist):
            return _found_again(error.trace_id)
        raise
    lifecycle.record_made(identity, began, voice_id=designed.voice_id)
    result = errand.keep(designed.trial_audio, "audio")
    if not media_type_of(errand.spool / result.path, "audio")[0]:
        notice = translate("MiniMax made the voice and sent no preview that can be played.")
        return Finished(results=[], trace_id=designed.trace_id, notice=notice)
    return Finished(
        results=[result],
        trace_id=designed.trace_id,
        usage={"characters": billed_characters(request["preview_text"])},
    )


VOICE_DESIGN = Kind(
    name="voice_design",
    label=_("Voice from a description"),
    icon="wand-sparkles",
    page="voices:index",
    family="voice_design",
    form=DesignForm,
    title=lambda request: str(request["name"]),
    price=design_price,
    submit=submit_design,
    is_once=True,
)


# --- keep -------------------------------------------------------------------------------------------------------------


def keep_price(request: Mapping[str, Any]) -> Decimal | None:
    """The fee of the first real use, and its characters."""
    characters = speech_price(request["model"], request["text"])
    return None if characters is None else lifecycle.fee_for(request["origin"]) + characters


def submit_keep(errand: Errand) -> Finished:
    """Speak with the voice once, for real, unless MiniMax lists it already: then somebody has."""
    request, client = errand.job.request, errand.client
    voice = _voice_of(errand)
    if voice.voice_id != request["voice_id"] or voice.connection != _connection(errand):
        raise VoiceError(translate("This voice exists no more as it was when this was asked for."), next_step="")
    if voice.state == State.KEPT or _is_listed(errand, voice):
        return Finished(results=[], cost_usd=Decimal(0), notice=translate("It was kept already: nothing was spoken."))
    source = f"job:{errand.job.pk}"
    used: dict[str, Any] = {"how": "keep", "source": source, "at": timezone.now()}
    speech = SpeechRequest(
        text=request["text"],
        model=request["model"],
        voice_id=voice.voice_id,
        language_boost=voice.language or None,
    )
    try:
        spoken = synthesise(client, speech)
    except MiniMaxError as error:
        if error.charged == "yes":  # it spoke, and only its sound is of no use
            lifecycle.record_use(voice.workspace, voice.alias, trace_id=error.trace_id, **used)
        elif error.code == VOICE_UNKNOWN and voice.expires_at and voice.expires_at <= timezone.now():
            lifecycle.mark_gone(voice)
        raise
    result = errand.keep(spoken.audio or b"", "audio")
    lifecycle.record_use(voice.workspace, voice.alias, trace_id=spoken.trace_id, **used)
    notice = ""
    try:
        if not _is_verified(errand, voice):
            notice = translate("MiniMax took the voice into use and does not list it yet; the studio looks again.")
    except MiniMaxError:
        notice = translate("MiniMax took the voice into use, and could not be asked to confirm it; the studio does so.")
    billed = spoken.info.usage_characters
    characters = catalogue.price_of_speech(request["model"], billed)
    return Finished(
        results=[result] if media_type_of(errand.spool / result.path, "audio")[0] else [],
        trace_id=spoken.trace_id,
        usage={"usage_characters": billed, "voices": 1},
        cost_usd=None if characters is None else lifecycle.fee_for(voice.origin) + characters,
        notice=notice,
    )


def _is_listed(errand: Errand, voice: Voice) -> bool:
    """Ask first: an earlier call may have been made although its answer got lost. Free, so it may be repeated."""
    try:
        return _is_verified(errand, voice)
    except MiniMaxError as error:
        error.charged, error.retryable = "no", error.retryable or error.code is None
        raise


def _is_verified(errand: Errand, voice: Voice) -> bool:
    lifecycle.compare(voice.workspace, voice.connection, errand.client)
    voice.refresh_from_db(fields=["state", "verified_at"])
    return voice.state == State.KEPT and voice.verified_at is not None


VOICE_KEEP = Kind(
    name="voice_keep",
    label=_("Voice kept"),
    icon="lock-keyhole",
    page="voices:index",
    family="speech",
    form=KeepForm,
    title=lambda request: translate("Keep “%(name)s”") % {"name": request["name"]},
    price=keep_price,
    submit=submit_keep,
    is_once=True,
)

# --- audition ---------------------------------------------------------------------------------------------------------


def audition_price(request: Mapping[str, Any]) -> Decimal | None:
    """Its characters. The fee of a voice that speaks for the first time is in the price of the whole audition."""
    return speech_price(request["model"], request["text"])


def submit_audition(errand: Errand) -> Finished:
    """Have one voice say the line with one model. That is a real use, and keeps a voice of the workspace."""
    job = errand.job
    request, voice = job.request, job.request["voice"]
    try:
        spoken = resolve_request(job.workspace, voice, [])
    except VoiceGoneError as error:
        raise InvalidRequestError(str(error), next_step="") from error
    if asdict(spoken) != request["spoken"]:
        raise VoiceError(translate("This voice exists no more as it was when this was asked for."), next_step="")
    used: dict[str, Any] = {"how": "audition", "source": f"job:{job.pk}", "at": timezone.now()}
    speech = SpeechRequest(
        text=request["text"],
        model=request["model"],
        voice_id=spoken.voice_id,
        timbre_weights=tuple(TimbreWeight(**part) for part in spoken.timbre_weights),
    )
    try:
        said = synthesise(errand.client, speech)
    except MiniMaxError as error:
        if error.charged == "yes":
            lifecycle.record_use(job.workspace, voice, trace_id=error.trace_id, **used)
        raise
    result = errand.keep(said.audio or b"", "audio")
    lifecycle.record_use(job.workspace, voice, trace_id=said.trace_id, **used)
    billed = said.info.usage_characters
    return Finished(
        results=[result],
        trace_id=said.trace_id,
        usage={"usage_characters": billed},
        cost_usd=catalogue.price_of_speech(request["model"], billed) if billed else None,
    )


VOICE_AUDITION = Kind(
    name="voice_audition",
    label=_("Audition"),
    icon="ear",
    page="voices:audition",
    family="speech",
    form=AuditionForm,
    title=lambda request: str(request["text"]),
    price=audition_price,
    submit=submit_audition,
    is_part=True,
)

KINDS = {Origin.CLONE: VOICE_CLONE, Origin.DESIGN: VOICE_DESIGN}


def is_free(connection: str) -> bool:
    return connection == ConnectionKind.SANDBOX

"""From the name a request gives a voice to the id that MiniMax knows now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.voices.lifecycle import as_uuid, connection_of, fee_of, find_own, parts_of
from apps.voices.models import ALIAS, Origin, State, Voice, is_alias
from apps.workspaces.models import Workspace


class VoiceGoneError(Exception):
    """The voice cannot be used. `str(error)` says why and what to do; nothing was sent, nothing charged."""


@dataclass(frozen=True)
class Spoken:
    """What the wire wants in place of aliases."""

    voice_id: str  # "" where a mix speaks
    timbre_weights: list[dict[str, Any]]


def names_own_voice(voice_id: str) -> bool:
    """Whether the workspace has to be asked about it: nothing but MiniMax's own voices goes without saying."""
    return bool(voice_id) and voice_id not in catalogue.voices.everything


def resolve(workspace: Workspace | int, value: str) -> str:
    """Return the voice_id that an alias stands for now; a plain id stands for itself. Raises VoiceGoneError.

    A plain id whose voice may not be used any more is refused like its alias.
    """
    if not names_own_voice(value):
        return value
    voice = find_own(workspace, value)
    if voice is None:
        if is_alias(value):
            raise VoiceGoneError(_("This voice is not in the workspace any more. Choose another one."))
        return value
    if voice.origin == Origin.MIX:
        raise VoiceGoneError(_("“%(name)s” is a mix, and cannot be a part here.") % {"name": voice.name})
    if is_alias(value):
        _check(workspace, voice)
        return voice.voice_id
    if voice.state == State.WITHDRAWN:
        _check(workspace, voice)
    return value


def resolve_request(workspace: Workspace | int, voice_id: str, weights: Sequence[dict[str, Any]]) -> Spoken:
    """The same for a whole request, where a mix of the workspace may speak too. Raises VoiceGoneError."""
    if is_alias(voice_id):
        voice = find_own(workspace, voice_id)
        if voice is not None and voice.origin == Origin.MIX:
            if voice.state != State.KEPT:
                _check(workspace, voice)
            voice_id, weights = "", voice.parameters["timbre_weights"]
    parts = [{**part, "voice_id": resolve(workspace, part["voice_id"])} for part in weights]
    return Spoken(resolve(workspace, voice_id) if voice_id else "", parts)


def fee_at_use(workspace: Workspace | int, voice_ids: Iterable[str]) -> Decimal:
    """US dollars that speaking with these voices costs beside the characters: the fee of each that is used first."""
    own = {voice_id for voice_id in voice_ids if names_own_voice(voice_id)}
    found = {voice.pk: voice for voice in (find_own(workspace, voice_id) for voice_id in own) if voice}
    parts = {part for voice in found.values() for part in parts_of(voice) if names_own_voice(part)}
    found |= {voice.pk: voice for voice in (find_own(workspace, part) for part in parts) if voice}
    return sum((fee_of(voice) for voice in found.values() if voice.is_usable), Decimal(0))


def _check(workspace: Workspace | int, voice: Voice) -> None:
    """Raises VoiceGoneError with the sentence for the state that the voice is in."""
    name = {"name": voice.name}
    match voice.state_now:
        case State.WITHDRAWN:
            raise VoiceGoneError(
                _("The consent for “%(name)s” was withdrawn: it cannot be used any more. Choose another voice.") % name
            )
        case State.NEW:
            raise VoiceGoneError(_("“%(name)s” has not been made yet. Make it on the Voices page.") % name)
        case State.GONE if voice.has_vanished:
            raise VoiceGoneError(
                _("“%(name)s” was deleted at MiniMax, outside this studio. See the Voices page.") % name
            )
        case State.GONE:
            raise VoiceGoneError(
                _("“%(name)s” was lost because it was never used. Make it again on the Voices page.") % name
            )
        case State.DELETED:
            raise VoiceGoneError(_("“%(name)s” was deleted. Make it again on the Voices page.") % name)
    if voice.origin != Origin.MIX and voice.connection != connection_of(workspace):
        raise VoiceGoneError(
            _("“%(name)s” exists on another connection. Make it again on this one, on the Voices page.") % name
        )


# --- names ------------------------------------------------------------------------------------------------------------

NAMED_FOR_S = 300


def _name_key(voice_id: str) -> str:
    return f"voices.name.{hashlib.sha256(voice_id.encode()).hexdigest()[:32]}"


def name_of(voice_id: str) -> str:
    """What people call a voice that an alias or MiniMax's id names; "" for one that is nobody's here."""
    name = cache.get(_name_key(voice_id))
    if name is None:
        if is_alias(voice_id):
            pk = as_uuid(voice_id.removeprefix(ALIAS))
            named = Voice.objects.filter(pk=pk) if pk else Voice.objects.none()
        else:
            named = Voice.objects.filter(identities__voice_id=voice_id)
        name = named.values_list("name", flat=True).first() or ""
        cache.set(_name_key(voice_id), name, NAMED_FOR_S)
    return str(name)


def forget_name(voice: Voice) -> None:
    ids = [voice.alias, *voice.identities.values_list("voice_id", flat=True)]
    cache.delete_many([_name_key(voice_id) for voice_id in ids])

"""What voices have to do with assets: the recordings they were made from, and what was spoken with them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.library.dependants import MOST
from apps.library.lineage import Origin
from apps.library.models import Asset
from apps.voices.models import ALIAS, Voice
from apps.workspaces.models import Membership


def may_be_sample(asset: Asset) -> bool:
    """Whether somebody is likely to speak in it, and nobody else and nothing beside; what cannot be used is refused."""
    return asset.kind not in ("music", "book")


def find_parents(asset: Asset) -> list[tuple[uuid.UUID, str]]:
    """The recordings of the voices that speak in it."""
    voices = Voice.objects.filter(workspace=asset.workspace_id, pk__in=_voices_of(asset), sample__isnull=False)
    return [(pk, "voice") for pk in voices.values_list("sample", flat=True)]


def find_origins(member: Membership, asset: Asset) -> Iterator[Origin]:
    named = _voices_of(asset)
    for voice in Voice.objects.visible_to(member).filter(pk__in=named) if named else ():
        url = reverse("voices:voice", args=[member.workspace.slug, voice.pk])
        yield Origin(_("Voice"), voice.name, url, "audio-waveform")


def find_voices(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    """Voices that can be made again from this recording only."""
    made_from = Voice.objects.visible_to(member).filter(Q(sample=asset) | Q(prompt_audio=asset))
    for voice in made_from.order_by("name")[: MOST + 1]:
        yield voice.name, reverse("voices:voice", args=[member.workspace.slug, voice.pk])


def find_consents(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    proved = Voice.objects.visible_to(member).filter(consent__file=asset, consent__withdrawn_at=None)
    for voice in proved.select_related("consent").order_by("name")[: MOST + 1]:
        url = reverse("voices:voice", args=[member.workspace.slug, voice.pk])
        yield f"{voice.consent.person if voice.consent else ''}: {voice.name}", url


def sampled_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    made_from = Voice.objects.visible_to(member).filter(Q(sample__in=ids) | Q(prompt_audio__in=ids))
    return (pk for both in made_from.values_list("sample", "prompt_audio") for pk in both if pk)


def proving_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    proved = Voice.objects.visible_to(member).filter(consent__file__in=ids, consent__withdrawn_at=None)
    return proved.values_list("consent__file", flat=True)


def _voices_of(asset: Asset) -> list[uuid.UUID]:
    """The workspace's own voices that its request names."""
    request = asset.request
    weights = request.get("timbre_weights")
    named = [asset.voice_id, request.get("voice_id"), request.get("voice")]
    named += [part.get("voice_id") for part in weights if isinstance(part, dict)] if isinstance(weights, list) else []
    found = []
    for name in named:
        try:
            found.append(uuid.UUID(str(name or "").removeprefix(ALIAS)))
        except ValueError:
            continue  # MiniMax's own, or none
    return found

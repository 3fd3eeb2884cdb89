"""What a person can do with music."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db.models import Q

from apps.jobs.models import Job
from apps.jobs.services import jobs_of
from apps.library import recalling
from apps.library.details import describe_request
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.music.forms import MusicForm
from apps.music.generation import LYRICS, MUSIC
from apps.music.lyrics import INSTRUMENTAL, OPTIMIZER, OWN
from apps.music.models import Writing
from apps.workspaces.models import Membership

PAGE = 8  # songs
PROPOSALS = 3
WRITINGS = 20
MOST_CARRIED_OVER = 4000  # characters of a text that comes with the address


def find_song(member: Membership, pk: Any) -> Asset | None:
    try:
        return Asset.objects.visible_to(member).filter(pk=uuid.UUID(str(pk)), kind=MUSIC.name).first()
    except ValueError:
        return None


def recall(member: Membership, asset_id: str, only: str = "") -> dict[str, Any]:
    """Return initial values for the form: the settings that made a song of this workspace."""
    request = recalling.request_of(member, asset_id, MUSIC.name, MusicForm.base_fields)
    if not request:
        return {}
    song = find_song(member, asset_id)  # None: a file says it was made so
    known = recalling.recall(request, MusicForm.base_fields, only)
    if only == "settings":
        return known
    words = INSTRUMENTAL if request.get("is_instrumental") else OPTIMIZER if request.get("lyrics_optimizer") else OWN
    return known | {"words": words} | ({"remade_from": str(song.pk)} if song else {})


def prices() -> dict[str, Any]:
    return dict(catalogue.prices.music)


# --- lyrics -----------------------------------------------------------------------------------------------------------


def proposals(member: Membership) -> list[Job]:
    """Lyrics that this person had written, or that are being written, and has neither taken nor left."""
    jobs = jobs_of(member, mine=True, kind=LYRICS.name).select_related("writing")
    return list(jobs.filter(Q(writing=None) | Q(writing__is_settled=False)).exclude(status="cancelled")[:PROPOSALS])


def settle(job: Job) -> None:
    """The proposal was taken or left; it can still be found among what was written earlier."""
    Writing.objects.update_or_create(job=job, defaults={"is_settled": True})


def list_writings(member: Membership) -> list[Writing]:
    """What was written for this workspace, newest first."""
    written = Writing.objects.visible_to(member).exclude(lyrics="")
    return list(written.select_related("job__created_by").order_by("-job_id")[:WRITINGS])


# --- two versions side by side ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    text: str
    is_changed: bool  # it does not stand in the other version


@dataclass(frozen=True)
class Comparison:
    a: Asset
    b: Asset
    settings: list[tuple[str, str, str]]  # label, of a, of b: where they differ
    lyrics_a: list[Line]
    lyrics_b: list[Line]

    @property
    def sides(self) -> list[tuple[str, Asset, list[Line]]]:
        return [("a", self.a, self.lyrics_a), ("b", self.b, self.lyrics_b)]


def compare(a: Asset, b: Asset) -> Comparison:
    """What two songs were made from, side by side."""
    ours, theirs = a.request.get("lyrics", "").split("\n"), b.request.get("lyrics", "").split("\n")
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    same_a = {index for block in matcher.get_matching_blocks() for index in range(block.a, block.a + block.size)}
    same_b = {index for block in matcher.get_matching_blocks() for index in range(block.b, block.b + block.size)}
    return Comparison(
        a,
        b,
        list(_differences(a, b)),
        [Line(text, index not in same_a) for index, text in enumerate(ours)],
        [Line(text, index not in same_b) for index, text in enumerate(theirs)],
    )


def _differences(a: Asset, b: Asset) -> Iterator[tuple[str, str, str]]:
    ours, theirs = dict(describe_request(a)), dict(describe_request(b))
    for label in {**ours, **theirs}:
        if ours.get(label) != theirs.get(label):
            yield label, ours.get(label, "–"), theirs.get(label, "–")

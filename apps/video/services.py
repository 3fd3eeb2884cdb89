"""What a person can do with video."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.jobs.models import Job
from apps.jobs.services import jobs_of
from apps.library import recalling
from apps.library.models import Asset, AssetStatus
from apps.library.services import keep
from apps.library.tasks import local_copy, ring
from apps.library.uploads import find_picture
from apps.video.cutting import CutError, take_frame
from apps.video.forms import VideoForm
from apps.video.generation import VIDEO
from apps.video.mixes import PICTURES
from apps.video.models import Film
from apps.video.tasks import join_clips
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable

PAGE = 12
MOST_CLIPS = 20
FRAME_KIND = "frame"
HANDED_OVER = {  # parameter of the page's address → the field it fills and the mode it sets
    "first_frame_image": ("first_frame_image", "i2v"),
    "last_frame_image": ("last_frame_image", "fl2v"),
    "subject": ("subject_reference", "s2v"),
}


def list_cards(member: Membership, *, before: uuid.UUID | None = None) -> tuple[list[Job | Film], uuid.UUID | None]:
    """The workspace's videos and the films joined from them, newest first, and where the next page starts."""
    jobs = jobs_of(member, kind=VIDEO.name)
    films = Film.objects.visible_to(member).select_related("workspace", "created_by", "asset").order_by("-id")
    if before:
        jobs, films = jobs.filter(pk__lt=before), films.filter(pk__lt=before)
    found: list[Job | Film] = [*jobs[: PAGE + 1], *films[: PAGE + 1]]
    found.sort(key=lambda card: card.pk, reverse=True)
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def recall(member: Membership, asset_id: str, only: str = "") -> dict[str, Any]:
    """Initial values for the form: the settings that made a video of this workspace."""
    request = recalling.request_of(member, asset_id, VIDEO.name, VideoForm.base_fields)
    return recalling.recall(request, VideoForm.base_fields, only)


def handed_over(member: Membership, query: Any) -> dict[str, Any]:
    """Initial values for what another page sent here: a picture, and the mode that has a use for it."""
    given: dict[str, Any] = {}
    for parameter, (field, mode) in HANDED_OVER.items():
        if query.get(parameter) and find_picture(member, query[parameter]):
            given |= {field: query[parameter], "mode": mode}
    return given


def pictures_of(member: Membership, form: VideoForm) -> dict[str, Asset | None]:
    """What the form's picture fields show."""
    return {name: find_picture(member, form[name].value()) for name in PICTURES}


# --- cutting ----------------------------------------------------------------------------------------------------------


class NotCutError(Exception):
    """It cannot be done; `str(error)` is a sentence for the person."""


def keep_frame(member: Membership, video: Asset, at_s: float | None) -> Asset:
    """Take the picture that is seen at `at_s` (None: the last one) into the library; what was before is found again.

    Call it outside a transaction. Raises NotCutError.
    """
    with TemporaryDirectory(prefix="studio-frame-") as folder, local_copy(video.file) as path:
        target = Path(folder) / "frame.png"
        try:
            frame = take_frame(path, target, at_s=at_s)
        except CutError as error:
            raise NotCutError(_("This video could not be opened there.")) from error
        with target.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        known = Asset.objects.visible_to(member).filter(kind=FRAME_KIND, sha256=sha256).order_by("-id").first()
        if known:
            return known
        return keep(
            member,
            kind=FRAME_KIND,
            title=_("%(seconds)s s into %(video)s") % {"seconds": f"{frame.at_s:.2f}", "video": video.title},
            text=video.text,
            source=target,
            filename=target.name,
            content_type="image/png",
            request={"from_video": str(video.pk), "at_s": frame.at_s},
            measurements={"width": frame.width, "height": frame.height},
        )


def join(member: Membership, pks: Sequence[str], *, click: str) -> Film:
    """Have several videos joined into one file, in this order. A second press returns the first film.

    Raises NotCutError.
    """
    if not MOST_CLIPS >= len(pks) >= 2:
        raise NotCutError(_("Choose between 2 and %(most)d videos.") % {"most": MOST_CLIPS})
    clips = [find_video(member, pk) for pk in pks]
    if None in clips:
        raise NotCutError(_("One of these videos is not in the library any more."))
    first = clips[0]
    with transaction.atomic():
        film, is_new = Film.objects.get_or_create(
            workspace=member.workspace,
            click=storable(click),
            defaults={
                "created_by": member.user,
                "title": first.title if first else "",
                "clips": [str(clip.pk) for clip in clips if clip],
            },
        )
        if is_new:
            transaction.on_commit(lambda: ring(join_clips, film.pk), robust=True)
    return film


def find_video(member: Membership, pk: str) -> Asset | None:
    """A video of the workspace that can be opened."""
    asset = find_picture(member, pk)
    return asset if asset and asset.medium == "video" and asset.status != AssetStatus.DAMAGED else None

"""Takes what somebody recorded or uploaded into the library as a sample of a voice, and mends it there."""

from __future__ import annotations

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.library.models import Asset
from apps.library.services import keep, move_to_trash
from apps.library.storage_use import check_room
from apps.voices.checks import (
    SUFFIXES,
    TYPES,
    Check,
    Purpose,
    as_request,
    find_checks,
    find_refusal,
    found_in,
    needs_preparing,
    sentence_for,
)
from apps.voices.models import Voice
from apps.voices.samples import MOST_UPLOAD_BYTES, Found, NoSampleError, examine, prepare
from apps.workspaces.models import Membership

KIND = "voice_sample"
MENDABLE = ("trim", "confirm")


class SampleRefusedError(Exception):
    """The file is not kept; `str(error)` is a sentence for the person."""


def take_sample(member: Membership, file: UploadedFile, purpose: Purpose) -> Asset:
    """Keep a recording that can be used, or mended here. Call it outside a transaction. Raises SampleRefusedError."""
    title = PurePath(file.name or "").stem.replace("\0", "") or _("Recording")
    return _take(member, file, purpose, title=title)


def take_asset(member: Membership, asset: Asset, purpose: Purpose) -> Asset:
    """The same with a sound that lies in the library. One that was taken before is found again."""
    if asset.kind == KIND:
        return asset
    taken = Asset.objects.visible_to(member).filter(kind=KIND, made_from__parent=asset, request__purpose=purpose)
    return taken.order_by("-id").first() or _take(member, asset.file, purpose, title=asset.title, taken_from=asset)


def _take(member: Membership, file: File, purpose: Purpose, *, title: str, taken_from: Asset | None = None) -> Asset:
    if (file.size or 0) > MOST_UPLOAD_BYTES:
        raise SampleRefusedError(sentence_for("large"))
    check_room(member.workspace_id, member.user_id, more=file.size or 0)
    with TemporaryDirectory(prefix="studio-sample-") as folder:
        path = Path(folder) / "brought"
        with path.open("wb") as target:
            for block in file.chunks():
                target.write(block)
        try:
            found, brought = examine(path), None
            if needs_preparing(found):
                brought = found
                path, found = prepare(path, Path(folder) / "prepared")
        except NoSampleError as error:
            raise SampleRefusedError(sentence_for(error.reason)) from error
        checks = find_checks(found, purpose, brought=brought)
        if any(check.state == "bad" and check.way not in MENDABLE for check in checks):
            raise SampleRefusedError(find_refusal([check for check in checks if check.way not in MENDABLE]))
        source = str(taken_from.pk) if taken_from else ""
        return _keep(member, path, found, purpose, title=title, brought=brought, confirmed=False, taken_from=source)


def mend_sample(
    member: Membership,
    asset: Asset,
    *,
    start_s: float = 0,
    end_s: float | None = None,
    normalise: bool = False,
    confirm: bool = False,
) -> Asset:
    """Return a sample made of this one, which goes to the trash unless a voice needs it. Raises SampleRefusedError."""
    found, _checks = found_in(asset.request)
    purpose: Purpose = "prompt" if asset.request.get("purpose") == "prompt" else "sample"
    confirmed = confirm or bool(asset.request.get("confirmed"))
    taken_from = asset.request.get("taken_from", "")
    if confirm:
        asset.request = as_request(found, purpose, confirmed=True) | ({"taken_from": taken_from} if taken_from else {})
        asset.save(update_fields=["request"])
        return asset
    with TemporaryDirectory(prefix="studio-sample-") as folder:
        source = Path(folder) / "source"
        with asset.file.open("rb") as given, source.open("wb") as target:
            for block in given.chunks():
                target.write(block)
        try:
            path, now = prepare(source, Path(folder) / "prepared", start_s=start_s, end_s=end_s, normalise=normalise)
        except NoSampleError as error:
            raise SampleRefusedError(sentence_for(error.reason)) from error
        source_id = taken_from or str(asset.pk)
        made = _keep(
            member, path, now, purpose, title=asset.title, brought=None, confirmed=confirmed, taken_from=source_id
        )
    if not Voice.objects.filter(Q(sample=asset) | Q(prompt_audio=asset)).exists():  # a voice is made again from its own
        move_to_trash(member, asset)
    return made


def read_sample(asset: Asset) -> tuple[Found, list[Check], str]:
    """What there is to show and to say of a sample, and what keeps it from being sent (empty: nothing)."""
    found, checks = found_in(asset.request)
    return found, checks, find_refusal(checks)


def _keep(
    member: Membership,
    path: Path,
    found: Found,
    purpose: Purpose,
    *,
    title: str,
    brought: Found | None,
    confirmed: bool,
    taken_from: str = "",  # the asset that it is a part of
) -> Asset:
    suffix = SUFFIXES[found.demuxer]
    return keep(
        member,
        kind=KIND,
        title=title,
        text="",
        source=path,
        filename=f"sample.{suffix}",
        content_type=TYPES[suffix],
        request=as_request(found, purpose, brought=brought, confirmed=confirmed)
        | ({"taken_from": taken_from} if taken_from else {}),
        measurements={"duration_s": found.duration_s, "sample_rate": found.sample_rate, "channels": found.channels},
    )

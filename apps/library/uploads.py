"""Pictures that people bring, or choose from the library, for a field of some form.

How another modality uses it. In its `ready()` it says what the field takes, with the rules of the catalogue:

    uploads.register(Purpose("video.frame", catalogue.video.image))

Its page links `library/picture_field.css`, loads `library/picture_field.js` as a module and shows the field. `picture`
is the Asset that is chosen already, or None; the hidden input `name` (id: `id_<name>`) belongs to the form `form_id`:

    {% include "library/_picture_field.html" with name="first_frame_image" form_id="video" purpose="video.frame"
       picture=first_frame label=label none=none hint=hint errors=form.first_frame_image.errors %}    (on one line)

Its form has a `forms.UUIDField(required=False)` of that name, and `check_choice` in `clean_<name>`. In the page the
field sends `picture:change` with {id, title, src}, and its input an ordinary `change`. A script fills it with
`setPicture` of the module. `find_picture` looks up what `?first_frame_image=<asset>` in the address names.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from apps.library.cleaning import SUFFIXES, TYPES, NotAPictureError, clean_picture
from apps.library.models import Asset, AssetQuerySet, AssetStatus
from apps.library.services import find_assets, keep
from apps.library.storage_use import check_room
from apps.minimax import messages
from apps.minimax.catalogue.schema import PictureRules
from apps.minimax.errors import InvalidRequestError
from apps.workspaces.models import Membership

KIND = "upload"


class UploadRefusedError(Exception):
    """The picture is not taken; `str(error)` is a sentence for the person."""


@dataclass(frozen=True)
class Purpose:
    """What a picture is wanted for, and what it has to be for that."""

    name: str  # of the app and the field, e.g. "images.reference"
    rules: PictureRules


_purposes: dict[str, Purpose] = {}


def register(purpose: Purpose) -> None:
    _purposes[purpose.name] = purpose


def get_purpose(name: str) -> Purpose | None:
    return _purposes.get(name)


@dataclass(frozen=True)
class Brought:
    """What a file that is brought says of how it was made; `remember` writes it down for the asset it became."""

    title: str
    text: str
    remember: Callable[[Asset], None]


_readers: list[Callable[[Path], Brought | None]] = []


def register_reader(read: Callable[[Path], Brought | None]) -> None:
    """`read(path)` is asked before the file is freed of all it says; it must not raise."""
    if read not in _readers:
        _readers.append(read)


def read_brought(path: Path) -> Brought | None:
    return next((brought for read in _readers if (brought := read(path))), None)


def take_picture(member: Membership, file: UploadedFile, *, purpose: Purpose) -> Asset:
    """Take a picture into the library, upright and without place, camera and date. Call it outside a transaction.

    What was brought before, byte for byte, is found again. Raises UploadRefusedError.
    """
    limit = purpose.rules.below_bytes
    if (file.size or 0) >= limit:
        raise UploadRefusedError(_("This file is too large: less than %(count)d MB, please.") % {"count": limit >> 20})
    check_room(member.workspace_id, member.user_id, more=file.size or 0)
    with TemporaryDirectory(prefix="studio-upload-") as folder:
        source, clean = Path(folder) / "source", Path(folder) / "clean"
        with source.open("wb") as target:
            for block in file.chunks():
                target.write(block)
        brought = read_brought(source)
        try:
            found = clean_picture(source, clean, below_bytes=limit)
        except NotAPictureError as error:
            raise UploadRefusedError(_sentence(error.reason)) from error
        _check_shape(purpose.rules, found.width, found.height)
        return keep_once(
            member,
            clean,
            name=file.name or "",
            brought=brought,
            filename=f"upload{SUFFIXES[found.format]}",
            content_type=TYPES[found.format],
            measurements={"width": found.width, "height": found.height},
        )


def keep_once(
    member: Membership,
    clean: Path,
    *,
    name: str,
    brought: Brought | None,
    filename: str,
    content_type: str,
    measurements: Mapping[str, Any] | None = None,
) -> Asset:
    """Keep a file under the `name` it was brought by. What was brought before, byte for byte, is found again."""
    asset = _find_again(member, clean) or keep(
        member,
        kind=KIND,
        title=(brought and brought.title) or PurePath(name).stem.replace("\0", "") or _("Upload"),
        text=brought.text if brought else "",
        source=clean,
        filename=filename,
        content_type=content_type,
        request={},
        measurements=measurements,
    )
    if brought:
        brought.remember(asset)
    return asset


def find_usable(member: Membership, purpose: Purpose, *, q: str = "", before: uuid.UUID | None = None) -> AssetQuerySet:
    """The pictures of the workspace that fit, newest first. Which shapes fit is for `refusal`: no index knows that."""
    rules = purpose.rules
    return (
        find_assets(member, q=q, before=before)
        .filter(content_type__in=rules.types, size__lt=rules.below_bytes)
        .exclude(status=AssetStatus.DAMAGED)
    )


def refusal(purpose: Purpose, asset: Asset) -> str:
    """Why MiniMax would not take this asset for the purpose, as a sentence; empty: it would."""
    rules = purpose.rules
    if asset.content_type not in rules.types or asset.status == AssetStatus.DAMAGED:
        return _("This has to be a picture: %(formats)s. Choose another one.") % {"formats": _formats(rules)}
    if asset.size >= rules.below_bytes:
        return _("This picture is too large: less than %(count)d MB, please.") % {"count": rules.below_bytes >> 20}
    width, height = asset.measurements.get("width"), asset.measurements.get("height")
    try:
        if width and height:
            _check_shape(rules, int(width), int(height))
    except UploadRefusedError as error:
        return str(error)
    return ""


def check_choice(member: Membership, pk: Any, purpose: Purpose) -> str:
    """For `clean_<field>` of a form: the id of a picture that fits, or empty where none was chosen.

    Raises ValidationError, also where the picture is not the member's to see.
    """
    if not pk:
        return ""
    asset = find_picture(member, pk)
    if asset is None:
        raise ValidationError(_("This picture is not in the library any more. Choose another one."))
    if sentence := refusal(purpose, asset):
        raise ValidationError(sentence)
    return str(asset.pk)


def find_picture(member: Membership, pk: Any) -> Asset | None:
    """What a form or an address names, to show it; None when it names nothing that can be seen."""
    try:
        return Asset.objects.visible_to(member).filter(pk=uuid.UUID(str(pk))).first() if pk else None
    except ValueError:
        return None


def describe_rules(rules: PictureRules) -> str:
    """The limits in words, to stand beside a field."""
    said = [
        _("%(formats)s or WebP, less than %(count)d MB.")
        % {"formats": ", ".join(["JPEG", "PNG"]), "count": rules.below_bytes >> 20}
    ]
    if rules.short_side_above_px:
        said.append(_("The shorter side has more than %(count)d pixels.") % {"count": rules.short_side_above_px})
    if rules.max_aspect_ratio:
        said.append(
            _("Its shape lies between %(narrow)s and %(wide)s.")
            % {"narrow": _ratio(rules.min_aspect_ratio), "wide": _ratio(rules.max_aspect_ratio)}
        )
    return " ".join(said)


def _check_shape(rules: PictureRules, width: int, height: int) -> None:
    if min(width, height) <= rules.short_side_above_px:
        raise UploadRefusedError(
            _("This picture is too small: the shorter side has %(side)d pixels, and more than %(count)d are needed.")
            % {"side": min(width, height), "count": rules.short_side_above_px}
        )
    shape = width / height
    if shape < rules.min_aspect_ratio or (rules.max_aspect_ratio and shape > rules.max_aspect_ratio):
        raise UploadRefusedError(
            _("This picture is too %(how)s: its shape has to lie between %(narrow)s and %(wide)s.")
            % {
                "how": _("narrow") if shape < 1 else _("wide"),
                "narrow": _ratio(rules.min_aspect_ratio),
                "wide": _ratio(rules.max_aspect_ratio or 0),
            }
        )


def data_url(workspace_id: int, pk: str) -> str:
    """A picture of the library as MiniMax takes it without reaching into the studio. Raises InvalidRequestError."""
    picture = Asset.objects.filter(workspace=workspace_id, pk=pk).first()
    if picture is None:
        raise InvalidRequestError(messages.PICTURE_GONE, next_step=messages.CHOOSE_PICTURE)
    with picture.file.open("rb") as file:
        return f"data:{picture.content_type};base64,{base64.b64encode(file.read()).decode()}"


def _find_again(member: Membership, clean: Path) -> Asset | None:
    with clean.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Asset.objects.visible_to(member).filter(kind=KIND, sha256=sha256).order_by("-id").first()


def _formats(rules: PictureRules) -> str:
    return " / ".join(kind.partition("/")[2].upper() for kind in rules.types)


def _ratio(shape: float | None) -> str:
    whole = Fraction(shape or 0).limit_denominator(50)
    return f"{whole.numerator}:{whole.denominator}"


def _sentence(reason: str) -> str:
    if reason == "bomb":
        return _("This picture has more than 64 million pixels. Make it smaller first.")
    if reason == "damaged":
        return _("This picture is damaged: it cannot be opened to its end.")
    return _("This is not a JPEG, PNG or WebP picture, whatever its name says.")

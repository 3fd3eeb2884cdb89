"""Files that leave the studio, with their marks: settings that any studio can read again, and a signed note of origin.

A marked copy is made when somebody first takes the file away, kept for a while, and made anew when what it says
changes. What cannot carry marks leaves as it is: a download never fails for want of them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO, Any

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import override

from apps.library.files import PreparingError, original, rendered
from apps.library.models import LARGE, Asset, RenditionStatus
from apps.library.serving import Served
from apps.library.storing import delete_given_up_files, discard, give_up, store_file, take_over
from apps.library.tasks import local_copy, tags
from apps.provenance import carriers, manifests
from apps.provenance.embedded import describe
from apps.provenance.identity import Signer, find_or_make_signer
from apps.provenance.models import BroughtSettings, Import, MarkedCopy, Marking
from apps.workspaces.models import Workspace
from apps.workspaces.sealing import SealBrokenError

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
SHAPE = 1  # counts up when what is written changes, so that older copies are made anew
SCAN = 1 << 20  # bytes in which another maker's manifest would begin


@dataclass(frozen=True)
class Plan:
    """What is to be written into one file."""

    words: carriers.Words | None
    definition: dict[str, Any] | None  # of a manifest
    signer: Signer | None
    content_type: str

    def recipe(self, sha256: str) -> str:
        of = [SHAPE, sha256, self.words and asdict(self.words), self.definition]
        of.append(self.signer.fingerprint if self.signer else "")
        return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()


class Marks:
    """What `apps.library.files` asks for."""

    def mark(self, asset: Asset, file: Served, *, hide_text: bool) -> Served:
        plan = make_plan(asset, file, hide_text=hide_text)
        if plan is None:
            return file
        if file.size > LARGE:
            copy = _find_or_order(asset, file, plan, is_redacted=hide_text)
        else:
            copy = _find_or_make(asset, file, plan, is_redacted=hide_text)
        if not copy or not copy.file.name:
            return file
        return replace(file, name=str(copy.file.name), size=copy.size, sha256=copy.sha256)

    @contextmanager
    def marked_once(self, asset: Asset, *, hide_text: bool) -> Iterator[IO[bytes] | None]:
        file = original(asset, "")
        plan = make_plan(asset, file, hide_text=hide_text)
        if plan is None:
            yield None
            return
        known = _find(asset, "", is_redacted=hide_text, recipe=plan.recipe(file.sha256))
        if known and known.file.name and default_storage.exists(str(known.file.name)):
            with default_storage.open(str(known.file.name), "rb") as stored:
                yield stored
            return
        with tempfile.TemporaryDirectory(prefix="studio-marks-") as folder:
            made = None if known else write_marked(file.name, Path(folder), plan)
            if made is None:
                yield None
            else:
                with made.open("rb") as opened:
                    yield opened


def choice_of(workspace: Workspace) -> Marking:
    return Marking.objects.filter(workspace=workspace).first() or Marking(workspace=workspace)


def make_plan(asset: Asset, file: Served, *, hide_text: bool) -> Plan | None:
    """None: nothing is to be written, or this kind of file takes nothing."""
    choice, is_ai = choice_of(asset.workspace), manifests.is_made_by_ai(asset)
    # Of what people brought we say nothing, unless the file itself had something to say.
    has_settings = is_ai or BroughtSettings.objects.filter(asset=asset).exists()
    words = None
    if choice.embeds_settings and has_settings:
        with override(settings.LANGUAGE_CODE):  # one copy for everybody, whoever takes it first
            comment = str(tags(asset)["comment"]) if is_ai else ""
        title = "" if hide_text else asset.title
        words = carriers.Words(describe(asset, hide_text=hide_text), title, comment, is_ai)
    definition, signer = None, None
    # What was made in another studio is for that one to sign.
    is_ours = not Import.objects.filter(asset=asset).exists()
    if choice.signs and is_ai and is_ours and manifests.can_sign(file.content_type, file.size):
        try:
            signer = find_or_make_signer()
        except SealBrokenError:
            log.exception("Nothing can be signed.")
        else:
            definition = manifests.write_definition(asset, with_prompt=choice.signs_prompt, hide_text=hide_text)
    return Plan(words, definition, signer, file.content_type) if words or definition else None


def write_marked(name: str, folder: Path, plan: Plan) -> Path | None:
    """Write the stored file with its marks into `folder`. None: it takes none, or has somebody's already."""
    if not default_storage.exists(name):
        return None
    suffix = PurePath(name).suffix
    made: Path | None = None
    with local_copy(MarkedCopy(file=name).file) as path:
        if has_manifest(path):
            return None
        if plan.words:
            made = folder / f"words{suffix}"
            try:
                with path.open("rb") as source, made.open("wb") as target:
                    carriers.write(source, target, plan.words)
            except carriers.NotCarriedError as exc:
                log.info("%s carries no settings: %s", name, exc)
                made.unlink()
                made = None
        if plan.definition and plan.signer:
            signed = folder / f"signed{suffix}"
            try:
                manifests.sign(made or path, signed, plan.content_type, plan.definition, plan.signer)
            except manifests.NotSignedError as exc:
                log.warning("%s was not signed: %s", name, exc)
            else:
                made = signed
    return made


def has_manifest(path: Path) -> bool:
    """Whether its maker signed it already: our words would break that signature."""
    with path.open("rb") as file:
        head = file.read(SCAN)
    return b"jumb" in head and b"c2pa" in head


def _find(asset: Asset, form: str, *, is_redacted: bool, recipe: str) -> MarkedCopy | None:
    return MarkedCopy.objects.filter(asset=asset, form=form, is_redacted=is_redacted, recipe=recipe).first()


def _form_of(asset: Asset, file: Served) -> str:
    """Of a copy: empty for the file itself, else the rendition's format."""
    return "" if file.name == asset.file_name else PurePath(file.name).suffix.removeprefix(".")[:8]


def _patience(file: Served) -> float:
    """Seconds that the marks of a file may take."""
    return 60 + file.size / 5_000_000


def _find_or_order(asset: Asset, file: Served, plan: Plan, *, is_redacted: bool) -> MarkedCopy | None:
    """A worker makes it. Raises PreparingError meanwhile; None when that took too long: then it leaves as it is."""
    form, recipe = _form_of(asset, file), plan.recipe(file.sha256)
    known = _find(asset, form, is_redacted=is_redacted, recipe=recipe)
    if known and (not known.file.name or default_storage.exists(str(known.file.name))):
        return known
    key, now = f"marking.ordered:{asset.pk}:{form}:{recipe}", time.time()
    if cache.add(key, now, timeout=3 * _patience(file)):
        write_copy.apply_async((str(asset.pk), file.name, is_redacted), retry=False)
    elif now - cache.get(key, now) > _patience(file):
        log.warning("%s is given out without its marks: no worker wrote them.", file.name)
        return None
    raise PreparingError


@shared_task
def write_copy(asset_id: str, name: str, is_redacted: bool) -> None:
    """Write the marked copy of a large file before it is taken. name: in storage, the asset's or of a rendition."""
    asset = Asset.objects.select_related("workspace").filter(pk=asset_id).first()
    if asset is None:
        return
    file = original(asset, "")
    if name != file.name:
        rendition = asset.renditions.filter(file=name, status=RenditionStatus.READY).first()
        if rendition is None:
            return
        file = rendered(rendition, "")
    plan = make_plan(asset, file, hide_text=is_redacted)
    if plan:
        _find_or_make(asset, file, plan, is_redacted=is_redacted)


def _find_or_make(asset: Asset, file: Served, plan: Plan, *, is_redacted: bool) -> MarkedCopy | None:
    """One at a time makes it; who comes meanwhile waits for that one."""
    form, recipe = _form_of(asset, file), plan.recipe(file.sha256)
    lock, patience = f"marking:{asset.pk}:{form}:{recipe}", _patience(file)
    end = time.monotonic() + patience
    while True:
        known = _find(asset, form, is_redacted=is_redacted, recipe=recipe)
        if known and (not known.file.name or default_storage.exists(str(known.file.name))):
            return known
        if cache.add(lock, 1, timeout=patience) or time.monotonic() > end:
            break
        time.sleep(0.1)
    try:
        with tempfile.TemporaryDirectory(prefix="studio-marks-") as folder:
            made = write_marked(file.name, Path(folder), plan)
            return _keep(asset, form, is_redacted, recipe, made)
    finally:
        cache.delete(lock)


def _keep(asset: Asset, form: str, is_redacted: bool, recipe: str, made: Path | None) -> MarkedCopy | None:
    """Also that there are none is written down, so that it is not tried again each time."""
    copy = MarkedCopy(asset=asset, form=form, is_redacted=is_redacted, recipe=recipe)
    stored = store_file(made, asset.folder, made.suffix) if made else None
    if stored:
        copy.file.name, copy.size, copy.sha256 = stored.name, stored.size, stored.sha256
    try:
        with transaction.atomic():
            given_up = _forget(MarkedCopy.objects.filter(asset=asset, form=form, is_redacted=is_redacted))
            if stored:
                take_over(stored)
            copy.save(force_insert=True)
    except IntegrityError:  # made at the same moment by somebody who did not wait, or the asset is gone
        if stored:
            discard(stored)
        return _find(asset, form, is_redacted=is_redacted, recipe=recipe)
    delete_given_up_files(given_up)
    return copy


def _forget(copies: Any) -> list[Any]:
    """In a transaction: rows away, files to be deleted after it."""
    names = [name for name in copies.values_list("file", flat=True) if name]
    copies.delete()
    return give_up(names)


def purge(now: datetime | None = None) -> int:
    """Let go of copies that nobody asked for lately. Returns how many."""
    old = MarkedCopy.objects.filter(created_at__lt=(now or timezone.now()) - KEPT)
    ids = list(old.values_list("pk", flat=True)[:500])
    with transaction.atomic():
        given_up = _forget(MarkedCopy.objects.filter(pk__in=ids))
    delete_given_up_files(given_up)
    return len(ids)

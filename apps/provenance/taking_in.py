"""Takes a capsule into a workspace: once, whatever is brought how often, and with nothing believed that costs money.

An asset is known by the id that it had where it was made. One that is here already is not taken in again; one that lies
in the trash comes back out of it. May be broken off anywhere and done again.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import uuid
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.collections import services as collections
from apps.collections.models import Collection
from apps.library import lineage, tagging
from apps.library.details import LABELS
from apps.library.kinds import all_kinds
from apps.library.models import Asset, Derivation
from apps.library.services import keep, restore
from apps.library.storage_use import StorageFullError, check_room
from apps.library.storing import delete_given_up_files, give_up
from apps.library.tasks import local_copy
from apps.provenance.models import CapsuleImport, CapsuleStatus, Import, ImportedCollection
from apps.provenance.opening import (
    Capsule,
    CapsuleRefusedError,
    Packed,
    PackedCollection,
    check_sums,
    open_capsule,
    read_file,
)
from apps.workspaces import audit
from apps.workspaces.models import Membership

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
OWN_FIELDS = {"remade_from", "book", "edition", "chapter"}  # of rows that only the other studio has
NUMBERS = {"sample_rate", "channel", "bitrate"}


def run(pk: str) -> None:
    """The worker's part."""
    row = CapsuleImport.objects.select_related("workspace", "created_by").filter(pk=pk).first()
    if row is None:
        return
    lease = timedelta(seconds=120 + row.size / 2_000_000 + row.total)
    if not CapsuleImport.objects.claim(pk, status=CapsuleStatus.WAITING, lease=lease):
        return
    row.refresh_from_db(fields=["attempts"])
    sentence, report = "", {}
    try:
        if row.attempts > MAX_ATTEMPTS:
            raise CapsuleRefusedError(_("This capsule could not be taken in. What came of it stays; try once more."))
        member = Membership.objects.filter(workspace=row.workspace, user=row.created_by).first()
        if member is None or not member.may("create"):
            raise CapsuleRefusedError(_("Whoever brought it may not make anything here any more."))
        with local_copy(row.file) as path:
            report = _take_in(member, row, path)
    except (CapsuleRefusedError, StorageFullError) as error:
        sentence = str(error)
    status = CapsuleStatus.REFUSED if sentence else CapsuleStatus.DONE
    with transaction.atomic():
        CapsuleImport.objects.move_on(
            pk, from_status=CapsuleStatus.WAITING, to_status=status, sentence=sentence, report=report, file=""
        )
        given_up = give_up([str(row.file.name)])
    delete_given_up_files(given_up)


def _take_in(member: Membership, row: CapsuleImport, path: Path) -> dict[str, Any]:
    archive, capsule = open_capsule(path)
    with archive:
        check_sums(archive, capsule)
        missing = [each.size for each in capsule.assets if _find(member, each)[0] is None]
        if missing:
            check_room(member.workspace_id, member.user_id, more=sum(missing))
        report: dict[str, Any] = {"new": 0, "known": 0, "restored": 0, "studio": capsule.studio}
        here: dict[uuid.UUID, Asset] = {}
        CapsuleImport.objects.filter(pk=row.pk).update(done=0)
        for number, packed in enumerate(capsule.assets):
            asset, how = _find(member, packed)
            if asset is None:
                asset, how = _keep(member, row, archive, packed, number, here, capsule.studio), "new"
            elif asset.trashed_at:
                restore(member, asset)
                how = "restored"
            report[how] += 1
            here[packed.origin_id] = asset
            CapsuleImport.objects.filter(pk=row.pk).update(done=F("done") + 1)
    report["lineage"] = _join(member, capsule, here)
    outer = _collect(member, capsule, here)
    CapsuleImport.objects.filter(pk=row.pk).update(collection=outer)
    audit.record(member, "capsule.taken_in", subject=outer.name)
    return report


def _find(member: Membership, packed: Packed) -> tuple[Asset | None, str]:
    """The same asset, if it is here: taken in before, or made here."""
    mine = Asset.objects.filter(workspace=member.workspace_id).select_related("workspace", "created_by")
    found = mine.filter(pk=packed.origin_id, sha256=packed.sha256).first()
    if found is None:
        found = mine.filter(import_of__origin_id=packed.origin_id).first()
    return found, "known"


def _keep(
    member: Membership,
    row: CapsuleImport,
    archive: zipfile.ZipFile,
    packed: Packed,
    number: int,
    here: Mapping[uuid.UUID, Asset],
    studio: str,
) -> Asset:
    known = {kind.name for kind in all_kinds()}
    with tempfile.TemporaryDirectory(prefix="studio-capsule-") as folder:
        source = Path(folder) / "file"
        with source.open("wb") as target:
            for block in read_file(archive, packed):
                target.write(block)
        asset = keep(
            member,
            kind=packed.kind if packed.kind in known else "upload",
            title=packed.title,
            text=packed.text,
            source=source,
            filename=f"file{packed.suffix}",
            content_type=packed.content_type,
            request=_settings_here(packed.settings, here),
            model=packed.model,
            voice_id=packed.voice_id,
            subtitles=packed.subtitles,
            asset_id=_id_here(row.pk, number, packed.origin_id),
        )
    with transaction.atomic():
        Asset.objects.filter(pk=asset.pk).update(note=packed.note)
        Import.objects.get_or_create(
            asset=asset,
            defaults={
                "workspace": member.workspace,
                "capsule": row,
                "origin_id": packed.origin_id,
                "origin_name": studio,
                "made_at": packed.made_at,
            },
        )
    if packed.rating:
        tagging.rate([asset], packed.rating)
    for name in packed.tags:
        tagging.tag(member, [asset], name)
    return asset


def _id_here(capsule: uuid.UUID, number: int, origin: uuid.UUID) -> uuid.UUID:
    """The same for each try, and in the order of the capsule: a UUID v7 of the moment it was brought."""
    rest = hashlib.sha256(capsule.bytes + origin.bytes).digest()[:8]
    high = capsule.int >> 64 & ~0xFFF | number & 0xFFF
    low = int.from_bytes(rest, "big") & (1 << 62) - 1 | 0b10 << 62
    return uuid.UUID(int=high << 64 | low)


def _settings_here(settings: Mapping[str, Any], here: Mapping[uuid.UUID, Asset]) -> dict[str, Any]:
    """The settings with the ids that things have here; what did not come along is named no more."""
    made: dict[str, Any] = {}
    for name, value in settings.items():
        if name in OWN_FIELDS or (name not in LABELS and name in lineage.ROLES):
            continue
        if name in NUMBERS and not isinstance(value, int):
            continue
        if name in lineage.FIELDS:
            named = [asset for each in (value if isinstance(value, list) else [value]) if (asset := _known(each, here))]
            if named:
                made[name] = [str(asset.pk) for asset in named] if isinstance(value, list) else str(named[0].pk)
            continue
        made[name] = value
    return made


def _known(value: Any, here: Mapping[uuid.UUID, Asset]) -> Asset | None:
    try:
        return here.get(uuid.UUID(str(value)))
    except ValueError:
        return None


def _join(member: Membership, capsule: Capsule, here: Mapping[uuid.UUID, Asset]) -> int:
    """What was made from what, as the capsule tells. Returns how many."""
    edges = [edge for edge in capsule.lineage if edge[2] in lineage.ROLES]
    rows = [Derivation(child=here[child], parent=here[parent], role=role) for child, parent, role in edges]
    Derivation.objects.bulk_create([each for each in rows if each.child_id != each.parent_id], ignore_conflicts=True)
    return len(rows)


def _collect(member: Membership, capsule: Capsule, here: Mapping[uuid.UUID, Asset]) -> Collection:
    """Raises CapsuleRefusedError when there are too many collections already."""
    outer: Collection | None = None
    for packed in capsule.collections:
        try:
            found = _find_collection(member, packed) or _make_collection(member, packed, outer)
            collections.add(member, found, [here[pk].pk for pk in packed.items])
        except collections.CollectionError as error:
            raise CapsuleRefusedError(str(error)) from error
        outer = outer or found
    assert outer is not None  # a capsule has at least one
    return outer


def _find_collection(member: Membership, packed: PackedCollection) -> Collection | None:
    mine = Collection.objects.visible_to(member)
    known = ImportedCollection.objects.filter(workspace=member.workspace, origin_id=packed.origin_id)
    return mine.filter(pk=packed.origin_id).first() or mine.filter(pk__in=known.values("collection")).first()


def _make_collection(member: Membership, packed: PackedCollection, parent: Collection | None) -> Collection:
    with transaction.atomic():
        made = collections.create(member, packed.name, parent=parent, note=packed.note)
        # One that was deleted since is not the one any more.
        ImportedCollection.objects.filter(workspace=member.workspace, origin_id=packed.origin_id).delete()
        ImportedCollection.objects.create(workspace=member.workspace, origin_id=packed.origin_id, collection=made)
    return made

"""A capsule that a person brings: kept, and left to a worker."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from apps.library.bringing import on_disk
from apps.library.storage_use import check_room
from apps.library.storing import store_file, take_over
from apps.library.tasks import ring
from apps.provenance.models import CapsuleImport
from apps.provenance.opening import open_capsule
from apps.provenance.tasks import take_in
from apps.workspaces.models import Membership


def bring(member: Membership, file: UploadedFile) -> CapsuleImport:
    """Keep it and ask a worker to take it in. Call it outside a transaction.

    Raises CapsuleRefusedError for what is no capsule, StorageFullError.
    """
    size = file.size or 0
    check_room(member.workspace_id, member.user_id, more=size)
    row = CapsuleImport(workspace=member.workspace, created_by=member.user, size=size)
    row.name = (file.name or "").replace("\0", "")[:200]
    with tempfile.TemporaryDirectory(prefix="studio-capsule-") as folder, on_disk(file, Path(folder)) as path:
        archive, capsule = open_capsule(path)
        archive.close()
        stored = store_file(path, f"{member.workspace_id}/capsules/{row.pk.hex}", ".zip")
    row.file.name, row.total = stored.name, len(capsule.assets)
    with transaction.atomic():
        take_over(stored)
        row.save(force_insert=True)
        transaction.on_commit(lambda: ring(take_in, row.pk), robust=True)
    return row

import uuid
from typing import ClassVar

import uuid_utils.compat
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet


def new_id() -> uuid.UUID:
    """A UUID v7: rows made later sort later, so the primary key is also the order of the library."""
    return uuid_utils.compat.uuid7()


def asset_path(asset: "Asset", filename: str) -> str:
    return f"{asset.workspace_id}/{asset.pk.hex[:6]}/{asset.pk}/{filename}"


class AssetStatus(models.TextChoices):
    SAVED = "saved", _("Being measured")  # the file is safe; it has not been opened yet
    READY = "ready", _("Ready")
    DAMAGED = "damaged", _("Damaged")  # kept, but it could not be opened


class Asset(models.Model):
    """A file that was kept, with everything needed to find it, trust it and make it again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="assets")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=20)  # a name in apps.library.kinds, e.g. "speech"
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)  # prompt or script: what search reads

    request = models.JSONField(default=dict)  # the validated form, so that it can be recalled
    model = models.CharField(max_length=60, blank=True)
    voice_id = models.CharField(max_length=256, blank=True)
    trace_id = models.CharField(max_length=64, blank=True)  # MiniMax's support asks for it
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    usage = models.JSONField(default=dict)  # what MiniMax reported, e.g. {"usage_characters": 120}

    status = models.CharField(max_length=8, choices=AssetStatus, default=AssetStatus.SAVED)
    file = models.FileField(upload_to=asset_path, max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    duration_s = models.FloatField(null=True)  # measured by decoding the file, not as reported
    measurements = models.JSONField(default=dict)  # sample_rate (Hz), channels, bit_rate (bit/s), codec, loudness (LUFS) …
    peaks = models.JSONField(default=list)  # waveform: up to 800 integers 0 to 100
    subtitles = models.JSONField(default=list)  # [{text, start_ms, end_ms, words: [{text, start_ms, end_ms}]}]

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="library_order")]

    def __str__(self) -> str:
        return self.title

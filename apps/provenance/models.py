from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.collections.models import Collection
from apps.library.models import Asset, ClaimQuerySet, new_id
from apps.workspaces.models import Workspace


class SigningIdentity(models.Model):
    """What this studio signs with, made when it first does. Older ones stay: what they signed is still known."""

    name = models.CharField(max_length=64)  # which studio it is: its host at that time
    certificate = models.TextField()  # PEM: for files, signed by the root
    root = models.TextField()  # PEM
    key_sealed = models.TextField(editable=False)  # see apps.workspaces.sealing
    fingerprint = models.CharField(max_length=64, unique=True)  # of the root, SHA-256
    created_at = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="one_active_signing_identity"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Marking(models.Model):
    """Which marks the downloads of a workspace carry. Without a row: the defaults."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="marking")
    embeds_settings = models.BooleanField(_("The settings that made it"), default=True)
    signs = models.BooleanField(_("A signed note of its origin (C2PA)"), default=True)
    signs_prompt = models.BooleanField(_("The prompt, in that note"), default=False)

    def __str__(self) -> str:
        return str(self.workspace_id)


class MarkedCopy(models.Model):
    """A file with its marks, as it is given out. Can be made again at any time, so it is not kept for ever."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="marked_copies")
    form = models.CharField(max_length=8, blank=True)  # empty: the file itself; else the rendition's format
    is_redacted = models.BooleanField(default=False)  # says nothing of what was asked for
    recipe = models.CharField(max_length=64)  # hash of the file and of all that is written into it
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    file = models.FileField(max_length=255, blank=True)  # empty: this file carries no marks
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "form", "is_redacted"], name="one_marked_copy_of_each_form")
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.form}"


class BroughtSettings(models.Model):
    """What an uploaded file said of how it was made. Its word only: nothing here is proof, and no cost is believed."""

    asset = models.OneToOneField(Asset, models.CASCADE, primary_key=True, related_name="brought_settings")
    kind = models.CharField(max_length=20)  # which form made it: a name in apps.library.kinds
    model = models.CharField(max_length=60, blank=True)
    voice_id = models.CharField(max_length=256, blank=True)
    text = models.TextField(blank=True)
    settings = models.JSONField(default=dict)
    made_at = models.CharField(max_length=40, blank=True)  # ISO 8601, as it was written

    def __str__(self) -> str:
        return f"{self.kind} of {self.asset_id}"


class CapsuleStatus(models.TextChoices):
    WAITING = "waiting", _("Being taken in")
    DONE = "done", _("Taken in")
    REFUSED = "refused", _("Not taken in")


class CapsuleImport(models.Model):
    """A capsule that somebody brought, and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="capsule_imports")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=200)  # of the file
    file = models.FileField(max_length=255, blank=True)  # gone when it is done
    size = models.BigIntegerField()
    status = models.CharField(max_length=8, choices=CapsuleStatus, default=CapsuleStatus.WAITING)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # files in it
    done = models.PositiveIntegerField(default=0)
    sentence = models.TextField(blank=True)  # why it was not taken in
    report = models.JSONField(default=dict)  # see apps.provenance.taking_in
    collection = models.ForeignKey(Collection, models.SET_NULL, null=True, related_name="+")

    objects: ClassVar = ClaimQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="capsules_of_workspace")]

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """That an asset came in a capsule, and what it was called where it was made: so it comes in once."""

    asset = models.OneToOneField(Asset, models.CASCADE, primary_key=True, related_name="import_of")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    capsule = models.ForeignKey(CapsuleImport, models.SET_NULL, null=True, related_name="imports")
    origin_id = models.UUIDField()  # of the asset, in the studio that made it
    origin_name = models.CharField(max_length=120, blank=True)  # of that studio, as the capsule says
    made_at = models.CharField(max_length=40, blank=True)  # ISO 8601, as the capsule says

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "origin_id"], name="one_import_per_origin")]

    def __str__(self) -> str:
        return f"{self.origin_id} → {self.asset_id}"


class ImportedCollection(models.Model):
    """That a collection came in a capsule: the same one brought again adds to it."""

    collection = models.OneToOneField(Collection, models.CASCADE, primary_key=True, related_name="+")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    origin_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "origin_id"], name="one_imported_collection_per_origin")
        ]

    def __str__(self) -> str:
        return f"{self.origin_id} → {self.collection_id}"

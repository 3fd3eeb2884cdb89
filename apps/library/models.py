from __future__ import annotations

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Self

import uuid_utils.compat
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.library.term_field import TermsField
from apps.workspaces.models import Workspace

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


LARGE = 64_000_000  # bytes; writing marks into a larger file takes longer than a person waits for an answer
TRASH_KEPT = timedelta(days=30)  # then it is really gone


def new_id() -> uuid.UUID:
    """A UUID v7: rows made later sort later, so the primary key is also the order of the library."""
    return uuid_utils.compat.uuid7()


@lru_cache
def library_address(slug: str) -> str:
    return reverse("library:index", args=[slug])


class ClaimQuerySet(models.QuerySet):
    """For rows that a worker has work on: whoever changes the row first has it until the lease is over."""

    def unclaimed(self) -> Self:
        return self.filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))

    def claim(self, pk: object, *, status: str, lease: timedelta) -> bool:
        """False if the row is not in `status` any more, or somebody else is at it."""
        claimed = self.unclaimed().filter(pk=pk, status=status)
        return bool(claimed.update(leased_until=timezone.now() + lease, attempts=F("attempts") + 1))

    def move_on(self, pk: object, *, from_status: str, to_status: str, **changes: object) -> bool:
        return bool(self.filter(pk=pk, status=from_status).update(status=to_status, leased_until=None, **changes))


class AssetQuerySet(ClaimQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """What the member finds in the library; what lies in the trash is not found."""
        return self.filter(workspace_id=member.workspace_id, trashed_at=None)

    def holding(self, word: str) -> Self:
        return self.filter(Q(title__icontains=word) | Q(text__icontains=word))

    def in_trash_of(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id, trashed_at__isnull=False)


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
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(blank=True)  # prompt or script: what search reads

    request = models.JSONField(default=dict)  # the validated form, so that it can be recalled
    model = models.CharField(max_length=60, blank=True)
    voice_id = models.CharField(max_length=256, blank=True)
    trace_id = models.CharField(max_length=64, blank=True)  # MiniMax's support asks for it
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    usage = models.JSONField(default=dict)  # what MiniMax reported, e.g. {"usage_characters": 120}

    status = models.CharField(max_length=8, choices=AssetStatus, default=AssetStatus.SAVED)
    leased_until = models.DateTimeField(null=True)  # a worker is measuring it until then
    attempts = models.PositiveSmallIntegerField(default=0)
    file = models.FileField(max_length=255)  # apps.library.storing names it
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    duration_s = models.FloatField(null=True)  # measured by decoding the file, not as reported
    measurements = models.JSONField(default=dict)  # see Measurements in apps.library.audio and apps.library.pictures
    poster = models.FileField(max_length=255, blank=True)  # pictures and films: a small WebP that stands for the file
    peaks = models.JSONField(default=list)  # waveform: up to 800 integers, 100 is the loudest moment
    subtitles = models.JSONField(default=list)  # [{text, start_ms, end_ms, words: [{text, start_ms, end_ms}]}]
    trashed_at = models.DateTimeField(null=True)
    rating = models.PositiveSmallIntegerField(_("rating"), default=0)  # 1 to 5; 0: nobody has said
    note = models.TextField(_("note"), blank=True)

    objects: ClassVar = AssetQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="library_order", condition=Q(trashed_at=None)),
            models.Index(
                fields=["workspace", "kind", "-id"], name="library_order_of_kind", condition=Q(trashed_at=None)
            ),
            models.Index(fields=["workspace", "-id"], name="trash_order", condition=Q(trashed_at__isnull=False)),
            models.Index(fields=["workspace", "model"], name="library_models", condition=Q(trashed_at=None)),
            models.Index(fields=["workspace", "voice_id"], name="library_voices", condition=Q(trashed_at=None)),
            models.Index(fields=["created_at"], name="library_to_measure", condition=Q(status="saved")),
            models.Index(fields=["trashed_at"], name="trash_by_age", condition=Q(trashed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Of its details; what belongs to it lies below: file, poster, card, menu."""
        return f"{library_address(self.workspace.slug)}{self.pk}/"  # as urls.py has it; `reverse` takes 0.1 ms

    @property
    def folder(self) -> str:
        """Where its files lie in storage."""
        return f"{self.workspace_id}/{self.pk.hex[:6]}/{self.pk.hex}"

    @property
    def file_name(self) -> str:
        """In storage."""
        return str(self.file.name)

    @property
    def medium(self) -> str:
        """What it is to a person: "audio", "image", "video", or a document: "text" or "application"."""
        return self.content_type.partition("/")[0]

    @property
    def is_large(self) -> bool:
        """Whether a download of it may have to be prepared by a worker."""
        return self.size > LARGE

    @property
    def days_left(self) -> int:
        """Until it is gone for good; for what lies in the trash."""
        left = self.trashed_at + TRASH_KEPT - timezone.now() if self.trashed_at else TRASH_KEPT
        return max(0, -(-left // timedelta(days=1)))

    @property
    def is_measured(self) -> bool:
        return self.status != AssetStatus.SAVED

    @cached_property
    def has_subtitles(self) -> bool:
        """Pages of many have the database say so, and leave them there: a book's are a megabyte."""
        return bool(self.subtitles)


class Arrival(models.Model):
    """A file on its way into storage, or out of it: no file is ever without an owner for long.

    In: written down before its first byte, forgotten with the row that owns it. Out: written down, as abandoned, with
    the end of that row, forgotten once the file is deleted. Whatever dies in between leaves this note.
    """

    name = models.CharField(max_length=255)  # in storage
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    is_abandoned = models.BooleanField(default=False)  # the sweep is deleting the file: too late to own it

    def __str__(self) -> str:
        return self.name


class RenditionStatus(models.TextChoices):
    WAITING = "waiting", _("Being prepared")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")


class Rendition(models.Model):
    """An asset in another format, made when somebody first asks for it."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="renditions")
    format = models.CharField(max_length=8)  # a key of apps.library.audio.FORMATS
    created_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=8, choices=RenditionStatus, default=RenditionStatus.WAITING)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    file = models.FileField(max_length=255, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    objects: ClassVar = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "format"], name="one_rendition_per_format")]
        indexes = [models.Index(fields=["created_at"], name="renditions_to_make", condition=Q(status="waiting"))]

    def __str__(self) -> str:
        return f"{self.asset} ({self.format})"


class Tag(models.Model):
    """A word that a workspace sorts its library by."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(max_length=60)  # the name as it is compared: "Night" and "night" are one tag

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="taggings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "tag"], name="one_tagging_per_tag")]

    def __str__(self) -> str:
        return f"{self.tag_id} · {self.asset_id}"


class Favourite(models.Model):
    """One person's star."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="favourites")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="favourites")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "asset"], name="one_favourite_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.asset_id}"


class SavedSearch(models.Model):
    """A search worth a name: its maker's own, or everybody's in the workspace."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="saved_searches")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("name"), max_length=80)
    params = models.CharField(max_length=2000)  # as in the library's address: "q=owl&kind=speech"
    is_shared = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class SearchEntry(models.Model):
    """What search and sorting know of an asset; `apps.library.search.index` writes it, nobody else.

    On SQLite its words are also in the FTS5 table library_words, which the database itself keeps equal to this one.
    """

    number = models.BigAutoField(primary_key=True)  # in the order of the assets' ids
    asset = models.OneToOneField(Asset, models.CASCADE, related_name="entry")
    space = models.CharField(max_length=6)  # of a workspace's library, or of its trash: see search.terms
    title = models.CharField(max_length=60)  # as it is sorted
    cost = models.BigIntegerField()  # millionths of a dollar
    size = models.BigIntegerField()
    duration = models.BigIntegerField()  # ms
    words = TermsField()

    class Meta:
        indexes = [
            models.Index(fields=["space", "number"], name="found_by_age"),
            models.Index(fields=["space", "title", "number"], name="found_by_title"),
            models.Index(fields=["space", "cost", "number"], name="found_by_cost"),
            models.Index(fields=["space", "size", "number"], name="found_by_size"),
            models.Index(fields=["space", "duration", "number"], name="found_by_duration"),
        ]

    def __str__(self) -> str:
        return f"{self.space} {self.number}"


class Derivation(models.Model):
    """That one asset was made from another. `apps.library.lineage` writes it when the child is kept."""

    child = models.ForeignKey(Asset, models.CASCADE, related_name="made_from")
    parent = models.ForeignKey(Asset, models.CASCADE, related_name="made_into")
    role = models.CharField(max_length=24)  # what the parent is to the child: a key of lineage.ROLES

    class Meta:
        constraints = [models.UniqueConstraint(fields=["child", "parent", "role"], name="one_derivation_per_role")]
        indexes = [models.Index(fields=["parent", "-child"], name="children_of_asset")]

    def __str__(self) -> str:
        return f"{self.parent_id} → {self.child_id}"


class Version(models.Model):
    """Which assets are the same thing made again: those of one family."""

    asset = models.OneToOneField(Asset, models.CASCADE, primary_key=True, related_name="version")
    family = models.CharField(max_length=32)  # lineage.family_of

    class Meta:
        indexes = [models.Index(fields=["family", "asset"], name="versions_of_family")]

    def __str__(self) -> str:
        return self.family


class StorageUse(models.Model):
    """The bytes that a person's assets have in a workspace, those in the trash included.

    The database itself keeps it, by triggers on the table of assets: see the migration 0004_storage.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="storage_uses")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    size = models.BigIntegerField(default=0)  # bytes, of the files as they were made or brought
    files = models.IntegerField(default=0)
    quota = models.BigIntegerField(null=True)  # bytes; None: no limit

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "person"], name="one_storage_use_per_person")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.size}"


class StorageQuota(models.Model):
    """How many bytes a workspace may fill. Without a row there is no limit."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="storage_quota")
    size = models.BigIntegerField()  # bytes

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.size}"


class BulkAct(models.Model):
    """What was done to many assets at once, so that it can be undone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    undo = models.CharField(max_length=40)  # a name in apps.library.many
    payload = models.JSONField(default=dict)  # what that takes

    def __str__(self) -> str:
        return self.undo

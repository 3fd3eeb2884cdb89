from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.chat.models import Conversation
from apps.collections.models import Collection
from apps.library.hiding import title_for_guests
from apps.library.models import Asset, new_id
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet
from apps.workspaces.sealing import SealBrokenError, seal, unseal

TOKEN_BYTES = 18  # 144 bits: cannot be guessed, and still fits a QR code that a phone reads across a table


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Snapshot(models.Model):
    """One branch of a conversation as it was when it was shared. What is said later does not come into it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="snapshots")
    head_id = models.UUIDField()  # the message that was the last one
    created_at = models.DateTimeField(auto_now_add=True)
    title = models.CharField(max_length=120)
    system = models.TextField(blank=True)
    messages = models.JSONField(default=list)  # see apps.sharing.conversations

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    @property
    def folder(self) -> str:
        """Where its files lie in storage."""
        return f"{self.workspace_id}/{self.pk.hex[:6]}/{self.pk.hex}"


class ShareQuerySet(WorkspaceQuerySet):
    def open(self) -> Self:
        return self.filter(revoked_at=None)

    def with_token(self, token: str) -> Self:
        return self.filter(token_hash=hash_token(token))


class State(models.TextChoices):
    """Why guests may come in, or may not."""

    OPEN = "open", _("Open")
    REVOKED = "revoked", _("Ended")
    TRASHED = "trashed", _("In the trash")
    EXPIRED = "expired", _("Over")
    USED_UP = "used_up", _("Used up")
    FORBIDDEN = "forbidden", _("Not allowed here")
    WAITING = "waiting", _("Needs a password")


class Share(models.Model):
    """A public link to one asset, to a collection as it is, or to a conversation as it was.

    Found by the hash of its token; the token itself is sealed, so that the workspace can see it again, but nobody who
    has only a copy of the database.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="shares")
    asset = models.ForeignKey(Asset, models.CASCADE, null=True, related_name="shares")
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, null=True, related_name="shares")
    collection = models.ForeignKey(Collection, models.CASCADE, null=True, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_sealed = models.TextField(editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(_("Title on the page"), max_length=120, blank=True)
    allow_download = models.BooleanField(_("Guests may download the file"), default=True)
    show_text = models.BooleanField(_("Show the prompt or the text"), default=False)
    show_settings = models.BooleanField(_("Show model and settings"), default=False)
    show_thinking = models.BooleanField(_("Show what the model thought"), default=False)
    show_system = models.BooleanField(_("Show the system prompt"), default=False)
    allow_review = models.BooleanField(_("Guests may leave notes and approve it"), default=False)
    is_listed = models.BooleanField(_("Search engines may list it"), default=False)
    password = models.CharField(max_length=128, blank=True, editable=False)  # hashed
    ends_at = models.DateTimeField(null=True, blank=True)
    max_views = models.PositiveIntegerField(_("Ends after so many openings"), null=True, blank=True)
    embed_domains = models.CharField(_("Sites that may embed it"), max_length=500, blank=True)  # hosts or *, by spaces
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0)  # openings by people from outside; nothing about them is kept
    card = models.FileField(max_length=255, blank=True)  # the picture that chats show
    card_of = models.CharField(max_length=64, blank=True)  # hash of what is on it: drawn anew when that changes

    objects: ClassVar = ShareQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="shares_of_workspace")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(asset__isnull=False, snapshot=None, collection=None)
                | models.Q(asset=None, snapshot__isnull=False, collection=None)
                | models.Q(asset=None, snapshot=None, collection__isnull=False),
                name="share_shows_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What the team calls it. Guests read `headline`."""
        return self.name or str(self.shown)

    @property
    def headline(self) -> str:
        """The title that guests read: never a prompt that they are not shown."""
        if self.asset and not self.name:
            return title_for_guests(self.asset, hide_text=not self.show_text)
        return self.title

    @property
    def shown(self) -> Asset | Snapshot | Collection:
        found = self.asset or self.snapshot or self.collection
        assert found is not None  # the table allows nothing else
        return found

    @property
    def folder(self) -> str:
        """Where the files of the link itself lie in storage."""
        return f"{self.workspace_id}/{self.token_hash[:6]}/{self.token_hash[:32]}"

    @property
    def is_in_trash(self) -> bool:
        """What it shows was thrown away; it comes back with it."""
        if self.collection:
            return self.collection.deleted_at is not None
        kept = self.asset or (self.snapshot and self.snapshot.conversation)
        return bool(kept and kept.trashed_at)

    @property
    def end(self) -> datetime | None:
        """When it ends by itself: as it was set, or as long after it was made as the workspace allows."""
        latest = self.policy.latest_end(self.created_at)
        return min(filter(None, (self.ends_at, latest)), default=None)

    @property
    def policy(self) -> SharePolicy:
        return SharePolicy.of(self.workspace)

    @property
    def state(self) -> State:
        if self.revoked_at is not None:
            return State.REVOKED
        if self.is_in_trash:
            return State.TRASHED
        if not self.policy.allows_links:
            return State.FORBIDDEN
        if self.end is not None and self.end <= timezone.now():
            return State.EXPIRED
        if self.policy.demands_password and not self.password:
            return State.WAITING
        if self.max_views is not None and self.views >= self.max_views:
            return State.USED_UP
        return State.OPEN

    @property
    def has_door(self) -> bool:
        """Whether guests see a page with a button before what it shows."""
        return bool(self.password) or self.max_views is not None

    @property
    def frame_ancestors(self) -> list[str]:
        """The sites that may embed it. None while it has a door: browsers send embedded pages no cookie of ours."""
        return [] if self.has_door else self.embed_domains.split()

    @classmethod
    def with_new_token(cls, **values: object) -> Share:
        link = cls(**values)
        link.renew_token()
        return link

    def renew_token(self) -> None:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.token_hash, self.token_sealed = hash_token(token), seal(token)

    @property
    def token(self) -> str:
        """Empty when the secret that sealed it is lost; the link itself goes on working."""
        try:
            return unseal(self.token_sealed)
        except SealBrokenError:
            return ""

    @property
    def address(self) -> str:
        """What stands for it in an address: its title in short, for people, and the token. Empty without a token."""
        slug = slugify(self.headline, allow_unicode=True)[:48].strip("-_")
        return f"{slug}.{self.token}" if slug and self.token else self.token

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN


class SharePolicy(models.Model):
    """What a workspace demands of its public links. Holds for those that are there, too."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="share_policy")
    allows_links = models.BooleanField(_("Public links are allowed"), default=True)
    demands_password = models.BooleanField(_("Every link needs a password"), default=False)
    longest_days = models.PositiveSmallIntegerField(
        _("Links end after at most so many days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )

    def __str__(self) -> str:
        return f"Links of {self.workspace}"

    @classmethod
    def of(cls, workspace: Workspace) -> SharePolicy:
        """The workspace's own, or what holds where nothing was said; not stored then."""
        try:
            return workspace.share_policy
        except cls.DoesNotExist:
            return cls(workspace=workspace)

    def latest_end(self, since: datetime | None) -> datetime | None:
        return since + timedelta(days=self.longest_days) if self.longest_days and since else None


class DayOfViews(models.Model):
    """How often a link was opened on one day. Nothing about who opened it."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="days")
    day = models.DateField()  # UTC
    views = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["share", "day"], name="one_count_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.views}"


class EndedAddress(models.Model):
    """An address that leads nowhere any more: its link was given another, or is gone with what it showed."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    ended_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.token_hash[:8]

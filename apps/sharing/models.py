from __future__ import annotations

import hashlib
import secrets
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.chat.models import Conversation
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


class Share(models.Model):
    """A public link to one asset, or to a conversation as it was.

    Found by the hash of its token; the token itself is sealed, so that the workspace can see it again, but nobody who
    has only a copy of the database.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="shares")
    asset = models.ForeignKey(Asset, models.CASCADE, null=True, related_name="shares")
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, null=True, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_sealed = models.TextField(editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    allow_download = models.BooleanField(_("Guests may download the file"), default=True)
    show_text = models.BooleanField(_("Show the text that is spoken"), default=False)
    show_thinking = models.BooleanField(_("Show what the model thought"), default=False)
    show_system = models.BooleanField(_("Show the system prompt"), default=False)
    allow_review = models.BooleanField(_("Guests may leave notes and approve it"), default=False)
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0)  # openings by people from outside; nothing about them is kept
    card = models.FileField(max_length=255, blank=True)  # the picture that chats show
    card_of = models.CharField(max_length=64, blank=True)  # hash of what is on it: drawn anew when that changes

    objects: ClassVar = ShareQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="shares_of_workspace")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(asset=None) ^ models.Q(snapshot=None), name="share_shows_one_thing"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.shown.title

    @property
    def shown(self) -> Asset | Snapshot:
        found = self.asset or self.snapshot
        assert found is not None  # the table allows nothing else
        return found

    @property
    def is_in_trash(self) -> bool:
        """What it shows was thrown away; it comes back with it."""
        kept = self.asset or (self.snapshot and self.snapshot.conversation)
        return bool(kept and kept.trashed_at)

    @classmethod
    def with_new_token(cls, **values: object) -> Share:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return cls(token_hash=hash_token(token), token_sealed=seal(token), **values)

    @property
    def token(self) -> str:
        """Empty when the secret that sealed it is lost; the link itself goes on working."""
        try:
            return unseal(self.token_sealed)
        except SealBrokenError:
            return ""

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and not self.is_in_trash

from __future__ import annotations

import hashlib
import secrets
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet
from apps.workspaces.sealing import SealBrokenError, seal, unseal

TOKEN_BYTES = 18  # 144 bits: cannot be guessed, and still fits a QR code that a phone reads across a table


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class ShareQuerySet(WorkspaceQuerySet):
    def open(self) -> Self:
        return self.filter(revoked_at=None)

    def with_token(self, token: str) -> Self:
        return self.filter(token_hash=hash_token(token))


class Share(models.Model):
    """A public link to one asset.

    Found by the hash of its token; the token itself is sealed, so that the workspace can see it again, but nobody who
    has only a copy of the database.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="shares")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_sealed = models.TextField(editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    allow_download = models.BooleanField(_("Guests may download the file"), default=True)
    show_text = models.BooleanField(_("Show the text that is spoken"), default=False)
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0)  # openings by people from outside; nothing about them is kept
    card = models.FileField(max_length=255, blank=True)  # the picture that chats show
    card_of = models.CharField(max_length=64, blank=True)  # hash of what is on it: drawn anew when that changes

    objects: ClassVar = ShareQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="shares_of_workspace")]

    def __str__(self) -> str:
        return self.asset.title

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
        return self.revoked_at is None and self.asset.trashed_at is None

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import ClassVar

from django.db import models


def new_file_id() -> int:
    """As long as MiniMax's own, and small enough for JavaScript."""
    return 10**14 + secrets.randbelow(9 * 10**14)


def new_token() -> str:
    return secrets.token_urlsafe(24)


class StoredFile(models.Model):
    """Bytes behind a link, or behind a file id."""

    file_id = models.BigIntegerField(primary_key=True, default=new_file_id)
    token = models.CharField(max_length=40, unique=True, default=new_token)  # whoever knows it may fetch the file
    filename = models.CharField(max_length=100)
    purpose = models.CharField(max_length=40)
    media_type = models.CharField(max_length=60)
    bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects: ClassVar[models.Manager[StoredFile]] = models.Manager()

    def __str__(self) -> str:
        return self.filename


class CustomVoice(models.Model):
    """A cloned or designed voice. It is listed once it has been used, and its id is never given away again."""

    voice_id = models.CharField(max_length=256, primary_key=True)
    kind = models.CharField(max_length=20)  # voice_cloning or voice_generation
    language = models.CharField(max_length=20, default="English")
    gender = models.CharField(max_length=6, blank=True)
    created_at = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[CustomVoice]] = models.Manager()

    def __str__(self) -> str:
        return self.voice_id


class Charge(models.Model):
    """One piece of work that MiniMax would put on the bill."""

    created_at = models.DateTimeField()
    trace_id = models.CharField(max_length=32)
    path = models.CharField(max_length=60)
    model = models.CharField(max_length=40)
    voice_id = models.CharField(max_length=256, blank=True)
    usage_characters = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0))  # USD

    objects: ClassVar[models.Manager[Charge]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.usage_characters} characters with {self.model}"

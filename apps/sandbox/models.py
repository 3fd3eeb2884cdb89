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


class FileLink(models.Model):
    """One more link to a file that can be asked for again and again; each lives for its own time."""

    token = models.CharField(max_length=40, primary_key=True, default=new_token)
    file = models.ForeignKey(StoredFile, models.CASCADE)
    expires_at = models.DateTimeField()

    objects: ClassVar[models.Manager[FileLink]] = models.Manager()

    def __str__(self) -> str:
        return self.token


def new_task_id() -> str:
    return str(new_file_id())


class Task(models.Model):
    """Long work, from the request to its file. What the sandbox leaves unfinished goes on when it starts again."""

    task_id = models.CharField(max_length=20, primary_key=True, default=new_task_id)
    kind = models.CharField(max_length=20)  # a name in apps.sandbox.work
    request = models.JSONField()  # what its maker is told; pictures lie as files in the task's folder
    status = models.CharField(max_length=10, default="Preparing")  # Queueing, Processing, Success, Fail
    path = models.CharField(max_length=60)
    model = models.CharField(max_length=40)
    trace_id = models.CharField(max_length=32)
    price = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0))  # USD, charged on success
    origin = models.CharField(max_length=200)  # scheme and host under which it was asked for
    callback_url = models.TextField(blank=True)
    late_fault = models.CharField(max_length=30, blank=True)  # the failure that was ordered for it
    error_code = models.IntegerField(default=0)
    error_message = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)  # what its maker measured
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Task]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.task_id}: {self.status}"


class CustomVoice(models.Model):
    """A cloned or designed voice. It is listed once it has been used, lost when that does not happen within 168 hours,
    and its id is never given away again.
    """

    voice_id = models.CharField(max_length=256, primary_key=True)
    kind = models.CharField(max_length=20)  # voice_cloning or voice_generation
    language = models.CharField(max_length=20, default="English", blank=True)  # "": that of the text
    gender = models.CharField(max_length=6, blank=True)
    character = models.JSONField(default=dict)  # the numbers of apps.sandbox.engine.characters; none: from the id
    accent = models.CharField(max_length=20, blank=True)  # espeak-ng's name of the English it speaks
    prompt = models.TextField(blank=True)  # the description of a designed voice
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

"""The sandbox's tables and files. One thread with one connection does all of it: no request waits for a lock."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from django.db import models
from django.db.models import Q, Sum

from apps.sandbox.account import keys
from apps.sandbox.models import Charge, CustomVoice, FileLink, StoredFile, Task, new_file_id
from apps.sandbox.rules import price_of_voice, price_per_million
from apps.sandbox.runtime import runtime

Given = ParamSpec("Given")
Result = TypeVar("Result")

_thread = ThreadPoolExecutor(1, "store")


async def stored(function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """Run one of the functions below in the store's thread."""
    return await asyncio.get_running_loop().run_in_executor(_thread, lambda: function(*args, **kwargs))


def keep_file(content: bytes, filename: str, *, purpose: str, media_type: str, hours: float = 24) -> StoredFile:
    now = runtime.now()
    row = StoredFile(
        filename=filename,
        purpose=purpose,
        media_type=media_type,
        bytes=len(content),
        created_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    path = path_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    row.save(force_insert=True)
    return row


def adopt_file(
    source: Path, filename: str, *, purpose: str, media_type: str, hours: float, file_id: int | None = None
) -> StoredFile:
    """As `keep_file`, for a file that already lies in the data folder: it is moved."""
    now = runtime.now()
    row = StoredFile(
        file_id=file_id or new_file_id(),
        filename=filename,
        purpose=purpose,
        media_type=media_type,
        bytes=source.stat().st_size,
        created_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    path_of(row).parent.mkdir(parents=True, exist_ok=True)
    source.replace(path_of(row))
    row.save(force_insert=file_id is None)  # a task that was broken off right after this comes here again
    return row


def new_link(row: StoredFile, hours: float) -> str:
    """The token of a fresh link to a file."""
    return FileLink.objects.create(file=row, expires_at=runtime.now() + timedelta(hours=hours)).token


def path_of(row: StoredFile) -> Path:
    return runtime.data / "files" / str(row.file_id)


# Files of these purposes are gone after their time; what people uploaded for others stays.
EXPIRING = ("t2a_async", "video_understanding", "video_generation_input")


def living_files() -> models.QuerySet[StoredFile]:
    return StoredFile.objects.exclude(purpose__in=EXPIRING, expires_at__lte=runtime.now())


def clean_up() -> None:
    """What the last process left behind: uploads in the middle, and files whose time is over."""
    shutil.rmtree(runtime.data / "uploads", ignore_errors=True)
    for row in StoredFile.objects.filter(purpose__in=EXPIRING, expires_at__lte=runtime.now()):
        delete_file(row)


def find_by_token(token: str) -> StoredFile | None:
    """Its `expires_at` is that of the link."""
    row = living_files().filter(token=token).first()
    if row is None and (link := FileLink.objects.filter(token=token).select_related("file").first()):
        row = link.file
        row.expires_at = min(row.expires_at, link.expires_at) if row.purpose in EXPIRING else link.expires_at
    return row


def find_file(file_id: int) -> StoredFile | None:
    return living_files().filter(file_id=file_id).first()


def list_files(purpose: str) -> list[StoredFile]:
    return list(living_files().filter(purpose=purpose).order_by("-created_at")[:1000])


def count_bytes(purposes: Iterable[str]) -> int:
    return living_files().filter(purpose__in=list(purposes)).aggregate(bytes=Sum("bytes"))["bytes"] or 0


def delete_file(row: StoredFile) -> None:
    path_of(row).unlink(missing_ok=True)
    row.delete()


def charge(*, trace_id: str, path: str, model: str, voice_ids: list[str], usage_characters: int) -> None:
    """A voice's own fee is due with its first synthesis, which also keeps it. A preview names no `voice_ids`."""
    now = runtime.now()
    price = price_per_million(model) * usage_characters / 1_000_000
    for voice in CustomVoice.objects.filter(voice_id__in=voice_ids, first_used_at=None):
        voice.first_used_at = now
        voice.save(update_fields=["first_used_at"])
        price += price_of_voice(voice.kind)
    Charge.objects.create(
        created_at=now,
        trace_id=trace_id,
        path=path,
        model=model,
        voice_id=",".join(voice_ids)[:256],
        usage_characters=usage_characters,
        price=price,
    )


def charge_task(task: Task) -> None:
    Charge.objects.create(
        created_at=runtime.now(),
        trace_id=task.trace_id,
        path=task.path,
        model=task.model,
        usage_characters=0,
        price=task.price,
    )


def charge_long_speech(task: Task) -> None:
    charge(
        trace_id=task.trace_id,
        path=task.path,
        model=task.model,
        voice_ids=task.request["voice_ids"],
        usage_characters=task.request["usage_characters"],
    )


def charge_work(trace_id: str, path: str, model: str, price: Decimal) -> None:
    """For work that is priced by the piece."""
    now = runtime.now()
    Charge.objects.create(created_at=now, trace_id=trace_id, path=path, model=model, usage_characters=0, price=price)


def add_task(task: Task) -> None:
    task.save(force_insert=True)


def save_task(task: Task) -> None:
    task.save()


def find_task(task_id: str, kind: str) -> Task | None:
    return Task.objects.filter(task_id=task_id, kind=kind).select_related("file").first()


def unfinished_tasks() -> list[Task]:
    return list(Task.objects.exclude(status__in=("Success", "Fail")).order_by("created_at"))


def spent() -> tuple[Decimal, int]:
    """USD and characters so far."""
    sums = Charge.objects.aggregate(price=Sum("price"), characters=Sum("usage_characters"))
    return sums["price"] or Decimal(0), sums["characters"] or 0


def spent_from_balance() -> Decimal:
    """USD, without what the windows of plans have paid."""
    return sum((row.price for row in Charge.objects.all() if row.trace_id not in keys.paid_by_plan), Decimal(0))


def invoice() -> dict[str, Any]:
    lines = [
        {
            "at": row.created_at.isoformat(),
            "trace_id": row.trace_id,
            "path": row.path,
            "model": row.model,
            "voice_id": row.voice_id,
            "usage_characters": row.usage_characters,
            "wallet": "plan" if row.trace_id in keys.paid_by_plan else "balance",
            "usd": str(row.price),
        }
        for row in Charge.objects.order_by("pk")
    ]
    total = sum((Decimal(line["usd"]) for line in lines if line["wallet"] == "balance"), Decimal(0))
    return {"lines": lines, "total_usd": str(total)}


def count_charges() -> int:
    return Charge.objects.count()


UNUSED_LIFE = timedelta(hours=168)


def living_voices() -> models.QuerySet[CustomVoice]:
    """Without what was deleted, and what nobody used in time."""
    lost = Q(first_used_at=None, created_at__lte=runtime.now() - UNUSED_LIFE)
    return CustomVoice.objects.filter(deleted_at=None).exclude(lost)


def listed_voices(kind: str) -> list[CustomVoice]:
    return list(living_voices().filter(kind=kind).exclude(first_used_at=None).order_by("created_at"))


def voice_exists(voice_id: str) -> bool:
    """Also one that is deleted or lost: its id does not come back."""
    return CustomVoice.objects.filter(voice_id=voice_id).exists()


def add_voice(voice: CustomVoice) -> bool:
    """False when the id is taken."""
    if voice_exists(voice.voice_id):
        return False
    voice.created_at = runtime.now()
    voice.save(force_insert=True)
    return True


def count_designs(prompt: str) -> int:
    return CustomVoice.objects.filter(prompt=prompt).count()


def find_voice(voice_id: str) -> CustomVoice | None:
    return living_voices().filter(voice_id=voice_id).first()


def delete_voice(voice_id: str, kind: str) -> CustomVoice | None:
    row = living_voices().filter(voice_id=voice_id, kind=kind).first()
    if row:
        row.deleted_at = runtime.now()
        row.save(update_fields=["deleted_at"])
    return row

"""MiniMax's news of its tasks: `callback_url` (reference 12.6), where MiniMax can reach this studio.

News are never believed: anybody may send them. They only make the job due, and then MiniMax is asked. A path is the
job's id, signed by us: it cannot be guessed, nothing is looked up to refuse a wrong one, and it is kept nowhere.
"""

from __future__ import annotations

import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.crypto import salted_hmac

from apps.jobs.models import Job

SIGNATURE_BYTES = 16
NEWS_A_MINUTE = 30  # for one job; its status changes a handful of times
REMEMBERED_S = 900  # longer than any create call lasts
UNREACHED_S = 3600  # then it is tried again


def _sign(job: bytes) -> bytes:
    return salted_hmac("jobs.hooks", job, algorithm="sha256").digest()[:SIGNATURE_BYTES]


def secret_of(job_id: uuid.UUID) -> str:
    return urlsafe_b64encode(job_id.bytes + _sign(job_id.bytes)).decode().rstrip("=")


def read_secret(secret: str) -> uuid.UUID | None:
    """The job whose path it is; None for one that we did not give out."""
    try:
        told = urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    except (NotBase64Error, ValueError):
        return None
    if len(told) != 16 + SIGNATURE_BYTES or not hmac.compare_digest(told[16:], _sign(told[:16])):
        return None
    return uuid.UUID(bytes=told[:16])


def callback_url(job: Job) -> str:
    """Where MiniMax may send news of this job; empty where it cannot reach us, or lately could not."""
    if not settings.CALLBACK_URL or cache.get(_unreached(job.connection_id)):
        return ""
    return f"{settings.CALLBACK_URL}{reverse('hook', args=[secret_of(job.pk)])}"


def was_unreachable(job: Job) -> bool:
    """Whether a create call with a callback address may have been refused because of that address alone.

    So it is when no challenge came. The address is not sent for a while then, as it would cost the next job the same.
    """
    if cache.get(_challenged(job.pk)):
        return False
    cache.set(_unreached(job.connection_id), True, UNREACHED_S)
    return True


def _unreached(connection_id: int | None) -> str:
    return f"jobs.hooks.unreached.{connection_id}"


def _challenged(job_id: uuid.UUID) -> str:
    return f"jobs.hooks.challenged.{job_id}"


def challenged(job_id: uuid.UUID) -> None:
    """Note that MiniMax reached us about this job."""
    cache.set(_challenged(job_id), True, REMEMBERED_S)


def is_too_much(job_id: uuid.UUID) -> bool:
    key = f"jobs.hooks.news.{job_id}"
    if cache.add(key, 1, 60):
        return False
    try:
        return cache.incr(key) > NEWS_A_MINUTE
    except ValueError:  # the minute ended just now
        return False

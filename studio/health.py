"""Two pages for whoever watches over the studio: is it alive, and can it work."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import redis
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

PATIENCE = 2  # seconds


class NotReadyError(Exception):
    """Something the studio needs does not work. The text is for anyone: no address, no name, no secret."""


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 names what does not work."""
    checks = {name: outcome(check) for name, check in CHECKS.items()}
    works = all(word == "ok" for word in checks.values())
    return JsonResponse({"status": "ok" if works else "failed", "checks": checks}, status=200 if works else 503)


def outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except NotReadyError as error:
        return str(error)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        raise NotReadyError("does not answer") from error
    return "ok"


def broker() -> str:
    if not settings.REDIS_URL:
        return "ok"  # in memory: one process, as in the tests
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            client.ping()
    except redis.RedisError as error:
        raise NotReadyError("does not answer") from error
    return "ok"


def storage() -> str:
    try:
        name = default_storage.save(f".ready-{uuid4()}", ContentFile(b"ok"))
        default_storage.delete(name)
    except OSError as error:
        raise NotReadyError("cannot be written to") from error
    return "ok"


def connection_offered() -> str:
    """The sandbox, where one is offered. MiniMax itself is not asked: its bad day must not take the studio down."""
    if not settings.SANDBOX_URL:
        return "ok"
    try:
        httpx.get(f"{settings.SANDBOX_URL}/healthz", timeout=PATIENCE, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise NotReadyError("the sandbox does not answer") from error
    return "ok"


CHECKS = {"database": database, "broker": broker, "storage": storage, "connection": connection_offered}

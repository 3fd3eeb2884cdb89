"""Voices, files, account, and the sandbox's own knobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from apps.sandbox import faults, journal, rules, store
from apps.sandbox.api import body_of, endpoint, entry_of, url_of
from apps.sandbox.envelope import RefusedError, answer, invalid, refusal
from apps.sandbox.models import CustomVoice, StoredFile
from apps.sandbox.pool import pool
from apps.sandbox.runtime import runtime

BALANCE = 100  # USD that an account begins with
VOICE_TYPES = {"system": "system_voice", "voice_cloning": "voice_cloning", "voice_generation": "voice_generation"}
RENEWABLE = {"video_generation": 1.0, "t2a_async": 9.0}  # hours that each link lives which files/retrieve gives
CUSTOM_TYPES = ("voice_cloning", "voice_generation")


async def health(request: ASGIRequest) -> HttpResponse:
    entry_of(request).code = 0
    ready = pool().ready
    return answer({"ready": ready}, status=200 if ready else 503)


def not_found(request: ASGIRequest, exception: Exception | None = None) -> HttpResponse:
    entry_of(request).code = 2013
    return refusal(2013, "invalid params, path: there is nothing at this address", status=404)


def failed(request: ASGIRequest) -> HttpResponse:
    entry_of(request).code = 1000
    return refusal(1000, "unknown error", status=500)


# --- voices -----------------------------------------------------------------------------------------------------------


def _system_voice(voice: dict[str, Any]) -> dict[str, Any]:
    description = [f"{voice['name']}, {voice['language']}", *voice["tags"]]
    return {
        "voice_id": voice["voice_id"],
        "voice_name": voice["name"],
        "description": description,
        "created_time": "1970-01-01",
    }


def _custom_voice(row: CustomVoice) -> dict[str, Any]:
    return {"voice_id": row.voice_id, "description": [], "created_time": f"{row.created_at:%Y-%m-%d}"}


@endpoint("POST")
async def get_voice(request: ASGIRequest) -> HttpResponse:
    wanted = body_of(request).get("voice_type")
    if wanted not in (*VOICE_TYPES, "all"):
        raise invalid("voice_type", "must be system, voice_cloning, voice_generation or all")
    payload: dict[str, Any] = {}
    if wanted in ("system", "all"):
        payload["system_voice"] = [_system_voice(voice) for voice in rules.system_voices().values() if voice["listed"]]
    rows = [] if wanted == "system" else await store.stored(store.custom_voices)
    for kind in CUSTOM_TYPES:
        if wanted in (kind, "all"):
            payload[kind] = [
                _custom_voice(row) for row in rows if row.kind == kind and row.first_used_at and not row.deleted_at
            ]
    return answer(payload)


@endpoint("POST")
async def delete_voice(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    kind, voice_id = body.get("voice_type"), body.get("voice_id")
    if kind not in CUSTOM_TYPES:
        raise invalid("voice_type", "must be voice_cloning or voice_generation")
    row = await store.stored(store.delete_voice, str(voice_id or ""), kind)
    if row is None:
        raise invalid("voice_id", "there is no such voice")
    return answer({"voice_id": row.voice_id, "created_time": str(int(row.created_at.timestamp()))})


# --- files ------------------------------------------------------------------------------------------------------------


def _file(row: StoredFile) -> dict[str, Any]:
    return {
        "file_id": row.file_id,
        "bytes": row.bytes,
        "created_at": int(row.created_at.timestamp()),
        "filename": row.filename,
        "purpose": row.purpose,
    }


async def _asked_file(request: ASGIRequest) -> StoredFile:
    given = request.GET.get("file_id", "")
    row = (
        await store.stored(store.find_file, int(given))
        if given.isascii() and given.isdigit() and len(given) < 19
        else None
    )
    if row is None:
        raise invalid("file_id", "there is no such file")
    return row


@endpoint("GET")
async def list_files(request: ASGIRequest) -> HttpResponse:
    purpose = request.GET.get("purpose")
    if not purpose:
        raise invalid("purpose", "is required")
    return answer({"files": [_file(row) for row in await store.stored(store.list_files, purpose)]})


@endpoint("GET")
async def retrieve_file(request: ASGIRequest) -> HttpResponse:
    row = await _asked_file(request)
    token = row.token
    if row.purpose in RENEWABLE:
        token = await store.stored(store.new_link, row, RENEWABLE[row.purpose])
    link = url_of(request, f"/files/{token}/{row.filename}")
    return answer({"file": {**_file(row), "download_url": link}})


@endpoint("GET")
async def retrieve_content(request: ASGIRequest) -> HttpResponse:
    row = await _asked_file(request)
    return HttpResponse(await store.stored(store.read_file, row), content_type=row.media_type)


async def linked_file(request: ASGIRequest, token: str, filename: str) -> HttpResponse:
    """A link that MiniMax gave: whoever has it may fetch, with or without a key, until it expires."""
    found = await store.stored(store.find_by_token, token)
    if found is None:
        return not_found(request)
    row, content = found
    if runtime.now() >= row.expires_at:
        entry_of(request).code = 2013
        return refusal(2013, "invalid params, url: the link has expired", status=403)
    entry_of(request).code = 0
    return HttpResponse(content, content_type=row.media_type, headers={"X-Content-Type-Options": "nosniff"})


# --- account ----------------------------------------------------------------------------------------------------------


@endpoint("GET")
async def query_balance(request: ASGIRequest) -> HttpResponse:
    price, _ = await store.stored(store.spent)
    left = BALANCE - price
    return answer(
        {
            "available_amount": f"{max(left, 0):.4f}",
            "cash_balance": f"{max(left, 0):.4f}",
            "voucher_balance": "0",
            "credit_balance": "0",
            "owed_amount": f"{max(-left, 0):.4f}",
            "balance_alert_switch": False,
            "balance_alert_threshold": "0",
        }
    )


@endpoint("GET")
async def token_plan(request: ASGIRequest) -> HttpResponse:
    """One plan for speech: 10,000 calls a day."""
    used = await store.stored(store.count_charges)
    now = runtime.now()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = int(start.timestamp() * 1000)
    day = 86_400_000
    left = max(0, 10_000 - used)
    row = {
        "model_name": "speech-hd",
        "start_time": begin,
        "end_time": begin + day,
        "remains_time": begin + day - int(now.timestamp() * 1000),
        "current_interval_total_count": 10_000,
        "current_interval_usage_count": used,
        "current_interval_remaining_percent": left // 100,
        "current_interval_status": 1 if left else 2,
        "current_weekly_total_count": 0,
        "current_weekly_usage_count": 0,
        "current_weekly_remaining_percent": 100,
        "current_weekly_status": 3,
        "weekly_start_time": 0,
        "weekly_end_time": 0,
        "weekly_remains_time": 0,
        "weekly_boost_permille": 1000,
    }
    return answer({"model_remains": [row]})


# --- knobs ------------------------------------------------------------------------------------------------------------


@endpoint("GET", "POST", "DELETE", knob=True)
async def sandbox_faults(request: ASGIRequest) -> HttpResponse:
    if request.method == "POST":
        faults.add(body_of(request))
    elif request.method == "DELETE":
        faults.clear()
    return answer({"faults": [asdict(fault) for fault in faults.active()], "known": sorted(faults.NAMES)})


@endpoint("GET", "DELETE", knob=True)
async def sandbox_requests(request: ASGIRequest) -> HttpResponse:
    """What was asked of the API, oldest first; the sandbox's own addresses are left out."""
    if request.method == "DELETE":
        journal.entries.clear()
    shown = [entry.as_dict() for entry in journal.entries if not entry.path.startswith(("/sandbox/", "/healthz"))]
    price, characters = await store.stored(store.spent)
    return answer(
        {
            "requests": shown,
            "charges": await store.stored(store.count_charges),
            "charged_characters": characters,
            "charged_usd": str(price),
        }
    )


@endpoint("GET", "POST", knob=True)
async def sandbox_state(request: ASGIRequest) -> HttpResponse:
    """Delay, clock and speed, changed while it runs."""
    if request.method == "POST":
        body = body_of(request)
        for name in ("delay_s", "clock_shift_s", "idle_s", "task_delay_s"):
            if name in body:
                try:
                    setattr(runtime, name, float(body[name]))
                except (TypeError, ValueError):
                    raise invalid(name, "must be a number") from None
        if "tokens_per_second" in body:
            speed = body["tokens_per_second"]
            if speed is not None and (isinstance(speed, bool) or not isinstance(speed, int | float) or speed < 0):
                raise invalid("tokens_per_second", "must be a number, or null for the speed of each model")
            runtime.tokens_per_second = speed
        if "obey_stop" in body:
            runtime.obey_stop = bool(body["obey_stop"])
    return answer(
        {
            "delay_s": runtime.delay_s,
            "clock_shift_s": runtime.clock_shift_s,
            "idle_s": runtime.idle_s,
            "task_delay_s": runtime.task_delay_s,
            "tokens_per_second": runtime.tokens_per_second,
            "obey_stop": runtime.obey_stop,
            "now": runtime.now().isoformat(),
            "engine_pids": pool().pids,
        }
    )


@endpoint("POST", knob=True)
async def sandbox_voices(request: ASGIRequest) -> HttpResponse:
    """A voice as if it had been cloned or designed just now: hidden until it is used."""
    body = body_of(request)
    kind, voice_id = body.get("voice_type", "voice_cloning"), str(body.get("voice_id") or "")
    if kind not in CUSTOM_TYPES:
        raise invalid("voice_type", "must be voice_cloning or voice_generation")
    if not voice_id:
        raise invalid("voice_id", "is required")
    language = body.get("language", "English")
    if language not in rules.languages():
        raise invalid("language", "unknown language")
    gender = str(body.get("gender", ""))
    if voice_id in rules.system_voices() or not await store.stored(store.add_voice, voice_id, kind, language, gender):
        raise RefusedError(2039, "voice_id already exists")
    return answer({"voice_id": voice_id})

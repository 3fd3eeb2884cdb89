"""Health, account, and the sandbox's own knobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from apps.sandbox import account, faults, journal, store
from apps.sandbox.api import account_of, body_of, endpoint, entry_of
from apps.sandbox.envelope import answer, invalid, refusal
from apps.sandbox.pool import pool
from apps.sandbox.runtime import runtime


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


# --- account ----------------------------------------------------------------------------------------------------------


@endpoint("GET")
async def query_balance(request: ASGIRequest) -> HttpResponse:
    whose = account_of(request)
    left = (
        whose.balance if whose.balance is not None else account.BALANCE - await store.stored(store.spent_from_balance)
    )
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
    """What the key's plan has left; of a pay-as-you-go key, one window for speech: 10,000 calls a day."""
    whose = account_of(request)
    if whose.plan:
        return answer({"model_remains": [_window(account.MODELS[each], whose) for each in whose.covers]})
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


def _window(model: str, whose: account.Account) -> dict[str, Any]:
    """A rolling window of five hours, and a week that has as much left."""
    now = runtime.now()
    begin = int(now.replace(hour=now.hour - now.hour % 5, minute=0, second=0, microsecond=0).timestamp() * 1000)
    end, now_ms = begin + 5 * 3_600_000, int(now.timestamp() * 1000)
    percent = whose.percent if whose.reported_percent is None else whose.reported_percent
    return {
        "model_name": model,
        "start_time": begin,
        "end_time": end,
        "remains_time": max(0, end - now_ms),
        "current_interval_total_count": 1500,
        "current_interval_usage_count": 1500 * (100 - percent) // 100,
        "current_interval_remaining_percent": percent,
        "current_interval_status": 1 if percent else 2,
        "current_weekly_total_count": 0,
        "current_weekly_usage_count": 0,
        "current_weekly_remaining_percent": 100,
        "current_weekly_status": 3,
        "weekly_start_time": begin,
        "weekly_end_time": begin + 7 * 86_400_000,
        "weekly_remains_time": 7 * 86_400_000,
        "weekly_boost_permille": 1000,
    }


# --- knobs ------------------------------------------------------------------------------------------------------------


@endpoint("GET", "POST", "DELETE", knob=True)
async def sandbox_faults(request: ASGIRequest) -> HttpResponse:
    if request.method == "POST":
        faults.add(body_of(request))
    elif request.method == "DELETE":
        faults.clear()
    return answer({"faults": [asdict(fault) for fault in faults.active()], "known": sorted(faults.NAMES)})


@endpoint("POST", "DELETE", knob=True)
async def sandbox_accounts(request: ASGIRequest) -> HttpResponse:
    """Keys besides the one of the command line: with a Token Plan, or with so much balance."""
    if request.method == "POST":
        account.add(body_of(request))
    else:
        account.keys.added.clear()
    return answer({"keys": len(account.keys.added)})


@endpoint("GET", knob=True)
async def sandbox_invoice(request: ASGIRequest) -> HttpResponse:
    """What MiniMax would put on its bill, line by line, oldest first. Amounts are decimal strings, US dollars."""
    return answer(await store.stored(store.invoice))


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
        if "capacity_bytes" in body:
            if not isinstance(body["capacity_bytes"], int) or isinstance(body["capacity_bytes"], bool):
                raise invalid("capacity_bytes", "must be a whole number")
            runtime.capacity_bytes = body["capacity_bytes"]
        if "long_speech_result" in body:
            if body["long_speech_result"] not in ("tar", "raw"):
                raise invalid("long_speech_result", "must be tar or raw")
            runtime.long_speech_result = body["long_speech_result"]
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
            "long_speech_result": runtime.long_speech_result,
            "capacity_bytes": runtime.capacity_bytes,
            "now": runtime.now().isoformat(),
            "engine_pids": pool().pids,
        }
    )

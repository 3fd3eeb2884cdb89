"""A mixed run over the real wire: the ledger is what the sandbox, in MiniMax's place, puts on its invoice."""

from __future__ import annotations

import asyncio
import time
import uuid
from decimal import Decimal

import httpx
import pytest
from asgiref.sync import async_to_sync

from apps.chat import live as chat_live
from apps.chat import loop
from apps.chat.services import Asked
from apps.jobs.kinds import get_kind
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.jobs.tasks import run_job
from apps.speech import live as speech_live
from apps.speech import rows
from apps.speech import services as speech
from apps.speech.forms import SpeechForm
from apps.usage.models import Hold, LedgerEntry
from apps.voices import services as voices
from apps.voices.forms import DesignForm
from apps.workspaces.models import Connection, ConnectionKind
from apps.workspaces.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)

CENT = Decimal("0.01")
MIXED = "潮水退了，夜班开始。 The tide is out \N{WATER WAVE}\N{FISH}, 明天见。"
CHAT = {"model": "MiniMax-M2.7", "surface": "anthropic", "max_tokens": 400, "thinking": False}


@pytest.fixture
def paying(creator, sandbox, settings):
    """Somebody whose workspace pays whoever answers at the sandbox's address."""
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    Connection.objects.create(
        workspace=creator.workspace,
        kind=ConnectionKind.CUSTOM,
        base_url=sandbox.url,
        key_sealed=seal(sandbox.key),
    )
    return creator


def invoice(sandbox) -> list[dict]:
    answer = httpx.get(f"{sandbox.url}/sandbox/invoice", headers=sandbox.headers)
    return answer.json()["lines"]


def fault(sandbox, **told) -> None:
    httpx.post(f"{sandbox.url}/sandbox/faults", json=told, headers=sandbox.headers).raise_for_status()


def make(member, name, **request) -> Job:
    job = submit_job(member, get_kind(name), request, click=str(uuid.uuid4()))
    run_job(str(job.pk))
    job.refresh_from_db()
    return job


def speak(member, text, voice_id="English_expressive_narrator") -> None:
    form = SpeechForm({"text": text, "voice_id": voice_id, "model": "speech-2.8-hd"})
    assert form.is_valid(), form.errors
    started = speech.start_take(member.pk, form.cleaned_data, click=str(uuid.uuid4()), playback="mp3", is_typed=False)

    async def run() -> None:
        request = speech.speech_request(started.take)
        going = await speech_live.start_run(started.take, started.endpoint, request, asked_at=time.perf_counter())
        await asyncio.wait_for(going.task, 60)
        await speech_live.shut_down()

    async_to_sync(run)()


def chat(member, texts) -> None:
    """A conversation: from the second turn on, its beginning is read from the cache."""

    async def run() -> None:
        conversation = parent = None
        for text in texts:
            asked = Asked(
                click=str(uuid.uuid4()), conversation_id=conversation, parent_id=parent, settings=[CHAT], text=text
            )
            started, runs = await loop.start(member.pk, asked, asked_at=time.perf_counter())
            await asyncio.gather(*(each.task for each in runs.values()))
            conversation, parent = started.conversation.pk, started.replies[0].pk
        await chat_live.shut_down()
        await asyncio.to_thread(rows.close_connections)

    async_to_sync(run)()


def test_the_ledger_is_the_invoice_to_the_cent(paying, sandbox):
    before = len(invoice(sandbox))
    picture = {"model": "image-01", "prompt": "a lighthouse", "aspect_ratio": "1:1", "prompt_optimizer": False, "n": 3}
    assert make(paying, "image", **picture).status == "succeeded"
    written = make(
        paying, "lyrics", mode="write_full_song", prompt="The sea \N{WATER WAVE} 海", lyrics="", title="", model=""
    )
    assert written.status == "succeeded"
    speak(paying, MIXED)
    chat(paying, ["Tell me about the tide. " * 150, "And in Chinese? 用中文说。", "Thank you \N{FISH}"])

    form = DesignForm({"prompt": "An old man, deep and slow", "preview_text": MIXED, "n": 1}, member=paying)
    assert form.is_valid(), form.errors
    [voice] = voices.design(paying, form.cleaned_data, click=str(uuid.uuid4()))
    run_job(str(voice.making.pk))
    voice.refresh_from_db()
    speak(paying, "Ahoy there, 船长。", f"voice:{voice.pk}")  # its first use: the fee is due

    for name in ("balance", "content"):  # refused, so neither side books anything
        fault(sandbox, fault=name, path="/v1/image_generation", times=1)
        assert make(paying, "image", **picture).charged == "no"

    entries = LedgerEntry.objects.current()
    lines = invoice(sandbox)[before:]
    billed = sum((Decimal(line["usd"]) for line in lines), Decimal(0))
    booked = sum((entry.actual_usd for entry in entries), Decimal(0))
    assert {entry.kind for entry in entries} >= {"image", "lyrics", "speech", "chat", "voice_design"}
    assert sum(entry.usage.get("cache_read", 0) for entry in entries if entry.kind == "chat") > 0
    assert abs(billed - booked) < CENT, (lines, [(e.source, e.kind, e.actual_usd) for e in entries])
    assert not Hold.objects.exists()

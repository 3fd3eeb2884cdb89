"""The whole way over a real socket, against the sandbox: its clock is moved along with ours."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import timedelta

import httpx
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.library.models import Asset
from apps.speech import live
from apps.speech import services as speech
from apps.speech.forms import SpeechForm
from apps.speech.models import Take
from apps.voices import services, tasks
from apps.voices.forms import DesignForm
from apps.voices.models import State, Voice
from apps.workspaces.models import Connection, ConnectionKind
from tests.voices.conftest import work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member(creator, sandbox, settings):
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    Connection.objects.create(workspace=creator.workspace, kind=ConnectionKind.SANDBOX)
    return creator


@pytest.fixture
def both_clocks(sandbox, monkeypatch):
    """Moves the sandbox's clock and ours by the same."""
    real = timezone.now
    shift = {"s": 0.0}

    def set_to(hours: float) -> None:
        shift["s"] = hours * 3600
        body = {"clock_shift_s": shift["s"]}
        httpx.post(f"{sandbox.url}/sandbox/state", json=body, headers=sandbox.headers).raise_for_status()

    monkeypatch.setattr("apps.voices.models.timezone.now", lambda: real() + timedelta(seconds=shift["s"]))
    yield set_to
    set_to(0)


def say(member, voice_id: str, **changes) -> Take:
    """Press *Speak*, and wait until the take is in the library."""
    form = SpeechForm({"text": "The tide is out.", "voice_id": voice_id, "model": "speech-2.8-hd"} | changes)
    assert form.is_valid(), form.errors
    started = speech.start_take(member.pk, form.cleaned_data, click=str(uuid.uuid4()), playback="mp3", is_typed=False)

    async def run() -> None:
        going = await live.start_run(
            started.take, started.endpoint, speech.speech_request(started.take), asked_at=time.perf_counter()
        )
        await asyncio.wait_for(going.task, 60)
        await live.shut_down()

    async_to_sync(run)()
    return Take.objects.get(pk=started.take.pk)


def test_a_voice_is_previewed_lost_made_again_and_an_old_take_speaks_with_it_unedited(member, both_clocks):
    form = DesignForm({"prompt": "An old man, deep and slow", "preview_text": "Ahoy there.", "n": 1}, member=member)
    assert form.is_valid(), form.errors
    [voice] = services.design(member, form.cleaned_data, click=str(uuid.uuid4()))
    job = work(voice.making)
    assert job.status == "succeeded", job.error
    tasks.check(member.workspace_id)
    voice.refresh_from_db()
    assert (voice.state, job.assets.count()) == (State.TEMPORARY, 1)  # the preview kept nothing

    first = say(member, voice.alias)
    voice.refresh_from_db()
    assert (first.status, voice.state) == ("kept", State.KEPT)
    assert first.request["voice_id"] == voice.alias
    assert Asset.objects.get(pk=first.pk).voice_id == voice.voice_id
    assert list(services.assets_of(member, voice).filter(kind="speech")) == [first.asset]

    old = voice.voice_id
    services.delete(member, voice)
    tasks.remove_what_ended(timezone.now())
    form = SpeechForm(speech.recall_request(member, asset_id=str(first.pk)))
    assert form.is_valid(), form.errors
    with pytest.raises(speech.RefusedError, match="was deleted"):
        speech.start_take(member.pk, form.cleaned_data, click="again", playback="mp3", is_typed=False)

    job = work(services.make_again(member, voice, click=str(uuid.uuid4())))
    assert job.status == "succeeded", job.error
    recalled = speech.recall_request(member, asset_id=str(first.pk))
    second = say(member, **{name: recalled[name] for name in ("voice_id", "text", "model")})
    voice.refresh_from_db()
    assert (second.status, second.request["voice_id"]) == ("kept", voice.alias)
    assert second.voice_id == voice.voice_id != old


def test_keep_makes_minimax_list_it_and_what_was_not_kept_is_gone_after_168_hours(member, both_clocks):
    form = DesignForm({"prompt": "A cheerful girl", "preview_text": "Hello!", "n": 2}, member=member)
    assert form.is_valid(), form.errors
    kept, lost = services.design(member, form.cleaned_data, click=str(uuid.uuid4()))
    for voice in (kept, lost):
        assert work(voice.making).status == "succeeded"
    job = work(services.keep(member, Voice.objects.get(pk=kept.pk), click=str(uuid.uuid4())))
    kept.refresh_from_db()
    assert (job.status, job.notice, kept.state) == ("succeeded", "", State.KEPT)
    assert kept.verified_at
    both_clocks(168.1)
    tasks.sweep()
    kept.refresh_from_db()
    lost.refresh_from_db()
    assert (kept.state, lost.state) == (State.KEPT, State.GONE)

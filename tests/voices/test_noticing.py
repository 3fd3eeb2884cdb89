"""What happens in MiniMax's own console is noticed here."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.usage.models import LedgerEntry
from apps.voices import lifecycle, services, tasks
from apps.voices.models import Consent, State, Voice
from apps.voices.resolving import VoiceGoneError, resolve
from tests.voices.conftest import MiniMax

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def system_voice(minimax, monkeypatch):
    """MiniMax always lists voices of its own; a list without them is no list."""
    answer = minimax.answer

    def with_system(path, body):
        told = answer(path, body)
        if path == "/v1/get_voice" and isinstance(told, dict) and "system_voice" in told and told["system_voice"] == []:
            told["system_voice"] = [{"voice_id": "male-qn-qingse", "voice_name": "Qingse"}]
        return told

    monkeypatch.setattr(minimax, "answer", with_system)


@pytest.fixture
def kept(anna, press_keep) -> Voice:
    press_keep(anna)
    anna.refresh_from_db()
    assert (anna.state, bool(anna.verified_at)) == (State.KEPT, True)
    return anna


@pytest.fixture
def as_maker(client, connected):
    client.force_login(connected.user)
    return client


def at(name: str, *rest) -> str:
    return reverse(f"voices:{name}", args=["night-shift", *rest])


def vanish(minimax: MiniMax, voice: Voice) -> None:
    del minimax.made[voice.voice_id]


def later(clock, hours: float) -> None:
    clock.move(hours=hours)
    cache.clear()  # its times run by the machine's clock
    tasks.sweep()


def test_a_voice_that_was_deleted_at_minimax_is_gone_and_says_so(kept, minimax, clock, as_maker, connected):
    vanish(minimax, kept)
    later(clock, 6)
    kept.refresh_from_db()
    assert kept.state == State.KEPT  # one list may be wrong
    later(clock, 0.25)
    kept.refresh_from_db()
    assert kept.state == State.GONE
    assert kept.identities.get(voice_id=kept.voice_id).why == "vanished"
    page = as_maker.get(at("index")).text
    assert "it was deleted there, outside this studio" in page
    assert "Make it again" in page
    with pytest.raises(VoiceGoneError, match="deleted at MiniMax"):
        resolve(connected.workspace, kept.alias)


def test_a_voice_that_comes_back_is_kept_as_it_was_and_not_paid_again(kept, minimax, clock):
    paid, kind = LedgerEntry.objects.count(), minimax.made[kept.voice_id]
    vanish(minimax, kept)
    later(clock, 6)
    later(clock, 1)
    minimax.made[kept.voice_id] = kind
    later(clock, 1)
    kept.refresh_from_db()
    assert (kept.state, kept.missed_at) == (State.KEPT, None)
    assert kept.identities.get(voice_id=kept.voice_id).ended_at is None
    assert LedgerEntry.objects.count() == paid


def test_one_wrong_list_loses_nothing(kept, minimax, clock):
    kind = minimax.made[kept.voice_id]
    vanish(minimax, kept)
    later(clock, 6)
    minimax.made[kept.voice_id] = kind
    later(clock, 1)
    kept.refresh_from_db()
    assert (kept.state, kept.missed_at) == (State.KEPT, None)


def test_a_list_without_any_voice_is_not_believed(kept, minimax, clock):
    empty = {"system_voice": None, "voice_cloning": None, "base_resp": {"status_code": 0, "status_msg": "ok"}}
    for _time in range(3):
        minimax.instead["/v1/get_voice"] = [empty]
        later(clock, 6)
    kept.refresh_from_db()
    assert (kept.state, kept.missed_at) == (State.KEPT, None)


def test_minimax_is_asked_a_few_times_a_day_where_all_is_kept(kept, minimax):
    before = len(minimax.calls("/v1/get_voice"))
    for _minute in range(5):
        tasks.sweep()
    assert len(minimax.calls("/v1/get_voice")) == before + 1


def test_opening_the_page_has_minimax_asked_once(as_maker, minimax, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(tasks.check, "apply_async", lambda args, **_options: asked.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        for _visit in range(3):
            as_maker.get(at("index"))
    assert len(asked) == 1


# --- voices that nobody made here -------------------------------------------------------------------------------------


@pytest.fixture
def strangers(connected, minimax) -> None:
    minimax.made |= {"made-elsewhere-1": "voice_cloning", "made-elsewhere-2": "voice_generation"}
    minimax.used |= {"made-elsewhere-1", "made-elsewhere-2"}
    tasks.check(connected.workspace_id)


def test_a_designed_voice_from_elsewhere_is_offered_and_taken_in(as_maker, strangers, connected):
    assert "made-elsewhere-2" in as_maker.get(at("index")).text
    as_maker.post(at("take_in"), {"voice_id": "made-elsewhere-2", "name": "From the console"})
    voice = Voice.objects.get()
    assert (voice.name, voice.state, voice.origin) == ("From the console", State.KEPT, "design")
    assert resolve(connected.workspace, voice.alias) == "made-elsewhere-2"
    assert not voice.may_be_made
    assert [each.voice_id for each in lifecycle.strangers_of(connected.workspace)] == ["made-elsewhere-1"]


def test_a_cloned_voice_from_elsewhere_is_not_taken_in_without_consent(as_maker, strangers, connected):
    given = {"voice_id": "made-elsewhere-1", "name": "Ben"}
    answer = as_maker.post(at("take_in"), given)
    assert answer.status_code == 422
    assert not Voice.objects.exists()
    as_maker.post(at("take_in"), given | {"consent_person": "Ben", "consent_how": "tick", "consent": "on"})
    assert Consent.objects.get().person == "Ben"
    voice = Voice.objects.get()
    services.withdraw(connected, voice)
    assert not voice.may_be_made


def test_voice_that_was_taken_in_and_deleted_cannot_be_made_again(as_maker, strangers, connected):
    as_maker.post(at("take_in"), {"voice_id": "made-elsewhere-2", "name": "From the console"})
    services.delete(connected, Voice.objects.get())
    assert as_maker.get(at("index")).status_code == 200
    assert as_maker.post(at("again", Voice.objects.get().pk), {"click": "a"}).status_code == 422


def test_what_minimax_does_not_list_cannot_be_taken_in(as_maker, strangers, kept):
    for voice_id in ("nobody-listed-this", kept.voice_id):
        assert as_maker.post(at("take_in"), {"voice_id": voice_id, "name": "x"}).status_code == 404


def test_viewer_is_offered_nothing(client, viewer, strangers):
    client.force_login(viewer.user)
    assert "made-elsewhere-2" not in client.get(at("index")).text
    assert client.get(at("take_in"), {"voice_id": "made-elsewhere-2"}).status_code == 403

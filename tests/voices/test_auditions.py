"""One line, many voices: priced before, paid at most once, voted on, and a winner that the speech page begins with."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job, Status
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.voices import services
from apps.voices.auditions import begin_with
from apps.voices.models import Audition, AuditionVote, HouseVoice, State, Voice, VoiceIdentity
from apps.workspaces.models import Connection, ConnectionKind, Membership
from tests.voices.conftest import MiniMax, refusal, work

pytestmark = pytest.mark.django_db

LINE = "Good morning, the train leaves now."
VOICES = ["male-qn-qingse", "female-yujie"]
MODELS = ["speech-2.8-hd", "speech-2.8-turbo"]


def at(name: str, *rest) -> str:
    return reverse(f"voices:{name}", args=["night-shift", *rest])


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    monkeypatch.setattr("apps.jobs.services.ring", lambda job: None)


@pytest.fixture
def as_creator(client, creator):
    client.force_login(creator.user)
    return client


@pytest.fixture
def pays(workspace):
    """A workspace whose sounds cost money. Nothing is sent: no worker listens."""
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.GLOBAL)


@pytest.fixture
def minimax_with_voices(connected: Membership, minimax: MiniMax) -> MiniMax:
    minimax.made |= dict.fromkeys(VOICES, "system")
    return minimax


def given(**changes) -> dict:
    return {"line": LINE, "voices": VOICES, "models": MODELS[:1], "click": str(uuid.uuid4())} | changes


def hold(client: Client, **changes) -> Audition:
    answer = client.post(at("audition"), given(**changes))
    assert answer.status_code == 302, answer.context["form"].errors
    return Audition.objects.latest("created_at")


def say_all(audition: Audition) -> None:
    for part in audition.parts.select_related("job"):
        if part.job and part.job.status == Status.QUEUED:
            work(part.job)


def own_voice(member: Membership, **facts) -> Voice:
    now = timezone.now()
    fields = {
        "workspace": member.workspace,
        "created_by": member.user,
        "name": "Ana of ours",
        "origin": "design",
        "state": State.TEMPORARY,
        "voice_id": "studio-ana-12345678",
        "connection": "global",
        "made_at": now,
        "expires_at": now + timedelta(hours=168),
    }
    voice = Voice.objects.create(**fields | facts)
    VoiceIdentity.objects.create(
        bearer=voice, voice_id=voice.voice_id, connection=voice.connection, made_at=voice.made_at
    )
    return voice


def place_of(audition: Audition, voice: str) -> int:
    return audition.parts.filter(voice=voice)[0].place


# --- price ------------------------------------------------------------------------------------------------------------


def test_price_of_every_sound_stands_there_before_any_is_made(as_creator, pays):
    price = as_creator.get(at("audition_price"), given(models=MODELS)).context["price"]
    each = [catalogue.price_of_speech(model, len(LINE)) for model in MODELS]
    assert (price.sounds, price.usd) == (4, 2 * sum(each))
    assert not Job.objects.exists()


def test_fee_of_a_temporary_voice_is_in_the_price_once(as_creator, creator, pays):
    voice = own_voice(creator)
    price = as_creator.get(at("audition_price"), given(voices=[voice.alias], models=MODELS)).context["price"]
    assert price.fee_usd == Decimal(3)
    assert price.usd == 3 + sum(catalogue.price_of_speech(model, len(LINE)) for model in MODELS)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"voices": VOICES[:1]}, "voices"),
        ({"voices": []}, "voices"),
        ({"voices": [f"voice-{number}" for number in range(13)]}, "voices"),
        ({"voices": [f"voice-{number}" for number in range(9)], "models": [*MODELS, "speech-2.6-hd"]}, "voices"),
        ({"models": []}, "models"),
        ({"models": ["speech-9"]}, "models"),
        ({"line": " "}, "line"),
        ({"line": "a" * 301}, "line"),
        ({"voices": [f"voice:{uuid.uuid4()}", VOICES[0]]}, "voices"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_nothing_is_made(as_creator, pays, changes, field):
    answer = as_creator.post(at("audition"), given(**changes))
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not Job.objects.exists()
    assert not Audition.objects.exists()


# --- at most once -----------------------------------------------------------------------------------------------------


def test_one_press_pays_once(as_creator, pays):
    click = str(uuid.uuid4())
    first, second = hold(as_creator, click=click), hold(as_creator, click=click)
    assert first == second
    assert Job.objects.count() == 2


def test_a_sound_that_is_here_is_never_paid_again(as_creator, minimax_with_voices):
    say_all(hold(as_creator))
    assert len(minimax_with_voices.calls("/v1/t2a_v2")) == 2
    assert as_creator.get(at("audition_price"), given()).context["price"].sounds == 0
    again = hold(as_creator, models=MODELS)
    assert as_creator.get(at("audition_price"), given(models=MODELS)).context["price"].sounds == 0  # on their way
    say_all(again)
    assert len(minimax_with_voices.calls("/v1/t2a_v2")) == 4
    assert as_creator.get(at("audition_table", again.pk)).text.count("<studio-player") == 4


def test_what_failed_is_said_again_at_a_price_and_the_rest_is_not(as_creator, minimax_with_voices):
    minimax_with_voices.instead["/v1/t2a_v2"] = [refusal(20132)]
    held = hold(as_creator)
    say_all(held)
    page = as_creator.get(at("audition_table", held.pk))
    assert page.context["again"].sounds == 1
    assert "Nothing was charged" in page.text
    as_creator.post(at("audition_again", held.pk))
    say_all(held)
    assert len(minimax_with_voices.calls("/v1/t2a_v2")) == 3
    page = as_creator.get(at("audition_table", held.pk))
    assert page.context["again"] is None
    assert page.text.count("<studio-player") == 2


def test_a_voice_of_the_workspace_is_kept_by_it_and_its_sound_is_found_when_consent_is_withdrawn(
    as_creator, anna, minimax_with_voices
):
    held = hold(as_creator, voices=[anna.alias, VOICES[0]])
    say_all(held)
    anna.refresh_from_db()
    assert anna.state == State.KEPT
    sound = Asset.objects.get(kind="voice_audition", request__voice=anna.alias)
    assert sound in services.assets_of(Membership.objects.get(user=anna.created_by), anna)


def test_a_voice_whose_consent_was_withdrawn_meanwhile_does_not_speak(as_creator, anna, minimax_with_voices, connected):
    held = hold(as_creator, voices=[anna.alias, VOICES[0]])
    services.withdraw(connected, anna)
    say_all(held)
    assert len(minimax_with_voices.calls("/v1/t2a_v2")) == 1
    assert as_creator.get(at("audition_table", held.pk)).context["again"] is None


# --- votes ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard(as_creator, minimax_with_voices) -> Audition:
    held = hold(as_creator)
    say_all(held)
    return held


@pytest.fixture
def blind(as_creator, minimax_with_voices) -> Audition:
    held = hold(as_creator, is_blind="on")
    say_all(held)
    return held


def test_blind_table_says_nothing_about_who_speaks_until_the_person_has_voted(as_creator, blind):
    names = [part.name for part in blind.parts.all()]
    hidden = as_creator.get(at("audition_table", blind.pk)).text
    assert not any(word in hidden for word in [*names, *VOICES, "speech-2.8-hd", "2.8 HD"])
    assert "Voice A" in hidden
    shown = as_creator.post(at("audition_vote", blind.pk), {"part": 0}, headers={"HX-Request": "true"}).text
    assert all(name in shown for name in names)
    assert "1 vote" in shown


def test_vote_in_the_blind_stands_and_an_open_one_can_be_changed(as_creator, blind, heard):
    for audition, stands in ((blind, True), (heard, False)):
        for place in (0, 1):
            answer = as_creator.post(at("audition_vote", audition.pk), {"part": place}, headers={"HX-Request": "true"})
        assert ("this vote stands" in answer.text) is stands
        assert AuditionVote.objects.get(audition=audition).part.place == (0 if stands else 1)


def test_each_person_has_one_vote_and_all_are_counted(as_creator, heard, owner, viewer):
    place = place_of(heard, VOICES[1])
    for member in (owner, viewer):
        client = Client()
        client.force_login(member.user)
        for _press in range(2):
            client.post(at("audition_vote", heard.pk), {"part": place})
    as_creator.post(at("audition_vote", heard.pk), {"part": place_of(heard, VOICES[0])})
    table = as_creator.get(at("audition_table", heard.pk)).context["table"]
    assert {each.part.voice: (each.votes, each.leads) for each in table.parts} == {
        VOICES[0]: (1, False),
        VOICES[1]: (2, True),
    }


@pytest.mark.parametrize("part", ["", "99", "-1", "x", "9999999999999999999999"])
def test_odd_vote_is_not_found(as_creator, heard, part):
    assert as_creator.post(at("audition_vote", heard.pk), {"part": part}).status_code == 404


# --- the winner -------------------------------------------------------------------------------------------------------


def test_speech_begins_with_the_winner(client, owner, heard):
    client.force_login(owner.user)
    client.post(at("audition_choose", heard.pk), {"part": place_of(heard, VOICES[1])})
    form = client.get(reverse("speech:index", args=["night-shift"])).context["form"]
    assert (form["voice_id"].value(), form["model"].value()) == (VOICES[1], MODELS[0])
    given_one = client.get(reverse("speech:index", args=["night-shift"]), {"voice_id": VOICES[0]})
    assert given_one.context["form"]["voice_id"].value() == VOICES[0]
    client.post(at("as_usual"))
    form = client.get(reverse("speech:index", args=["night-shift"])).context["form"]
    assert form["voice_id"].value() == catalogue.speech.default_voice_id


def test_a_winner_that_is_gone_is_not_begun_with(client, owner, pays):
    voice = own_voice(owner)
    begin_with(owner, voice.alias, MODELS[0])
    client.force_login(owner.user)
    page = client.get(reverse("speech:index", args=["night-shift"]))
    assert page.context["form"]["voice_id"].value() == voice.alias
    Voice.objects.update(state=State.GONE)
    page = client.get(reverse("speech:index", args=["night-shift"]))
    assert page.context["form"]["voice_id"].value() == catalogue.speech.default_voice_id


def test_only_who_manages_chooses_what_all_begin_with(as_creator, heard):
    assert as_creator.post(at("audition_choose", heard.pk), {"part": 0}).status_code == 403
    assert as_creator.post(at("as_usual")).status_code == 403
    assert not HouseVoice.objects.exists()


# --- who may ----------------------------------------------------------------------------------------------------------


def test_stranger_finds_no_audition(client, stranger, heard):
    client.force_login(stranger.user)
    assert client.get(at("audition_table", heard.pk)).status_code == 404
    theirs = reverse("voices:audition_table", args=[stranger.workspace.slug, heard.pk])
    assert client.get(theirs).status_code == 404


def test_viewer_listens_and_votes_and_holds_none(client, viewer, heard):
    client.force_login(viewer.user)
    assert client.get(at("audition_table", heard.pk)).status_code == 200
    assert client.post(at("audition_vote", heard.pk), {"part": 0}).status_code == 200
    assert client.post(at("audition"), given()).status_code == 403
    assert client.post(at("audition_again", heard.pk)).status_code == 403


def test_empty_page_has_an_example_that_can_be_pressed_at_once(as_creator, pays):
    assert "?example=1" in as_creator.get(at("audition")).text
    page = as_creator.get(at("audition"), {"example": "1"})
    assert page.context["price"].sounds == 3

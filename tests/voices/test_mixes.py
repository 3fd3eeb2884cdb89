"""A mix of voices, saved from the speech page as a voice of the workspace."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.speech import services as speech
from apps.voices import services
from apps.voices.models import State, Voice
from apps.workspaces.models import Connection, ConnectionKind

pytestmark = pytest.mark.django_db

PARTS = [{"voice_id": "male-qn-qingse", "weight": 70}, {"voice_id": "female-yujie", "weight": 30}]


@pytest.fixture
def as_creator(client, creator):
    Connection.objects.create(workspace=creator.workspace, kind=ConnectionKind.GLOBAL)
    client.force_login(creator.user)
    return client


def save(client, parts=PARTS, name: str = "Half and half"):
    given = {"name": name, "timbre_weights": parts if isinstance(parts, str) else json.dumps(parts)}
    return client.post(reverse("voices:mix", args=["night-shift"]), given)


def test_mix_is_saved_and_chosen_again_from_the_picker(as_creator, creator):
    answer = save(as_creator)
    assert answer.status_code == 201
    voice = Voice.objects.get()
    assert answer.json() == {"voice_id": voice.alias, "name": "Half and half", "meta": "Mixed"}
    picker = as_creator.get(reverse("speech:voices", args=["night-shift"])).text
    assert f'data-voice="{voice.alias}"' in picker
    page = as_creator.get(reverse("speech:index", args=["night-shift"]), {"voice_id": voice.alias})
    assert page.context["voice"].name == "Half and half"
    spoken = services.resolve_request(creator.workspace, voice.alias, [])
    assert (spoken.voice_id, spoken.timbre_weights) == ("", PARTS)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (PARTS[:1], "Mix two to 4 voices."),
        ([*PARTS, *PARTS], "The same voice is in the mix twice."),
        ([PARTS[0], {"voice_id": "x", "weight": 0}], "whole number from 1 to 100"),
        ([PARTS[0], {"voice_id": "x", "weight": 1.5}], "whole number from 1 to 100"),
        ([PARTS[0], {"weight": 4}], "Choose a voice for each part"),
        ("nonsense", "Enter a valid JSON"),
        ("[" * 100_000, "Enter a valid JSON"),
    ],
)
def test_mix_that_cannot_speak_is_not_saved(as_creator, parts, sentence):
    answer = save(as_creator, parts)
    assert answer.status_code == 422
    assert sentence in answer.json()["sentence"]
    assert not Voice.objects.exists()


def test_mix_without_a_name_is_not_saved(as_creator):
    assert save(as_creator, name=" ").status_code == 422


def test_mix_is_no_part_of_another(as_creator):
    first = save(as_creator).json()["voice_id"]
    answer = save(as_creator, [PARTS[0], {"voice_id": first, "weight": 10}])
    assert answer.status_code == 422
    assert "is a mix" in answer.json()["sentence"]


def test_price_of_a_mix_holds_the_fee_of_a_part_that_speaks_for_the_first_time(as_creator, creator):
    now = timezone.now()
    anna = Voice.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        name="Anna",
        origin="clone",
        state=State.TEMPORARY,
        voice_id="studio-anna-12345678",
        connection="global",
        made_at=now,
        expires_at=now + timedelta(hours=168),
    )
    mix = save(as_creator, [PARTS[0], {"voice_id": anna.alias, "weight": 10}]).json()["voice_id"]
    assert speech.price_of(creator.workspace, "speech-2.8-hd", "Hello.", [mix]).fee_usd == Decimal("1.5")


def test_viewer_saves_no_mix(client, viewer):
    client.force_login(viewer.user)
    assert save(client).status_code == 403

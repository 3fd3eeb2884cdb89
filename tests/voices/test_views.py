"""The Voices pages, by the doors that a person uses."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job
from apps.library.models import Asset
from apps.speech.voices import Voice as Listed
from apps.voices.models import Consent, State, Voice, VoiceIdentity
from apps.workspaces.models import Connection, ConnectionKind
from tests.voices.sounds import chords, speech, write

pytestmark = pytest.mark.django_db


def at(name: str, *rest) -> str:
    return reverse(f"voices:{name}", args=["night-shift", *rest])


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch, workspace):
    """A studio on the sandbox whose workers are away."""
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)
    for module in ("apps.library.services", "apps.library.tasks"):
        monkeypatch.setattr(f"{module}.ring", lambda task, pk: None)
    monkeypatch.setattr("apps.jobs.services.ring", lambda job: None)


@pytest.fixture
def as_creator(client, creator):
    client.force_login(creator.user)
    return client


@pytest.fixture
def bring(as_creator, tmp_path: Path):
    def bring(samples, name: str = "sample.wav", **more):
        path = write(tmp_path / "given.wav", samples)
        file = SimpleUploadedFile(name, path.read_bytes(), content_type="audio/wav")
        return as_creator.post(at("sample"), {"file": file, "purpose": "sample"} | more)

    return bring


@pytest.fixture
def voice(creator):
    now = timezone.now()
    return Voice.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        name="Ana",
        origin="design",
        description="calm",
        state=State.TEMPORARY,
        voice_id="ttv-voice-2026",
        connection="sandbox",
        made_at=now,
        expires_at=now + timedelta(hours=168),
    )


def test_recording_is_kept_and_its_checks_are_told(bring):
    answer = bring(speech(12))
    assert answer.status_code == 201
    asset = Asset.objects.get(kind="voice_sample")
    assert f'value="{asset.pk}"' in answer.text
    assert "The recording can be used." in answer.text


def test_silence_is_refused_and_nothing_is_kept(bring):
    answer = bring(speech(12) * 0)
    assert answer.status_code == 422
    assert "silence only" in answer.text
    assert "Nothing was sent and nothing was charged." in answer.text
    assert not Asset.objects.exists()
    assert not Job.objects.exists()


def test_music_cannot_be_sent_before_somebody_says_that_it_is_speech(bring, as_creator):
    assert 'name="sample" id="id_sample" form="clone" value=""' in bring(chords(12)).text
    asset = Asset.objects.get(kind="voice_sample")
    answer = as_creator.post(at("mend", asset.pk), {"confirm": "1"})
    assert f'value="{asset.pk}"' in answer.text


def test_trimming_makes_a_new_recording_and_the_old_one_goes_to_the_trash(bring, as_creator):
    bring(speech(14))
    old = Asset.objects.get(kind="voice_sample")
    as_creator.post(at("mend", old.pk), {"trim": "1", "start_s": "1", "end_s": "12.5"})
    new = Asset.objects.exclude(pk=old.pk).get()
    old.refresh_from_db()
    assert old.trashed_at is not None
    assert new.request["found"]["duration_s"] == pytest.approx(11.5, abs=0.01)


def test_without_consent_nothing_is_cloned_and_the_recording_stays_in_the_form(bring, as_creator):
    bring(speech(12))
    asset = Asset.objects.get()
    given = {"sample": asset.pk, "name": "Ana", "click": str(uuid.uuid4()), "consent_how": "tick"}
    answer = as_creator.post(at("clone"), given, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "Without the person&#x27;s consent no voice is cloned." in answer.text
    assert f'value="{asset.pk}"' in answer.text
    assert not Voice.objects.exists()


def test_one_press_clones_once(bring, as_creator):
    bring(speech(12))
    given = {
        "sample": Asset.objects.get().pk,
        "name": "Ana",
        "click": str(uuid.uuid4()),
        "consent_how": "tick",
        "consent_person": "Ana Sol",
        "consent": "on",
    }
    for _press in range(2):
        answer = as_creator.post(at("clone"), given, headers={"HX-Request": "true"})
        assert answer.status_code == 200
    assert (Voice.objects.count(), Job.objects.count(), Consent.objects.get().person) == (1, 1, "Ana Sol")


@pytest.mark.parametrize(
    ("voice_id", "sentence"),
    [
        ("short", "An id has 8 to 256 characters."),
        ("1beginning", "An id begins with a letter"),
        ("ends-with-", "does not end with a hyphen"),
        ("English_expressive_narrator", "own voices has this id"),
        ("my-own-voice", "This id can be used."),
    ],
)
def test_rules_of_an_id_are_told_while_it_is_typed(as_creator, voice_id, sentence):
    answer = as_creator.get(at("check_id"), {"voice_id": voice_id, "name": "Ana"})
    assert sentence in answer.text.replace("&#x27;", "'")


def test_candidates_are_made_side_by_side(as_creator):
    given = {"prompt": "old and calm", "preview_text": "Hello.", "n": "3", "click": str(uuid.uuid4())}
    answer = as_creator.post(at("design"), given, headers={"HX-Request": "true"})
    assert answer.text.count("data-voice-card") == 3
    assert Job.objects.filter(kind="voice_design").count() == 3


def test_candidate_that_gets_a_name_is_chosen(as_creator, voice):
    Voice.objects.update(is_candidate=True)
    as_creator.post(at("rename", voice.pk), {"name": "Old Angus"})
    voice.refresh_from_db()
    assert (voice.name, voice.is_candidate) == ("Old Angus", False)


def test_keep_says_its_price_before_anything_is_paid(as_creator, voice):
    Voice.objects.update(connection="global")
    Connection.objects.update(kind=ConnectionKind.GLOBAL)
    answer = as_creator.get(at("keep", voice.pk))
    assert "$3.00" in answer.text
    assert not Job.objects.exists()


def test_card_tells_how_long_is_left(as_creator, voice):
    answer = as_creator.get(at("index"))
    assert "MiniMax forgets it in 6 days 23 hours" in answer.text


def test_voice_can_be_marked_as_a_favourite_and_unmarked(as_creator):
    marks = [as_creator.post(at("favourite"), {"voice_id": "Grinch"}).text for _press in range(2)]
    assert ['aria-pressed="true"' in mark for mark in marks] == [True, False]


def test_picker_of_speech_shows_the_workspaces_voices_first(as_creator, voice, monkeypatch):
    VoiceIdentity.objects.create(bearer=voice, voice_id=voice.voice_id, connection="sandbox")
    listed = [Listed(name, name, "", "", (), "designed") for name in (voice.voice_id, "ttv-voice-other")]
    monkeypatch.setattr("apps.speech.voices._own_voices", lambda workspace, refresh: listed)
    answer = as_creator.get(reverse("speech:voices", args=["night-shift"]))
    assert 'data-voice="ttv-voice-other"' in answer.text
    assert f'data-voice="{voice.voice_id}"' not in answer.text
    first = answer.text.index(f'data-voice="{voice.alias}"')
    assert first < answer.text.index('data-voice="male-qn-qingse"')


@pytest.mark.parametrize("name", ["card", "voice", "keep", "again", "rename", "withdraw"])
def test_voice_is_not_found_by_a_stranger(client, stranger, voice, name):
    client.force_login(stranger.user)
    assert client.get(at(name, voice.pk)).status_code == 404


def test_viewer_looks_and_makes_nothing(client, viewer, voice):
    client.force_login(viewer.user)
    assert client.get(at("index")).status_code == 200
    assert client.post(at("clone"), {"click": "a"}).status_code == 403
    assert client.post(at("keep", voice.pk), {"click": "a"}).status_code == 403

"""The speech page's addresses."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.library.models import Asset
from apps.speech import services
from apps.speech.models import PronunciationEntry, Status, Take, VoiceSample
from apps.workspaces import tray
from apps.workspaces.models import Connection, ConnectionKind
from apps.workspaces.sealing import seal
from tests.speech.conftest import SETTINGS, TEXT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def url(member, name: str, *args) -> str:
    return reverse(f"speech:{name}", args=[member.workspace.slug, *args])


@pytest.fixture
def as_creator(client, creator):
    client.force_login(creator.user)
    return client


@pytest.fixture
def own_key(workspace, settings):
    """The workspace pays MiniMax itself; nobody listens at its address."""
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    return Connection.objects.create(
        workspace=workspace,
        kind=ConnectionKind.CUSTOM,
        key_sealed=seal("sk-api-0123456789abcdef"),
        base_url="http://127.0.0.1:9",
    )


def make_take(member, text: str = TEXT, **fields) -> Take:
    return Take.objects.create(
        **{
            "workspace": member.workspace,
            "created_by": member.user,
            "click": str(uuid.uuid4()),
            "request": SETTINGS | {"text": text, "timbre_weights": []},
            "stream": {"format": "mp3", "sample_rate": 32000, "channel": 1, "bitrate": 128000},
            "connection_kind": "sandbox",
            "status": Status.FAILED,
            "error": "MiniMax was busy.",
            "charged": "no",
            "heartbeat_at": timezone.now(),
        }
        | fields
    )


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_opens_with_the_defaults(as_creator, creator):
    response = as_creator.get(url(creator, "index"))
    assert response.status_code == 200
    assert response.context["form"]["model"].value() == "speech-2.8-hd"
    assert response.context["socket_path"] == f"/ws/w/{creator.workspace.slug}/speech/"
    assert not response.context["connected"]


def test_old_settings_come_back_into_the_form(as_creator, creator):
    asset = Asset.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        kind="speech",
        title="x",
        request=SETTINGS | {"text": "Once more.", "speed": 1.5, "voice_id": "female-yujie"},
        content_type="audio/mpeg",
        size=1,
        sha256="",
    )
    form = as_creator.get(url(creator, "index"), {"from": str(asset.pk)}).context["form"]
    assert (form["text"].value(), form["speed"].value(), form["voice_id"].value()) == (
        "Once more.",
        1.5,
        "female-yujie",
    )


def test_settings_of_another_workspace_do_not(as_creator, creator, stranger):
    theirs = make_take(stranger, "Their secret.")
    response = as_creator.get(url(creator, "index"), {"take": str(theirs.pk)})
    assert response.status_code == 200
    assert b"Their secret" not in response.content


@pytest.mark.parametrize("query", [{"from": "nonsense"}, {"take": "'; DROP TABLE"}, {"text": "Read me."}])
def test_odd_addresses_open_the_page(as_creator, creator, query):
    response = as_creator.get(url(creator, "index"), query)
    assert response.status_code == 200
    assert response.context["form"]["text"].value() == query.get("text")


@pytest.mark.parametrize("name", ["index", "price", "takes", "dictionary", "voices", "voice_sample"])
def test_a_stranger_finds_no_page(client, stranger, creator, name):
    client.force_login(stranger.user)
    assert client.get(url(creator, name)).status_code == 404


@pytest.mark.parametrize(("name", "method"), [("take", "get"), ("stop", "post")])
def test_a_take_of_another_workspace_is_not_found(client, stranger, creator, name, method):
    take = make_take(creator)
    client.force_login(stranger.user)
    own = reverse(f"speech:{name}", args=[stranger.workspace.slug, take.pk])
    assert getattr(client, method)(own).status_code == 404
    assert getattr(client, method)(url(creator, name, take.pk)).status_code == 404


# --- price ------------------------------------------------------------------------------------------------------------


def test_the_price_counts_ideographs_twice(as_creator, creator, own_key):
    query = {"model": "speech-2.8-turbo", "text": "ab处理\r\n"}
    told = as_creator.get(url(creator, "price"), query, headers={"Accept": "application/json"}).json()
    assert (told["characters"], told["billed_characters"], told["is_free"]) == (5, 7, False)
    assert Decimal(told["usd"]) == Decimal(7) * 60 / 1_000_000


def test_the_sandbox_is_free(as_creator, creator, own_key):
    own_key.kind = ConnectionKind.SANDBOX
    own_key.save()
    query = {"model": "speech-2.8-turbo", "text": "Hello."}
    told = as_creator.get(url(creator, "price"), query, headers={"Accept": "application/json"}).json()
    assert (told["is_free"], Decimal(told["usd"])) == (True, 0)


def test_the_longest_text_is_priced_by_post(as_creator, creator, own_key):
    fields = {"model": "speech-2.8-hd", "text": "字" * 9_999}
    told = as_creator.post(url(creator, "price"), fields, headers={"Accept": "application/json"}).json()
    assert (told["billed_characters"], told["problems"]) == (19_998, [])


def test_problems_of_the_text_are_told_with_their_place(as_creator, creator, own_key):
    fields = {"model": "speech-2.6-hd", "text": "Oh (laughs) no<#1#>"}
    told = as_creator.post(url(creator, "price"), fields, headers={"Accept": "application/json"}).json()
    assert [(problem["start"], problem["end"], problem["blocking"]) for problem in told["problems"]] == [
        (3, 11, False),
        (14, 19, True),
    ]


def test_the_price_is_a_fragment_for_the_button(as_creator, creator, own_key):
    response = as_creator.get(url(creator, "price"), {"model": "speech-2.8-hd", "text": "Hello."})
    assert response.templates[0].name == "speech/_price.html"


# --- takes ------------------------------------------------------------------------------------------------------------


def test_the_strip_shows_my_takes_newest_first_page_by_page(as_creator, creator, admin):
    mine = [make_take(creator, f"Take {number}.") for number in range(services.STRIP + 3)]
    make_take(admin, "Not mine.")
    first = as_creator.get(url(creator, "takes"))
    rest = as_creator.get(url(creator, "takes"), {"before": first.context["next"]})
    shown = [*first.context["takes"], *rest.context["takes"]]
    assert shown == mine[::-1]
    assert rest.context["next"] is None


def test_a_card_says_what_happened_and_whether_it_cost(as_creator, creator):
    take = make_take(creator, trace_id="0011aabb")
    html = as_creator.get(url(creator, "take", take.pk)).content.decode()
    assert "MiniMax was busy." in html
    assert "Nothing was charged" in html
    assert "0011aabb" in html
    assert "hx-trigger" not in html


def test_a_moving_card_looks_again_by_itself(as_creator, creator):
    take = make_take(creator, status=Status.SPEAKING, error="")
    assert "hx-trigger" in as_creator.get(url(creator, "take", take.pk)).content.decode()


def test_what_is_spoken_shows_in_the_tray(creator, admin, stranger):
    take = make_take(creator, status=Status.SPEAKING)
    make_take(creator, status=Status.KEPT)
    assert [item.id for item in tray.items_for(admin)] == [f"take-{take.pk}"]
    assert tray.items_for(admin, mine=True) == []
    assert tray.items_for(stranger) == []


def test_a_viewer_cannot_stop(client, viewer, creator):
    take = make_take(creator, status=Status.SPEAKING)
    client.force_login(viewer.user)
    assert client.post(url(creator, "stop", take.pk)).status_code == 403
    take.refresh_from_db()
    assert not take.stop_asked


# --- dictionary -------------------------------------------------------------------------------------------------------


def test_a_pronunciation_is_added_changed_and_removed(as_creator, creator):
    word = {"source": "GIF", "replacement": "jif", "language": ""}
    assert b"jif" in as_creator.post(url(creator, "dictionary"), word).content
    as_creator.post(url(creator, "dictionary"), word | {"replacement": "ghif"})
    entry = PronunciationEntry.objects.get()
    assert str(entry) == "GIF/ghif"
    response = as_creator.delete(url(creator, "dictionary_entry", entry.pk))
    assert b"ghif" not in response.content
    assert not PronunciationEntry.objects.exists()


@pytest.mark.parametrize("word", [{"source": "", "replacement": "x"}, {"source": "a/b", "replacement": "x"}])
def test_a_pronunciation_that_cannot_be_sent_is_refused(as_creator, creator, word):
    response = as_creator.post(url(creator, "dictionary"), word)
    assert response.status_code == 422
    assert response.context["form"].errors["source"]


def test_the_dictionary_belongs_to_the_workspace(client, viewer, stranger, creator):
    entry = PronunciationEntry.objects.create(workspace=creator.workspace, source="GIF", replacement="jif")
    client.force_login(viewer.user)
    assert b"jif" in client.get(url(creator, "dictionary")).content
    assert client.post(url(creator, "dictionary"), {"source": "a", "replacement": "b"}).status_code == 403
    assert client.delete(url(creator, "dictionary_entry", entry.pk)).status_code == 403
    client.force_login(stranger.user)
    assert client.delete(url(stranger, "dictionary_entry", entry.pk)).status_code == 404
    assert PronunciationEntry.objects.count() == 1


# --- voices -----------------------------------------------------------------------------------------------------------


def shown(response) -> list[str]:
    return [voice.voice_id for voice in response.context["voices"]]


def test_voices_are_found_by_word_language_and_gender(as_creator, creator):
    page = as_creator.get(url(creator, "voices"), {"q": "news anchor", "language": "Chinese", "gender": "female"})
    assert "Chinese (Mandarin)_News_Anchor" in shown(page)
    assert all(voice.language == "Chinese" and voice.gender == "female" for voice in page.context["voices"])
    assert shown(as_creator.get(url(creator, "voices"), {"q": "no such voice"})) == []


def test_voices_come_in_pages(as_creator, creator):
    first = as_creator.get(url(creator, "voices"))
    second = as_creator.get(url(creator, "voices"), {"page": first.context["next_page"]})
    assert not set(shown(first)) & set(shown(second))
    assert first.context["total"] > 300
    assert as_creator.get(url(creator, "voices"), {"page": "-1"}).status_code == 200


def test_voices_of_the_account_come_first(as_creator, creator, on_sandbox):
    on_sandbox.http.post("/sandbox/voices", json={"voice_id": "studio_voice_01", "voice_type": "voice_cloning"})
    first_use = {"model": "speech-2.8-hd", "text": "Hello.", "voice_setting": {"voice_id": "studio_voice_01"}}
    on_sandbox.http.post("/v1/t2a_v2", json=first_use)  # until then MiniMax does not list it
    voices = as_creator.get(url(creator, "voices")).context["voices"]
    groups = [voice.group for voice in voices]
    own = groups[: groups.index("system")]  # voices that other tests left in the same sandbox may stand beside it
    assert ("studio_voice_01", "cloned") in [(voice.voice_id, voice.group) for voice in voices[: len(own)]]
    assert set(groups[len(own) :]) == {"system"}


def test_the_picker_works_while_minimax_cannot_be_reached(as_creator, creator, own_key):
    assert as_creator.get(url(creator, "voices")).context["total"] > 300


def test_a_sample_is_made_once_and_played_from_then_on(as_creator, creator, on_sandbox):
    voice = {"voice_id": "Chinese (Mandarin)_News_Anchor"}
    assert as_creator.get(url(creator, "voice_sample"), voice).status_code == 404
    for _ in range(2):
        made = as_creator.post(url(creator, "voice_sample"), voice)
        assert made.status_code == 200
        assert made["Content-Type"] == "audio/mpeg"
    sound = made.content
    assert sound == as_creator.get(url(creator, "voice_sample"), voice).content
    assert len(sound) > 1000
    assert len(on_sandbox.requests) == 1
    ready = as_creator.get(url(creator, "voices"), {"q": "News_Anchor", "language": "Chinese"}).context["voices"]
    assert [one.sample_state for one in ready if one.voice_id == voice["voice_id"]] == ["ready"]


def test_a_sample_that_may_have_been_paid_is_not_made_again_at_once(as_creator, creator, own_key, monkeypatch):
    asked = []

    def silence(self, url, **sent):
        asked.append(url)
        raise httpx.ReadTimeout("silence")

    monkeypatch.setattr(
        "apps.minimax.client.httpx.Client.request", lambda self, method, url, **sent: silence(self, url)
    )
    voice = {"voice_id": "female-yujie"}
    first, second = (as_creator.post(url(creator, "voice_sample"), voice) for _ in range(2))
    assert (first.status_code, second.status_code) == (409, 409)
    assert first.json()["sentence"]
    assert len(asked) == 1
    VoiceSample.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    as_creator.post(url(creator, "voice_sample"), voice)
    assert len(asked) == 2


def test_a_viewer_hears_samples_and_makes_none(client, viewer, creator, on_sandbox):
    client.force_login(viewer.user)
    assert client.post(url(creator, "voice_sample"), {"voice_id": "female-yujie"}).status_code == 403
    assert on_sandbox.requests == []


def test_an_unknown_voice_has_no_sample(as_creator, creator, on_sandbox):
    refused = as_creator.post(url(creator, "voice_sample"), {"voice_id": "Nobody_Knows_Me"})
    assert refused.status_code == 409
    assert on_sandbox.requests == []

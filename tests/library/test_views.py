from __future__ import annotations

import asyncio
import io
import re

import av
import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.urls import reverse

from apps.library import search
from apps.library.events import publish_card
from apps.library.files import safe_filename
from apps.library.models import Asset
from apps.library.tasks import make_rendition
from apps.library.views import PAGE
from apps.provenance.models import Marking
from apps.workspaces.events import workspace_group
from apps.workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}
NAMES = ("asset", "card", "file", "download", "rename", "trash", "restore")


@pytest.fixture
def kept(creator) -> Asset:
    return make_row(creator, "Good evening")


def make_row(member, title: str, **values) -> Asset:
    values = {"kind": "speech", "status": "ready", "duration_s": 2.0, "peaks": [10, 100, 40]} | values
    defaults = {"file": "x.mp3", "content_type": "audio/mpeg", "size": 10, "sha256": "ab" * 32}
    row = Asset.objects.create(workspace=member.workspace, created_by=member.user, title=title, **(defaults | values))
    search.update([row.pk])
    return row


def url(name: str, kept: Asset, *args: str) -> str:
    return reverse(f"library:{name}", args=["night-shift", kept.pk, *args])


@pytest.fixture
def as_(client):
    def enter(member):
        client.force_login(member.user)
        return client

    return enter


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", NAMES)
def test_strangers_find_nothing(as_, stranger, kept, name, method):
    assert getattr(as_(stranger), method)(url(name, kept)).status_code in (404, 405)
    assert as_(stranger).get(reverse("library:index", args=["night-shift"])).status_code == 404
    assert as_(stranger).get(url("subtitles", kept, "vtt")).status_code == 404


def test_own_workspace_does_not_lead_to_anothers_asset(as_, stranger, kept):
    for name in ("asset", "card", "file", "download"):
        assert as_(stranger).get(reverse(f"library:{name}", args=["elsewhere", kept.pk])).status_code == 404
    for name in ("rename", "trash", "restore"):
        assert as_(stranger).post(reverse(f"library:{name}", args=["elsewhere", kept.pk])).status_code == 404
    assert "Good evening" not in as_(stranger).get(reverse("library:index", args=["elsewhere"])).content.decode()


def test_signed_out_people_are_sent_to_sign_in(client, kept):
    assert client.get(url("file", kept)).status_code == 302


@pytest.mark.parametrize("name", ["rename", "trash", "restore"])
def test_viewers_look_and_do_not_touch(as_, viewer, kept, name):
    assert as_(viewer).post(url(name, kept), {"title": "Mine"}).status_code == 403
    page = as_(viewer).get(url("asset", kept)).content.decode()
    assert "Move to trash" not in page
    assert "Rename" not in page


def test_changes_need_the_csrf_token(kept, creator):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(creator.user)
    assert strict.post(url("trash", kept)).status_code == 403


# --- the list ---------------------------------------------------------------------------------------------------------


def test_empty_library_teaches_with_an_example_that_runs_with_one_click(as_, creator):
    page = as_(creator).get(reverse("library:index", args=["night-shift"])).content.decode()
    assert "Nothing made yet" in page
    assert re.search(r'href="/w/night-shift/speech/\?text=Good', page)


def test_list_goes_on_without_gaps_or_repeats_while_new_things_arrive(as_, creator):
    for number in range(PAGE + 5):
        make_row(creator, f"take {number:03}")
    index = reverse("library:index", args=["night-shift"])
    first = as_(creator).get(index).content.decode()
    make_row(creator, "arrived meanwhile")
    older = re.search(r'href="(\?before=[^"]+)" rel="next"', first)[1]
    second = as_(creator).get(index + older).content.decode()
    seen = re.findall(r">(take \d{3})</a>", first) + re.findall(r">(take \d{3})</a>", second)
    assert seen == [f"take {number:03}" for number in reversed(range(PAGE + 5))]
    assert 'rel="next"' not in second


def test_next_page_for_htmx_is_cards_only_and_keeps_the_search(as_, creator):
    for number in range(PAGE + 1):
        make_row(creator, f"owl {number}")
    index = reverse("library:index", args=["night-shift"])
    first = as_(creator).get(f"{index}?q=owl", headers=HTMX).content.decode()
    assert "<html" not in first
    older = re.search(r'hx-get="([^"]+)" hx-trigger="intersect', first)[1].replace("&amp;", "&")
    assert "q=owl" in older
    more = as_(creator).get(index + older, headers=HTMX).content.decode()
    assert "<html" not in more
    assert more.count("<article") == 1


def test_number_of_queries_does_not_grow_with_the_list(as_, creator, django_assert_max_num_queries):
    for number in range(PAGE):
        make_row(creator, f"take {number}")
    client = as_(creator)
    client.get(reverse("library:index", args=["night-shift"]))
    with django_assert_max_num_queries(22):
        client.get(reverse("library:index", args=["night-shift"]))


def test_an_assets_address_is_the_one_its_routes_have(kept):
    for name in ("file", "poster", "card", "menu"):
        assert kept.get_absolute_url() + name == url(name, kept)


def test_filters_come_when_they_are_folded_out_and_are_not_lost_until_then(as_, creator):
    make_row(creator, "one", model="speech-2.8-hd", cost_usd=1)
    make_row(creator, "two", model="speech-2.8-turbo")
    address, chosen = reverse("library:index", args=["night-shift"]), "model=speech-2.8-hd&cost_from=0.5"
    page = as_(creator).get(f"{address}?{chosen}").content.decode()
    assert '<input type="hidden" name="model" value="speech-2.8-hd">' in page
    assert 'value="speech-2.8-turbo"' not in page
    folded_out = as_(creator).get(reverse("library:filters", args=["night-shift"]) + f"?{chosen}").content.decode()
    without_script = as_(creator).get(f"{address}?{chosen}&filters=1").content.decode()
    for each in (folded_out, without_script):
        assert 'value="speech-2.8-turbo"' in each
        assert 'value="speech-2.8-hd" autocomplete="off" checked' in each
        assert 'value="0.5"' in each


def test_search_and_kind_narrow_the_list(as_, creator):
    make_row(creator, "An owl", text="flies at night")
    make_row(creator, "A dog", text="sleeps")
    index = reverse("library:index", args=["night-shift"])
    assert "An owl" in (page := as_(creator).get(f"{index}?q=NIGHT").content.decode())
    assert "A dog" not in page
    assert "Nothing here holds all words" in as_(creator).get(f"{index}?q=eagle").content.decode()
    assert "A dog" not in as_(creator).get(f"{index}?kind=video").content.decode()
    assert as_(creator).get(f"{index}?before=nonsense&q=%00").status_code == 200


def test_layout_is_remembered(as_, creator, kept):
    index = reverse("library:index", args=["night-shift"])
    client = as_(creator)
    assert "assets--grid" in client.get(index).content.decode()
    client.get(f"{index}?layout=list")
    assert "assets--list" in client.get(index).content.decode()


def test_titles_are_text(as_, creator):
    make_row(creator, '<script>alert(1)</script>"><img src=x>')
    page = as_(creator).get(reverse("library:index", args=["night-shift"])).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_card_shows_its_waveform_and_plays_without_a_script(as_, creator, kept):
    card = as_(creator).get(url("card", kept)).content.decode()
    assert f'id="asset-{kept.pk}"' in card
    assert '<path vector-effect="non-scaling-stroke" d="M0.5' in card
    assert re.search(rf'<audio controls preload="none" src="{url("file", kept)}"', card)
    assert "style=" not in card
    assert "every 5s" not in card


def test_card_asks_again_until_the_file_is_measured(as_, creator, kept):
    Asset.objects.update(status="saved", peaks=[], duration_s=None)
    assert "every 5s" in as_(creator).get(url("card", kept)).content.decode()


# --- details ----------------------------------------------------------------------------------------------------------


def test_details_tell_everything_in_the_drawer_and_on_a_page(as_, creator, bring, rings):
    kept = bring()
    page = as_(creator).get(url("asset", kept)).content.decode()
    drawer = as_(creator).get(url("asset", kept), headers=HTMX).content.decode()
    assert "<html" in page
    assert "<html" not in drawer
    for html in (page, drawer):
        for said in (
            "speech-2.8-hd",
            "English_CalmWoman",
            "1.2",
            "calm",
            "$0.0038",
            "38 characters",
            "04ab5c0f1d",
            kept.sha256,
            "LUFS",
            "32,000 Hz",
            "This is the night shift.",
            f"/w/night-shift/speech/?from={kept.pk}",
            "?format=flac",
            "subtitles.srt",
        ):
            assert said in html, said
        assert "?format=mp3" not in html, "that is what it is already"
    assert creator.user.email not in drawer


def test_rename_and_see_it_everywhere(as_, creator, kept):
    client = as_(creator)
    form = client.get(url("rename", kept), headers=HTMX).content.decode()
    assert 'value="Good evening"' in form
    title = client.post(url("rename", kept), {"title": "  Night  shift "}, headers=HTMX).content.decode()
    assert "Night shift" in title
    kept.refresh_from_db()
    assert kept.title == "Night shift"
    assert client.post(url("rename", kept), {"title": ""}, headers=HTMX).status_code == 422
    assert client.post(url("rename", kept), {"title": "Plain"}).status_code == 302


def test_trash_hides_and_restore_brings_back(as_, creator, kept):
    client, index = as_(creator), reverse("library:index", args=["night-shift"])
    answer = client.post(url("trash", kept), headers=HTMX)
    assert "Restore" in answer.content.decode()
    assert "toast" in answer["HX-Trigger"]
    for name in ("asset", "card", "file", "download"):
        assert client.get(url(name, kept)).status_code == 404
    assert "Good evening" not in client.get(index).content.decode()
    assert "Good evening" in client.get(f"{index}?trash=1").content.decode()
    assert client.post(url("restore", kept), headers=HTMX).status_code == 200
    assert client.get(url("asset", kept)).status_code == 200
    assert client.post(url("restore", kept)).status_code == 404, "it is not in the trash any more"
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"asset.trashed", "asset.restored"}


# --- downloads --------------------------------------------------------------------------------------------------------


def test_download_without_marks_is_the_kept_file_under_its_title(as_, creator, bring, rings):
    Marking.objects.create(workspace=creator.workspace, embeds_settings=False, signs=False)
    kept = bring(title='Grüße: "你好" / 1')
    response = as_(creator).get(url("download", kept))
    assert b"".join(response) == kept.file.read()
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe")
    assert response["Content-Disposition"].endswith("1.mp3")
    assert as_(creator).get(url("download", kept) + "?format=mp3")["ETag"] == f'"{kept.sha256}"'


def test_other_format_is_made_waited_for_and_handed_over_without_a_script(as_, creator, bring, rings):
    kept = bring()
    client, address = as_(creator), url("download", kept) + "?format=flac"
    waiting = client.get(address)
    assert waiting.status_code == 202
    assert '<meta http-equiv="refresh"' in waiting.content.decode()
    make_rendition(rings[-1][1])
    ready = client.get(address)
    assert ready["Content-Type"] == "audio/flac"
    assert ready["Content-Disposition"] == 'attachment; filename="Good evening.flac"'
    with av.open(io.BytesIO(b"".join(ready))) as sound:
        assert sound.format.name == "flac"


def test_page_that_waits_is_told_how_far_it_is(as_, creator, bring, rings):
    kept = bring()
    client, address = as_(creator), url("download", kept) + "?format=flac"
    json = {"Accept": "application/json"}
    assert client.get(address, headers=json).json()["status"] == "waiting"
    make_rendition(rings[-1][1])
    assert client.get(address, headers=json).json()["status"] == "ready"
    assert client.get(url("download", kept), headers=json).json()["status"] == "ready"


def test_download_that_cannot_be_made_says_so_and_offers_the_original(as_, creator, bring, rings):
    kept = bring()
    client, address = as_(creator), url("download", kept) + "?format=flac"
    client.get(address)
    kept.file.storage.delete(kept.file.name)
    make_rendition(rings[-1][1])
    page = client.get(address).content.decode()
    assert "could not be written as FLAC" in page
    assert "again=1" in page
    assert "http-equiv" not in page


def test_unknown_format_is_not_found(as_, creator, kept):
    assert as_(creator).get(url("download", kept) + "?format=exe").status_code == 404
    assert as_(creator).get("/w/night-shift/library/" + str(kept.pk) + "/subtitles.exe").status_code == 404


def test_subtitles(as_, creator, bring, rings):
    kept = bring()
    client = as_(creator)
    vtt, srt = client.get(url("subtitles", kept, "vtt")), client.get(url("subtitles", kept, "srt"))
    assert vtt["Content-Type"] == "text/vtt; charset=utf-8"
    assert vtt.content.decode().startswith("WEBVTT")
    assert "00:00:00,900 --> 00:00:02,000" in srt.content.decode()
    assert srt["Content-Disposition"] == 'attachment; filename="Good evening.srt"'
    Asset.objects.update(subtitles=[])
    assert client.get(url("subtitles", kept, "vtt")).status_code == 404


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Plain", "Plain.mp3"),
        ("../../etc/passwd", "etc passwd.mp3"),
        ("a\r\nSet-Cookie: x", "a Set-Cookie x.mp3"),
        ("photo\u202egpj.exe", "photo gpj.exe.mp3"),
        ("CON", "sound CON.mp3"),
        ("...", "sound.mp3"),
        ("你" * 200, "你" * 60 + ".mp3"),
    ],
)
def test_title_becomes_a_name_that_every_disk_takes(title, name):
    assert safe_filename(title, "mp3") == name


# --- live -------------------------------------------------------------------------------------------------------------


async def test_measured_card_reaches_the_workspace_and_nobody_else(kept, stranger):
    layer = get_channel_layer()
    inside, outside = await layer.new_channel(), await layer.new_channel()
    await layer.group_add(workspace_group(kept.workspace_id), inside)
    await layer.group_add(workspace_group(stranger.workspace_id), outside)
    await database_sync_to_async(publish_card)(kept)
    html = (await layer.receive(inside))["html"]
    assert f'id="asset-{kept.pk}"' in html
    assert 'hx-swap-oob="true"' in html
    assert "outerHTML:studio-player[data-src=" in html, "and players of it elsewhere on the page"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(layer.receive(outside), 0.3)
